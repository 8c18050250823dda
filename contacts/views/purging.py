"""What admins do for good: purge the trash, and erase a person on request. No Undo brings it back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from contacts.erasing import running
from contacts.erasing.traces import KEEPERS
from contacts.models import Contact
from contacts.querysets import ContactQuerySet
from contacts.views.selection import ticked
from gopimi.lib import htmx
from gopimi.lib.counting import counted
from gopimi.lib.folding import lower
from gopimi.workspaces import toasts
from gopimi.workspaces.permissions import admin_required


@admin_required
@require_POST
def purge(request: Any) -> HttpResponse:
    """Ask once with the exact number; then the selected ones, or the whole trash as it was when that was asked."""
    trashed = Contact.objects.for_workspace(request.workspace).trashed()
    chosen: ContactQuerySet = trashed.filter(pk__in=ticked(request))  # type: ignore[assignment]
    if "all" in request.POST:
        chosen = trashed
    if "confirmed" not in request.POST:
        return _ask(request, chosen)
    back = request.workspace.url("contacts:trash")
    if "all" in request.POST:
        until = _moment(request.POST.get("until", ""))
        if until is None:
            return HttpResponseBadRequest("Say until when.")
        chosen = chosen.filter(deleted_at__lte=until)  # type: ignore[assignment]
        if (number := chosen.count()) > running.AT_ONCE:
            running.purge_soon(request.workspace.pk, until)
            text = counted(
                number,
                "{number} contact in the trash is being purged",
                "{number} contacts in the trash are being purged",
            )
            return toasts.done(request, back, text, contacts_changed=True)
    number = running.purge_some(request.workspace.pk, list(chosen.values_list("pk", flat=True)))
    running.sweep_soon(request.workspace.pk)
    return toasts.done(
        request, back, counted(number, "{number} contact purged", "{number} contacts purged"), contacts_changed=True
    )


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _ask(request: Any, chosen: ContactQuerySet) -> HttpResponse:
    back, number = request.workspace.url("contacts:trash"), chosen.count()
    if not number:
        return toasts.done(request, back, gettext("Select the contacts to purge first."))
    newest = chosen.aggregate(newest=Max("deleted_at"))["newest"]
    whole = "all" in request.POST
    context = {
        "section": "contacts",
        "back": back,
        "number": number,
        "only": chosen.first() if number == 1 else None,
        "kept": [("all", "1"), ("until", newest.isoformat())] if whole else [("id", pk) for pk in ticked(request)],
        "whole": whole,
    }
    return htmx.dialog(request, "contacts/_purge.html", gettext("Purge contacts"), context)


class EraseForm(forms.Form):
    """Typing the address is the confirmation."""

    confirm = forms.CharField(label=gettext_lazy("Type the address to confirm"), required=False)

    def __init__(self, data: Any, *, contact: Contact) -> None:
        super().__init__(data)
        self.email = contact.email or ""
        attributes = {"class": "input raw", "autocomplete": "off", "spellcheck": "false", "autofocus": True}
        self.fields["confirm"].widget.attrs = {**attributes, "placeholder": self.email}

    def clean_confirm(self) -> str:
        if lower(self.cleaned_data["confirm"].strip()) != lower(self.email):
            raise ValidationError(
                gettext("This isn't the address. Type {email}.").format(email=self.email), code="not_confirmed"
            )
        return self.email


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Any, pk: int) -> HttpResponse:
    """Say exactly what goes and what stays, and erase the person whose address was typed."""
    known = Contact.objects.for_workspace(request.workspace).filter(erased_at__isnull=True)
    contact = get_object_or_404(known, pk=pk)
    form = EraseForm(request.POST if request.method == "POST" else None, contact=contact)
    if form.is_valid():
        running.erase(contact)
        running.sweep_soon(request.workspace.pk)
        messages.success(
            request, gettext("The person was erased")
        )  # without the name, which would be kept with the message
        return htmx.go(request, request.workspace.url("contacts:list"))
    told = [keeper.told(contact) for keeper in KEEPERS]
    context = {
        "section": "contacts",
        "back": request.workspace.url("contacts:detail", contact.pk),
        "contact": contact,
        "form": form,
        "goes": [line for goes, _ in told for line in goes],
        "stays": [line for _, stays in told for line in stays],
    }
    status = 422 if form.errors else 200
    return htmx.dialog(
        request, "contacts/_erase.html", gettext("Erase {contact}").format(contact=contact), context, status=status
    )
