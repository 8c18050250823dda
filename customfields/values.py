"""Reading and writing contacts' values, many at a time: the one way from rows to values and back.

A value is what `field.type` gives (types.py). Each value has rows of its own, so two people who edit different fields
of a contact never overwrite each other. A write first locks the contact's row, then compares with what is stored: of
two who edit the same field, the second is told (`Conflict`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from customfields.models import Field, FieldValue
from gopimi.lib import arrays

Values = dict[int, dict[int, Any]]  # contact id -> field id -> value; a field without a value is absent
Changes = dict[int, dict[int, tuple[Any, Any]]]  # contact id -> field id -> (old, new)

UNCHECKED: Any = object()
SQL_TYPES = {
    "text_value": "text",
    "number_value": "numeric",
    "date_value": "date",
    "boolean_value": "boolean",
    "option_id": "bigint",
}
ROW = tuple(SQL_TYPES)
UPSERT = {
    column: f"""
    INSERT INTO customfields_fieldvalue (workspace_id, contact_id, field_id, kind, value_key, {column})
    SELECT %s, contact_id, %s, %s, value_key, value
    FROM unnest(%s::bigint[], %s::bigint[], %s::{sql_type}[]) AS given (contact_id, value_key, value)
    ORDER BY contact_id, value_key
    ON CONFLICT (workspace_id, contact_id, field_id, value_key) DO UPDATE SET {column} = EXCLUDED.{column}
    """  # noqa: S608
    for column, sql_type in SQL_TYPES.items()
}


class Conflict(Exception):
    """The field has another value than the writer saw."""

    def __init__(self, field: Field, current: Any) -> None:
        shown = field.type.display(current) or "empty"
        super().__init__(f"Somebody else changed {field.label} in the meantime. It is now: {shown}.")
        self.field, self.current = field, current


class UnknownContact(LookupError):
    """There is no such contact in this workspace."""


def fields_of(workspace: Any) -> list[Field]:
    """The active fields of a workspace in their order, with their options: two queries."""
    return list(Field.objects.for_workspace(workspace).active().with_options())


def read(workspace: Any, contact_ids: Iterable[int], fields: Sequence[Field] | None = None) -> Values:
    """The values of these contacts, in one query. Every contact is a key. `fields` default to the active ones."""
    by_id = {field.pk: field for field in (fields_of(workspace) if fields is None else fields)}
    values: Values = {contact_id: {} for contact_id in contact_ids}
    found: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    rows = FieldValue.objects.for_workspace(workspace).filter(contact_id__in=values, field_id__in=by_id)
    for contact_id, field_id, *columns in rows.values_list("contact_id", "field_id", *ROW):
        found[contact_id, field_id].append(dict(zip(ROW, columns, strict=True)))
    for (contact_id, field_id), columns in found.items():
        field = by_id[field_id]
        if (value := field.type.from_rows(field, columns)) is not None:
            values[contact_id][field_id] = value
    return values


def write(workspace: Any, contact_id: int, field: Field, value: Any, expected: Any = UNCHECKED) -> tuple[Any, Any]:
    """Set one value of one contact, or clear it with None; returns (old, new).

    `expected` is the value that the writer saw. Raises Conflict, with nothing written, when it has changed since,
    unless to the very value that is to be written; and UnknownContact.
    """
    with transaction.atomic():
        _lock(workspace, [contact_id])
        old = read(workspace, [contact_id], [field])[contact_id].get(field.pk)
        if expected is not UNCHECKED and old not in (expected, value):
            raise Conflict(field, old)
        if old != value:
            store(workspace, [(contact_id, field, old, value)])
    return old, value


def write_many(workspace: Any, values: Mapping[int, Mapping[Field, Any]]) -> Changes:
    """Set values of many contacts in a handful of queries; returns what really changed. Raises UnknownContact."""
    fields = {field for row in values.values() for field in row}
    with transaction.atomic():
        _lock(workspace, list(values))
        before = read(workspace, values, list(fields))
        changes = [
            (contact_id, field, old, new)
            for contact_id, row in values.items()
            for field, new in row.items()
            if (old := before[contact_id].get(field.pk)) != new
        ]
        store(workspace, changes)
    changed: Changes = defaultdict(dict)
    for contact_id, field, old, new in changes:
        changed[contact_id][field.pk] = (old, new)
    return dict(changed)


def matching(field: Field, operator: str, given: Sequence[str]) -> Q:
    """The filter of contacts by `cf_<key>__<operator>=…`; see FieldType.tests. Raises InvalidValue."""
    condition = Q()
    values = FieldValue.objects.for_workspace(field.workspace_id).filter(field=field, contact=OuterRef("pk"))
    for test in field.type.tests(field, operator, given):
        found = Q(Exists(values.filter(test.condition)))
        condition &= found if test.wanted else ~found
    return condition


def _lock(workspace: Any, contact_ids: Sequence[int]) -> None:
    everybody = FieldValue.contact.get_queryset()  # type: ignore[call-arg]
    contacts = everybody.filter(workspace=workspace, pk__in=contact_ids).order_by("pk")
    locked = contacts.select_for_update(no_key=True).values_list("pk", flat=True)
    if missing := set(contact_ids).difference(locked):
        raise UnknownContact(f"No contact {min(missing)} in this workspace.")


def store(workspace: Any, changes: Iterable[tuple[int, Field, Any, Any]]) -> None:
    """Write (contact id, field, old, new): upsert the new values' rows, delete those that only the old ones had.

    One upsert for each field. The caller has locked the contacts or just made them, and leaves out what didn't change.
    """
    workspace_id = getattr(workspace, "pk", workspace)
    fields: dict[int, Field] = {}
    rows, stale = defaultdict(list), defaultdict(list)
    for contact_id, field, old, new in changes:
        fields[field.id] = field
        kept = set()
        for columns in field.type.rows(field, new):
            kept.add(columns["value_key"])
            rows[field.id].append((contact_id, columns["value_key"], columns[field.type.column]))
        for columns in field.type.rows(field, old):
            if columns["value_key"] not in kept:
                stale[field.id, columns["value_key"]].append(contact_id)
    stored = FieldValue.objects.for_workspace(workspace_id)
    for (field_id, value_key), contact_ids in stale.items():
        stored.filter(field_id=field_id, value_key=value_key, contact_id__in=contact_ids).delete()
    for field_id, given in sorted(rows.items()):
        kind = fields[field_id].type
        arrays.execute(UPSERT[kind.column], [workspace_id, field_id, kind.kind], given)
