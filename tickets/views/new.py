"""A ticket opened by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from contacts.models import Contact
from gopimi.lib import htmx
from tickets.forms import TicketForm


@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    """The dialog; `?contact=` chooses the requester beforehand."""
    chosen = request.GET.get("contact", "")
    alive = Contact.objects.for_workspace(request.workspace).alive()
    initial = {"contact": alive.filter(pk=chosen[:18]).first()} if chosen.isdecimal() and chosen.isascii() else {}
    data = request.POST if request.method == "POST" else None
    form = TicketForm(request.workspace, request.actor, data, initial=initial)
    if form.is_valid():
        ticket = form.save()
        messages.success(request, gettext("Ticket #{number} created").format(number=ticket.number))
        return htmx.go(request, request.workspace.url("tickets:detail", ticket.number))
    context = {"form": form, "back": request.workspace.url("tickets:list"), "section": "tickets"}
    status = 422 if form.errors else 200
    return htmx.dialog(request, "tickets/_new.html", gettext("New ticket"), context, status=status)
