"""Tickets and conversations of a contact in one list, the newest first."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, Q, Value

from contacts.models import Contact
from gopimi.lib import keyset
from gopimi.lib.keyset import Key
from tickets.models import Conversation, Ticket

ROWS = 50
MODELS: tuple[Any, ...] = (Ticket, Conversation)
KEYS = [Key("updated_at", descending=True), Key("id", descending=True), Key("place")]


@dataclass
class Together:
    """Some rows of the list, and the cursor of those after them."""

    rows: list[Any]
    next: str | None


def of(contact: Contact, cursor: str | None = None) -> Together:
    """The contact's threads after the cursor: the newest of a page of each table. Raises BadCursor."""
    found: list[Any] = []
    for place, model in enumerate(MODELS):
        threads = model.objects.for_workspace(contact.workspace_id).filter(contact=contact)
        placed = threads.annotate(place=Value(place, output_field=IntegerField()))
        found += keyset.paginate(placed, KEYS, ROWS + 1, cursor).rows
    found.sort(key=lambda row: (row.updated_at, row.pk, -row.place), reverse=True)
    rows = found[:ROWS]
    return Together(rows, keyset.after(rows[-1], KEYS) if len(found) > ROWS else None)


def counts(contact: Contact) -> tuple[int, int]:
    """How many there are, and how many of them aren't done."""
    threads = [model.objects.for_workspace(contact.workspace_id).filter(contact=contact) for model in MODELS]
    active = Q(status__in=["open", "pending"])
    found = [rows.aggregate(total=Count("pk"), active=Count("pk", filter=active)) for rows in threads]
    return sum(count["total"] for count in found), sum(count["active"] for count in found)
