"""What is done to a selection: rows, or all that match a filter; and taking it back."""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from contacts.bulkedits import batches, running
from contacts.bulkedits.records import Action
from contacts.filters import BadFilter
from contacts.models import Contact
from contacts.querysets import ContactQuerySet, Restored
from contacts.views.bulk_edits import OF_CONTACTS
from contacts.views.selection import selected
from gopimi.lib import htmx
from gopimi.lib.counting import counted
from gopimi.workspaces import toasts

NAMED = 3  # of those that can't be restored, so many are named


@require_POST
def delete(request: Any) -> HttpResponse:
    """Ask once with the exact number; then into the trash, with Undo."""
    workspace = request.workspace
    back = workspace.url("contacts:list")
    try:
        contacts = selected(request).alive()
    except BadFilter:
        return toasts.done(request, back, gettext("The filter doesn't work any more. Nothing was deleted."))
    if "confirmed" not in request.POST:
        return _ask(request, contacts, back)
    ids = list(contacts.values_list("pk", flat=True))
    if len(ids) > batches.AT_ONCE:
        return OF_CONTACTS.begun(request, running.begin(workspace.pk, request.actor, Action.DELETE, ids))
    number, deletion = Contact.objects.for_workspace(workspace).filter(pk__in=ids).trash(request.actor)
    text = counted(number, "{number} contact moved to the trash", "{number} contacts moved to the trash")
    undo = workspace.url("contacts:undo", deletion) if number else ""
    return toasts.done(request, back, text, undo=undo, contacts_changed=True)


def _ask(request: Any, contacts: ContactQuerySet, back: str) -> HttpResponse:
    number = contacts.count()
    if not number:
        return toasts.done(request, back, gettext("Select the contacts to delete first."))
    context = {
        "section": "contacts",
        "back": back,
        "number": number,
        "only": contacts.first() if number == 1 else None,
        "kept": [(name, value) for name in ("all", "query", "id") for value in request.POST.getlist(name)],
        "leaving": "leaving" in request.POST,  # its own page: on to the table afterwards
    }
    return htmx.dialog(request, "contacts/_delete.html", gettext("Delete contacts"), context)


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
    text = counted(len(result.ids), "{number} contact restored", "{number} contacts restored")
    if result.left:
        stay = Contact.objects.for_workspace(request.workspace).filter(pk__in=result.left[:NAMED]).order_by("pk")
        names = ", ".join(map(str, stay))
        if (more := len(result.left) - NAMED) > 0:
            names = counted(more, "{names} and {number} more", "{names} and {number} more", names=names)
        full = gettext("{said}. The quota has no room for {names}: they stay in the trash")
        text = full.format(said=text, names=names)
    return toasts.done(request, url, text, contacts_changed=True)
