"""What is done to a selection: rows, or all that match a filter; and taking it back."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.views.decorators.http import require_POST

from contacts.filters import BadFilter, ContactFilter
from contacts.models import Contact
from contacts.querysets import ContactQuerySet, Restored
from gopimi.lib import htmx
from gopimi.workspaces import toasts

NAMED = 3  # of those that can't be restored, so many are named
LAST_ID = 2**63 - 1


def selected(request: Any) -> ContactQuerySet:
    """The contacts that the form means: the ticked rows, or everything that its query finds. Raises BadFilter."""
    contacts = Contact.objects.for_workspace(request.workspace)
    if "all" in request.POST:
        asked = ContactFilter(QueryDict(request.POST.get("query", "")), request.workspace)
        return asked.apply(contacts)  # type: ignore[return-value]
    return contacts.filter(pk__in=ticked(request))


def ticked(request: Any) -> list[int]:
    """The ids of the ticked rows, or of the one whose own button was pressed."""
    given = request.POST.getlist("only") or request.POST.getlist("id")
    ids = [int(text) for text in given if text.isascii() and text.isdecimal()]
    return [pk for pk in ids if pk <= LAST_ID]


@require_POST
def delete(request: Any) -> HttpResponse:
    """Ask once with the exact number; then into the trash, with Undo."""
    workspace = request.workspace
    back = workspace.url("contacts:list")
    try:
        contacts = selected(request).alive()
    except BadFilter:
        return toasts.done(request, back, "The filter doesn't work any more. Nothing was deleted.")
    if "confirmed" not in request.POST:
        return _ask(request, contacts, back)
    number, deletion = contacts.trash(request.actor)
    text = f"{number:,} contact{'' if number == 1 else 's'} moved to the trash"
    undo = workspace.url("contacts:undo", deletion) if number else ""
    return toasts.done(request, back, text, undo=undo, contacts_changed=True)


def _ask(request: Any, contacts: ContactQuerySet, back: str) -> HttpResponse:
    number = contacts.count()
    if not number:
        return toasts.done(request, back, "Select the contacts to delete first.")
    context = {
        "section": "contacts",
        "back": back,
        "number": number,
        "only": contacts.first() if number == 1 else None,
        "kept": [(name, value) for name in ("all", "query", "id") for value in request.POST.getlist(name)],
        "leaving": "leaving" in request.POST,  # its own page: on to the table afterwards
    }
    return htmx.dialog(request, "contacts/_delete.html", "Delete contacts", context)


@require_POST
def undo(request: Any, deletion: uuid.UUID) -> HttpResponse:
    """Bring back exactly what one deletion put into the trash."""
    contacts = Contact.objects.for_workspace(request.workspace).filter(deletion=deletion)
    if not contacts.exists():
        raise Http404
    return restored(request, contacts.restore(request.actor), request.workspace.url("contacts:list"))


@require_POST
def restore(request: Any) -> HttpResponse:
    """Bring the selected contacts back from the trash."""
    contacts = selected(request)
    only = contacts.values_list("pk", flat=True)[:2]
    back = (
        request.workspace.url("contacts:detail", *only) if len(only) == 1 else request.workspace.url("contacts:trash")
    )
    return restored(request, contacts.restore(request.actor), back)


def restored(request: Any, result: Restored, url: str) -> HttpResponse:
    """Say what came back, and what the quota has no room for."""
    text = f"{len(result.ids):,} contact{'' if len(result.ids) == 1 else 's'} restored"
    if result.left:
        stay = Contact.objects.for_workspace(request.workspace).filter(pk__in=result.left[:NAMED]).order_by("pk")
        names = ", ".join(map(str, stay)) + (
            f" and {len(result.left) - NAMED:,} more" if len(result.left) > NAMED else ""
        )
        text += f". The quota has no room for {names}: they stay in the trash"
    return toasts.done(request, url, text, contacts_changed=True)
