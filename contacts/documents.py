"""Contacts as the API's JSON, put together by the database: two statements for any number of them, and no models."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from customfields import values as field_values
from customfields.models import Field
from gopimi.lib import statements
from gopimi.lib.etags import etag

MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
CONTACTS = f"""
SELECT contact.id, contact.name, contact.email, contact.organization_id, organization.name, contact.source,
    {MOMENT.format("contact.created_at")}, {MOMENT.format("contact.updated_at")}, {MOMENT.format("contact.deleted_at")},
    (SELECT json_agg(json_build_array(tag.id, tag.name) ORDER BY tag.name_lower)
        FROM contacts_contacttag AS link
        JOIN contacts_tag AS tag ON tag.workspace_id = link.workspace_id AND tag.id = link.tag_id
        WHERE link.workspace_id = contact.workspace_id AND link.contact_id = contact.id)
FROM contacts_contact AS contact
LEFT JOIN organizations_organization AS organization
    ON organization.workspace_id = contact.workspace_id AND organization.id = contact.organization_id
WHERE contact.workspace_id = %s AND contact.id = ANY(%s::bigint[])
"""  # noqa: S608


class Row(NamedTuple):
    id: int
    name: str
    email: str
    organization_id: int | None
    organization: str | None
    source: str
    created_at: str
    updated_at: str
    deleted_at: str | None
    tags: list[tuple[int, str]] | None


def many(workspace_id: int, ids: Sequence[int], fields: Sequence[Field]) -> list[dict[str, Any]]:
    """The contacts with these ids, in their order, without those that have gone meanwhile."""
    rows = {row[0]: Row(*row) for row in statements.fetch(CONTACTS, [workspace_id, list(ids)])}
    values = field_values.json_objects(fields, field_values.cells(workspace_id, ids, fields))
    return [_document(rows[pk], values[pk]) for pk in ids if pk in rows]


def one(workspace_id: int, pk: int, fields: Sequence[Field]) -> tuple[dict[str, Any], str]:
    """A contact and the ETag of its own writable state: names of options, tags and organizations aren't its own."""
    row = Row(*statements.fetch(CONTACTS, [workspace_id, [pk]])[0])
    held = field_values.cells(workspace_id, [pk], fields)
    values = {str(field_id): sorted(cell) if isinstance(cell, list) else cell for field_id, cell in held[pk].items()}
    tags = sorted(tag_id for tag_id, _ in row.tags or ())
    state = [row.name, row.email, row.organization_id, row.deleted_at, tags, sorted(values.items())]
    return _document(row, field_values.json_objects(fields, held)[pk]), etag(state)


def _document(row: Row, custom_fields: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "organization": row.organization_id and {"id": row.organization_id, "name": row.organization},
        "tags": [name for _, name in row.tags or ()],
        "custom_fields": orjson.Fragment(custom_fields),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "deleted_at": row.deleted_at,
        "source": row.source,
    }
