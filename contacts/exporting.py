"""Contacts as a CSV that a spreadsheet opens safely and that our own import takes back without loss.

Which contacts, and in which order, is decided once, when the export begins: their ids are kept, 8 bytes each. Their
rows then follow in batches, each in a short transaction of its own, so that a slow reader holds none open for minutes.
So every contact is there exactly once, whatever is edited meanwhile, which pages by key couldn't promise under an
order that editing changes. A contact is as it was when its batch was read; one deleted before that is left out.
"""

import csv
import io
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify
from django.utils.timezone import localdate

from contacts import columns
from contacts.filters import CUSTOM, ContactFilter
from contacts.formulas import harmless
from contacts.models import Contact, ContactTag
from contacts.querysets import ContactQuerySet
from customfields import values
from customfields.models import Field
from gopimi.lib import keyset
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import workspace as entered
from gopimi.lib.text import join
from gopimi.workspaces.models import Workspace

BATCH = 1_000  # contacts read at a time
BOM = "\ufeff"  # else Excel takes UTF-8 for the machine's own encoding
LOSSLESS = ("email", "organization", "tags")  # what import takes back, besides name and custom fields


@dataclass(slots=True)
class Record:
    """A contact as its cells need it, without a model's weight."""

    name: str
    email: str
    organization: str | None
    open_tickets: int
    created_at: Any
    updated_at: Any
    values: dict[int, Any]
    tags: list[str] = field(default_factory=list)


COLUMNS = ("name", "email", "organization__name", "open_ticket_count", "created_at", "updated_at")
Text = Callable[[Record], str]
PROPERTIES: dict[str, Text] = {
    "name": lambda record: harmless(record.name),
    "email": lambda record: harmless(record.email),
    "organization": lambda record: harmless(record.organization or ""),
    "tags": lambda record: harmless(join(record.tags)),
    "open_tickets": lambda record: str(record.open_tickets),
    "created_at": lambda record: record.created_at.isoformat(timespec="seconds"),
    "updated_at": lambda record: record.updated_at.isoformat(timespec="seconds"),
}
# In English whatever the reader reads, so that an import by anybody takes the file back
LABELS = {
    "name": "Name",
    "email": "Email",
    "organization": "Organization",
    "tags": "Tags",
    "open_tickets": "Tickets open",
    "created_at": "Created",
    "updated_at": "Updated",
}
assert PROPERTIES.keys() == LABELS.keys()


class Export:
    """The contacts with these ids as CSV, by the columns with these keys; `fields` are the active ones."""

    def __init__(
        self,
        workspace: Workspace,
        fields: Sequence[Field],
        contacts: ContactQuerySet,
        ids: Sequence[int],
        keys: Sequence[str],
    ) -> None:
        self.workspace, self.contacts, self.ids = workspace, contacts, ids
        by_key = {CUSTOM + one.key: one for one in fields}
        self.keys = [key for key in keys if key in PROPERTIES or key in by_key]
        self.fields = [by_key[key] for key in self.keys if key in by_key]
        self.texts = [PROPERTIES.get(key) or _value(by_key[key]) for key in self.keys]
        self.header = [LABELS.get(key) or heading(by_key[key]) for key in self.keys]

    @property
    def filename(self) -> str:
        name = slugify(self.workspace.name) or self.workspace.slug
        return f"{name}-contacts-{localdate():%Y-%m-%d}.csv"

    def stream(self) -> Iterator[bytes]:
        """The file, a batch at a time; runs outside of the request's transaction."""
        yield (BOM + _csv([map(harmless, self.header)])).encode()
        for start in range(0, len(self.ids), BATCH):
            with entered(self.workspace):
                batch = _csv(self._rows(self.ids[start : start + BATCH]))
            yield batch.encode()

    def _rows(self, ids: Sequence[int]) -> Iterator[list[str]]:
        found = self.contacts.filter(pk__in=ids)
        held = values.read(self.workspace, ids, self.fields)
        records = {
            pk: Record(name, email or "", organization, open_tickets, created_at, updated_at, held[pk])
            for pk, name, email, organization, open_tickets, created_at, updated_at in found.values_list("pk", *COLUMNS)
        }
        if "tags" in self.keys:
            links = ContactTag.objects.for_workspace(self.workspace).filter(contact_id__in=records)
            for pk, name in links.order_by("tag__name_lower").values_list("contact_id", "tag__name"):
                records[pk].tags.append(name)
        for pk in ids:
            if record := records.get(pk):
                yield [text(record) for text in self.texts]


def matching(asked: ContactFilter, ids: Sequence[int] | None = None) -> tuple[ContactQuerySet, Sequence[int]]:
    """The contacts that an export of this filter reads, and their ids in its order; of these `ids` alone where some
    are given. Raises BadFilter."""
    everybody = Contact.objects.for_workspace(asked.workspace)
    there = everybody.trashed() if asked.deleted else everybody.alive()
    wanted = asked.apply(everybody) if ids is None else there.filter(pk__in=ids)
    ordered, order = asked.ordered(wanted)
    found = array("q")
    for part in keyset.whole(ordered, order):
        found.extend(part.values_list("pk", flat=True).iterator(chunk_size=10_000))
    return there, found


def shown(chosen: Sequence[str], fields: Sequence[Field]) -> list[str]:
    """The keys of the columns as the table shows them to a member who chose these."""
    return ["name", *(column.key for column in columns.chosen(chosen, fields))]


def everything(fields: Sequence[Field]) -> list[str]:
    """The keys of all columns that import takes back."""
    return ["name", *LOSSLESS, *(CUSTOM + one.key for one in fields)]


RESERVED = frozenset(map(lower, LABELS.values()))


def heading(one: Field) -> str:
    """A field's column is called by its label, or by its key where the label is a property's."""
    return CUSTOM + one.key if lower(one.label) in RESERVED else one.label


def _value(one: Field) -> Text:
    pk, to_text = one.pk, one.type.to_text
    if one.type.numeric:  # a minus is a sign, and a date begins with a digit
        return lambda record: to_text(record.values.get(pk))
    return lambda record: harmless(to_text(record.values.get(pk)))


def _csv(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
