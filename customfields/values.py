"""Reading and writing contacts' values, many at a time: the one way from rows to values and back.

A value is what `field.type` gives (types.py). Each value has rows of its own, so two people who edit different fields
of a contact never overwrite each other. A write first locks the contact's row and holds the field, so that neither
that nor an option is archived or deleted before it is done: who comes too late is told (`Outdated`). Then it compares
with what is stored: of two who edit the same field, the second is told (`Conflict`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from customfields.kinds import FieldType
from customfields.models import Field, FieldValue, Option
from gopimi.lib import arrays, statements

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
READ = f"""
SELECT contact_id, field_id, {", ".join(ROW)} FROM customfields_fieldvalue
WHERE workspace_id = %s AND contact_id = ANY(%s::bigint[]) AND field_id = ANY(%s::bigint[])
"""  # noqa: S608
CELLS = f"""
SELECT contact_id, field_id, option_id,
    coalesce({", ".join(f"to_json({column})" for column in ROW if column != "option_id")})::text
FROM customfields_fieldvalue
WHERE workspace_id = %s AND contact_id = ANY(%s::bigint[]) AND field_id = ANY(%s::bigint[])
"""  # noqa: S608
# Each field beside each of its options, or beside none.
FIELDS = f"""
SELECT {statements.columns(Field, "field")}, {statements.columns(Option, "option")} FROM customfields_field AS field
LEFT JOIN customfields_option AS option ON option.workspace_id = field.workspace_id AND option.field_id = field.id
    AND option.deleted_at IS NULL
WHERE field.workspace_id = %s AND field.archived_at IS NULL AND field.deleted_at IS NULL
ORDER BY field.position, field.id, option.position, option.id
"""  # noqa: S608
FIELD_COLUMNS = len(Field._meta.concrete_fields)
# As strong as what a foreign key takes anyway: only `Field.close` and deletions wait for it.
HOLD = """
SELECT id, updated_at FROM customfields_field
WHERE workspace_id = %s AND id = ANY(%s::bigint[]) AND archived_at IS NULL AND deleted_at IS NULL
ORDER BY id FOR KEY SHARE
"""
HOLD_ALL = "SELECT id FROM customfields_field WHERE workspace_id = %s ORDER BY id FOR KEY SHARE"
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
# All fields of many contacts at once, in the order of the key: so its index grows at its end, and its pages get full.
INSERT = f"""
INSERT INTO customfields_fieldvalue (workspace_id, contact_id, field_id, kind, value_key, {", ".join(ROW)})
SELECT %s, given.* FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[],
    {", ".join(f"%s::{sql_type}[]" for sql_type in SQL_TYPES.values())})
    AS given (contact_id, field_id, kind, value_key, {", ".join(ROW)})
ORDER BY contact_id, field_id, value_key
"""  # noqa: S608


class Conflict(Exception):
    """The field has another value than the writer saw."""

    def __init__(self, field: Field, current: Any) -> None:
        shown = field.type.display(current) or "empty"
        super().__init__(
            gettext("Somebody else changed {label} in the meantime. It is now: {shown}.").format(
                label=field.label, shown=shown
            )
        )
        self.field, self.current = field, current


class Outdated(Exception):
    """The field, or an option that was chosen, was archived or deleted since the writer read it."""

    def __init__(self, field: Field, text: str) -> None:
        super().__init__(text)
        self.field = field


class UnknownContact(LookupError):
    """There is no such contact in this workspace."""


def fields_of(workspace: Any) -> list[Field]:
    """The active fields of a workspace in their order, with their options: one query."""
    fields: dict[int, Field] = {}
    for row in statements.fetch(FIELDS, [getattr(workspace, "pk", workspace)]):
        field = fields.get(row[0])
        if field is None:
            field = fields[row[0]] = statements.instance(Field, row)
            field.choices = []
        if row[FIELD_COLUMNS] is not None:
            option = statements.instance(Option, row[FIELD_COLUMNS:])
            option.field = field
            field.choices.append(option)
    return list(fields.values())


def read(workspace: Any, contact_ids: Iterable[int], fields: Sequence[Field] | None = None) -> Values:
    """The values of these contacts, in one query. Every contact is a key. `fields` default to the active ones."""
    by_id = {field.pk: field for field in (fields_of(workspace) if fields is None else fields)}
    values: Values = {contact_id: {} for contact_id in contact_ids}
    found: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    if values and by_id:
        workspace_id = getattr(workspace, "pk", workspace)
        for contact_id, field_id, *columns in statements.fetch(READ, [workspace_id, list(values), list(by_id)]):
            found[contact_id, field_id].append(dict(zip(ROW, columns, strict=True)))
    for (contact_id, field_id), columns in found.items():
        field = by_id[field_id]
        if (value := field.type.from_rows(field, columns)) is not None:
            values[contact_id][field_id] = value
    return values


# contact id -> field id -> what the value's rows hold: its JSON, or the ids of options
Cells = dict[int, dict[int, str | list[int]]]


def cells(workspace: Any, contact_ids: Sequence[int], fields: Sequence[Field]) -> Cells:
    """The values of these contacts in one query that leaves the writing of their JSON to the database. Every contact is
    a key."""
    held: Any = {contact_id: {} for contact_id in contact_ids}
    if contact_ids and fields:
        workspace_id = getattr(workspace, "pk", workspace)
        parameters = [workspace_id, list(contact_ids), [field.pk for field in fields]]
        for contact_id, field_id, option_id, json in statements.fetch(CELLS, parameters):
            if option_id is None:
                held[contact_id][field_id] = json
            else:
                held[contact_id].setdefault(field_id, []).append(option_id)
    return held  # type: ignore[no-any-return]


def json_objects(fields: Sequence[Field], held: Cells) -> dict[int, str]:
    """Each contact's values by key as a JSON object, null where there is none."""
    members = [(f'"{field.key}":', field.pk, field, field.type.json) for field in fields]
    objects = {}
    for contact_id, cell in held.items():
        parts = [name + write(field, cell[pk]) if pk in cell else f"{name}null" for name, pk, field, write in members]
        objects[contact_id] = "{" + ",".join(parts) + "}"
    return objects


