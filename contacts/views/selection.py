"""Which contacts a form of the table means."""

from typing import Any

from django.http import QueryDict

from contacts.filters import ContactFilter
from contacts.models import Contact
from contacts.querysets import ContactQuerySet

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
