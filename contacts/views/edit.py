"""New contact and edit: one form, in a dialog or as a page of its own."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from contacts.forms import ContactForm
from contacts.models import Contact
from customfields import values
from gopimi.lib import htmx
from gopimi.workspaces import toasts


@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: Any, pk: int) -> HttpResponse:
    contacts = Contact.objects.for_workspace(request.workspace).alive().select_related("organization")
    return _form(request, get_object_or_404(contacts, pk=pk))


def _form(request: Any, contact: Contact | None) -> HttpResponse:
    fields = values.fields_of(request.workspace)
    held = values.read(request.workspace, [contact.pk], fields)[contact.pk] if contact else None
    data = request.POST if request.method == "POST" else None
    form = ContactForm(data, workspace=request.workspace, fields=fields, contact=contact, held=held)
    if form.is_valid() and (saved := form.save(request.actor)):
        url = request.workspace.url("contacts:detail", saved.pk)
        return toasts.done(request, url, gettext("{name} saved").format(name=saved), contacts_changed=True)
    back = request.workspace.url("contacts:detail", contact.pk) if contact else request.workspace.url("contacts:list")
    heading = gettext("Edit {name}").format(name=contact) if contact else gettext("New contact")
    context = {"section": "contacts", "back": back, "form": form, "contact": contact, "heading": heading}
    return htmx.dialog(request, "contacts/_form.html", heading, context, status=422 if form.errors else 200)