def write(workspace: Any, contact_id: int, field: Field, value: Any, expected: Any = UNCHECKED) -> tuple[Any, Any]:
    """Set one value of one contact, or clear it with None; returns (old, new).

    `expected` is the value that the writer saw. Raises Conflict, with nothing written, when it has changed since,
    unless to the very value that is to be written; Outdated; and UnknownContact.
    """
    with transaction.atomic():
        _lock(workspace, [contact_id])
        field = hold(workspace, [field])[field.pk]
        old = read(workspace, [contact_id], [field])[contact_id].get(field.pk)
        if expected is not UNCHECKED and old not in (expected, value):
            raise Conflict(field, old)
        if old != value:
            require_choosable(field, old, value)
            store(workspace, [(contact_id, field, old, value)])
    return old, value


def write_many(workspace: Any, values: Mapping[int, Mapping[Field, Any]]) -> Changes:
    """Set values of many contacts in a handful of queries; returns what really changed. Raises UnknownContact and
    Outdated."""
    fields = {field for row in values.values() for field in row}
    with transaction.atomic():
        _lock(workspace, list(values))
        now = hold(workspace, fields)
        before = read(workspace, values, list(now.values()))
        changes = [
            (contact_id, now[field.pk], old, new)
            for contact_id, row in values.items()
            for field, new in row.items()
            if (old := before[contact_id].get(field.pk)) != new
        ]
        for _, field, old, new in changes:
            require_choosable(field, old, new)
        store(workspace, changes)
    changed: Changes = defaultdict(dict)
    for contact_id, field, old, new in changes:
        changed[contact_id][field.pk] = (old, new)
    return dict(changed)


def hold(workspace: Any, fields: Iterable[Field]) -> dict[int, Field]:
    """The fields as they are now, by id: the same objects where nothing has changed since they were read.

    Until the transaction ends none of them, nor an option, is archived or deleted. The contacts whose values are to be
    written are locked before. Raises Outdated for a field that is archived or deleted.
    """
    workspace_id = getattr(workspace, "pk", workspace)
    given = {field.pk: field for field in fields}
    seen = dict(statements.fetch(HOLD, [workspace_id, sorted(given)])) if given else {}  # type: ignore[arg-type]
    for pk, field in given.items():
        if pk not in seen:
            raise Outdated(
                field,
                gettext("{label} was archived or deleted in the meantime. Nothing was saved.").format(
                    label=field.label
                ),
            )
    if all(seen[pk] == field.updated_at for pk, field in given.items()):
        return given
    return {field.pk: field for field in fields_of(workspace_id) if field.pk in given}


def hold_all(workspace_id: int) -> None:
    """Nobody deletes values of a field or an option until the transaction ends. The contacts are locked before."""
    statements.fetch(HOLD_ALL, [workspace_id])


def require_choosable(field: Field, old: Any, new: Any) -> None:
    """Raises Outdated where the new value is made of an option that can't be chosen (any more); one that is archived
    may stay. `field` is held."""
    for option in field.type.chosen(new):
        now = field.option(option.pk)
        if now is None or (now.archived_at and now not in field.type.chosen(old)):
            said = (
                gettext("“{option}” was archived in the meantime. Nothing was saved: choose another one.")
                if now
                else gettext("“{option}” was deleted in the meantime. Nothing was saved: choose another one.")
            )
            raise Outdated(field, said.format(option=option.label))


def matching(field: Field, operator: str, given: Sequence[str]) -> tuple[Q, list[Q]]:
    """The filter of contacts by `cf_<key>__<operator>=…`; see FieldType.tests. Raises InvalidValue.

    The first is which contacts have no value that they mustn't have, the others are what a value must be (`having`).
    """
    without, held = Q(), []
    for test in field.type.tests(field, operator, given):
        if test.wanted:
            held.append(test.condition)
        else:
            without &= ~having(field, test.condition)
    return without, held


def meeting(field: Field, condition: Q) -> QuerySet:
    """The field's value rows that meet the condition."""
    return FieldValue.objects.for_workspace(field.workspace_id).filter(condition, field=field)


def having(field: Field, condition: Q) -> Q:
    """Contacts of which one of the field's value rows meets the condition."""
    return Q(Exists(meeting(field, condition).filter(contact=OuterRef("pk"))))


def _lock(workspace: Any, contact_ids: Sequence[int]) -> None:
    if missing := set(contact_ids).difference(lock_contacts(workspace, contact_ids)):
        raise UnknownContact(f"No contact {min(missing)} in this workspace.")


def lock_contacts(workspace: Any, contact_ids: Sequence[int]) -> list[int]:
    """Let nobody else write values of these contacts; answers with those that are there."""
    everybody = FieldValue.contact.get_queryset()  # type: ignore[call-arg]
    contacts = everybody.filter(workspace=workspace, pk__in=contact_ids).order_by("pk")
    return list(contacts.select_for_update(no_key=True).values_list("pk", flat=True))


def insert(workspace_id: int, values: Iterable[tuple[int, Field, Any]]) -> None:
    """Write (contact id, field, value) of contacts that were just made, so that there is nothing to compare with."""
    by_field: dict[int, tuple[FieldType, list[int], list[int], list[Any]]] = {}
    for contact_id, field, value in values:
        if field.id not in by_field:
            by_field[field.id] = (field.type, [], [], [])
        kind, contact_ids, keys, held = by_field[field.id]
        for key, one in kind.rows(field, value):
            contact_ids.append(contact_id)
            keys.append(key)
            held.append(one)
    columns: list[list[str]] = [[] for _ in range(4 + len(ROW))]
    for field_id, (kind, contact_ids, keys, held) in by_field.items():
        number = len(keys)
        if not number:
            continue
        parts = [arrays.inside(contact_ids), arrays.repeated(field_id, number), arrays.repeated(kind.kind, number)]
        parts.append(arrays.inside(keys) if kind.multiple else arrays.repeated(0, number))
        parts += [arrays.inside(held) if name == kind.column else arrays.repeated(None, number) for name in ROW]
        for column, part in zip(columns, parts, strict=True):
            column.append(part)
    if columns[0]:
        arrays.execute_literals(INSERT, [workspace_id], [f"{{{','.join(column)}}}" for column in columns])


def store(workspace: Any, changes: Iterable[tuple[int, Field, Any, Any]]) -> None:
    """Write (contact id, field, old, new): upsert the new values' rows, delete those that only the old ones had.

    One upsert for each field. The caller has locked the contacts, holds the fields, and leaves out what didn't change.
    """
    workspace_id = getattr(workspace, "pk", workspace)
    fields: dict[int, Field] = {}
    rows: dict[int, list[tuple[int, int, Any]]] = defaultdict(list)
    stale: dict[tuple[int, int], list[int]] = defaultdict(list)
    for contact_id, field, old, new in changes:
        fields[field.id] = field
        written = field.type.rows(field, new)
        rows[field.id] += [(contact_id, key, value) for key, value in written]
        kept = {key for key, _ in written}
        for key, _ in field.type.rows(field, old):
            if key not in kept:
                stale[field.id, key].append(contact_id)
    stored = FieldValue.objects.for_workspace(workspace_id)
    for (field_id, value_key), contact_ids in stale.items():
        stored.filter(field_id=field_id, value_key=value_key, contact_id__in=contact_ids).delete()
    for field_id, given in sorted(rows.items()):
        kind = fields[field_id].type
        arrays.execute(UPSERT[kind.column], [workspace_id, field_id, kind.kind], given)
