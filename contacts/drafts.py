"""Contacts as they are to become, and the writing of many of them: a statement or two for each table."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts import history, searching
from contacts.models import Contact, ContactTag, Tag
from customfields import values as field_values
from customfields.models import Field
from gopimi.lib import arrays, statements
from gopimi.workspaces.actor import Actor
from organizations.models import Organization

# Ids follow the rows' order, while the addresses' decides who is inserted first.
INSERT = """
INSERT INTO contacts_contact
    (workspace_id, source, creator_kind, creator_id, id, name, email, email_key, organization_id)
SELECT %s, %s, %s, %s::bigint, id, name, email, email_key, organization_id
FROM (
    SELECT nextval('contacts_contact_id_seq') AS id, given.*
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) AS given (name, email, email_key, organization_id)
) AS numbered
ORDER BY email_key COLLATE "C"
ON CONFLICT (workspace_id, email_key) DO NOTHING RETURNING email_key, id
"""
LOCK_ORGANIZATIONS = """
SELECT id, name FROM organizations_organization WHERE workspace_id = %s AND id = ANY(%s::bigint[])
ORDER BY id FOR NO KEY UPDATE
"""
UPDATE = """
UPDATE contacts_contact AS contact
SET name = given.name, organization_id = given.organization_id,
    deleted_at = NULL, deleted_by_id = NULL, deletion = NULL,
    updated_at = CASE WHEN given.changed THEN statement_timestamp() ELSE contact.updated_at END
FROM (SELECT %s::bigint AS workspace_id, %s::bigint[] AS ids) AS own,
    unnest(%s::bigint[], %s::text[], %s::bigint[], %s::boolean[]) AS given (id, name, organization_id, changed)
WHERE contact.workspace_id = own.workspace_id AND contact.id = ANY(own.ids) AND contact.id = given.id
"""
TAG = """
INSERT INTO contacts_contacttag (workspace_id, contact_id, tag_id)
SELECT %s, contact_id, tag_id FROM unnest(%s::bigint[], %s::bigint[]) AS given (contact_id, tag_id)
ORDER BY contact_id, tag_id
ON CONFLICT (workspace_id, contact_id, tag_id) DO NOTHING
"""
UNTAG = """
DELETE FROM contacts_contacttag AS link
USING (SELECT %s::bigint AS workspace_id, %s::bigint[] AS ids) AS own,
    unnest(%s::bigint[], %s::bigint[]) AS given (contact_id, tag_id)
WHERE link.workspace_id = own.workspace_id AND link.contact_id = ANY(own.ids)
    AND link.contact_id = given.contact_id AND link.tag_id = given.tag_id
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A contact that is there already, with its values by field id and its tags' names by id."""

    contact: Contact
    values: Mapping[int, Any]
    tags: Mapping[int, str]


def tags_of(workspace_id: int, contact_ids: Iterable[int]) -> dict[int, dict[int, str]]:
    """The contacts' tags, names by id, in one query. Every contact is a key."""
    found: dict[int, dict[int, str]] = {contact_id: {} for contact_id in contact_ids}
    links = ContactTag.objects.for_workspace(workspace_id).filter(contact_id__in=list(found))
    for contact_id, tag_id, name in links.values_list("contact_id", "tag_id", "tag__name"):
        found[contact_id][tag_id] = name
    return found


@dataclass(slots=True)
class Draft:
    """A contact as it is to become. `known` is None where it is to be created, and `pk` is given when it is written.

    `organization` is a name where that organization is still to be made; `tags` is None where they stay; `values` are
    (field, old, new) of those that change.
    """

    index: int
    workspace_id: int
    name: str
    email: str | None
    email_key: str | None
    organization: int | str | None
    known: Known | None = None
    pk: int = 0
    tags: Sequence[str] | None = None
    values: Sequence[tuple[Field, Any, Any]] = ()

    @classmethod
    def of(cls, index: int, known: Known) -> "Draft":
        """A contact that is there, with nothing changed yet."""
        one = known.contact
        return cls(index, one.workspace_id, one.name, one.email, one.email_key, one.organization_id, known, one.pk)

    @property
    def created(self) -> bool:
        return self.known is None

    @property
    def restored(self) -> bool:
        return self.known is not None and self.known.contact.is_trashed

    @property
    def renamed(self) -> bool:
        return self.known is not None and self.name != self.known.contact.name

    @property
    def moved(self) -> bool:
        return self.known is not None and self.organization != self.known.contact.organization_id

    @property
    def changed(self) -> bool:
        return self.renamed or self.moved or self.tags is not None or bool(self.values)


def write(
    workspace_id: int,
    actor: Actor,
    source: str,
    drafts: Sequence[Draft],
    find: Callable[[list[Draft]], None] = searching.index,
    bulk_edit_id: int | None = None,
) -> set[int]:
    """Write the drafts, and what `actor` did into the history, as part of a bulk edit where one is named. What is
    created comes from `source`, and `find` sees to it that search finds it.

    The workspace and the contacts that are there already are locked. Answers with the indices of drafts that couldn't
    be created since their address was taken meanwhile. Raises Outdated, with nothing written.
    """
    organizations = _settle_organizations(workspace_id, drafts)
    taken = _insert(workspace_id, actor, source, [draft for draft in drafts if draft.created])
    drafts = [draft for draft in drafts if draft.index not in taken]
    _update(workspace_id, [draft for draft in drafts if not draft.created])
    searching.index(draft for draft in drafts if draft.renamed)
    created = [draft for draft in drafts if draft.created]
    find(created)
    _hold_fields(workspace_id, drafts)
    field_values.insert(workspace_id, ((draft.pk, field, new) for draft in created for field, _, new in draft.values))
    changed = [draft for draft in drafts if not draft.created]
    field_values.store(workspace_id, ((draft.pk, *value) for draft in changed for value in draft.values))
    tags = _tag(workspace_id, drafts)
    entries = (entry for draft in drafts for entry in _history(draft, organizations, tags))
    history.record(workspace_id, actor, entries, bulk_edit_id)
    return taken


def _settle_organizations(workspace_id: int, drafts: Sequence[Draft]) -> dict[int | str | None, str]:
    """Make those that are new, and lock all that get or lose contacts; answers with their names by id."""
    organizations = Organization.objects.for_workspace(workspace_id)
    made = organizations.find_or_make(draft.organization for draft in drafts if isinstance(draft.organization, str))
    ids = {draft.known.contact.organization_id for draft in drafts if draft.known}
    for draft in drafts:
        if isinstance(draft.organization, str):
            draft.organization = made.get(draft.organization)
        ids.add(draft.organization)
    known = [pk for pk in ids if pk]
    names: dict[Any, str] = dict(statements.fetch(LOCK_ORGANIZATIONS, [workspace_id, known])) if known else {}  # type: ignore[arg-type]
    for draft in drafts:
        if draft.organization and draft.organization not in names:
            draft.organization = None  # deleted meanwhile, which leaves its contacts without
    return names


def _hold_fields(workspace_id: int, drafts: Sequence[Draft]) -> None:
    """Let neither fields nor options be archived or deleted, and look whether one was since the drafts were made."""
    fields = {id(field): field for draft in drafts for field, _, _ in draft.values}.values()
    now = field_values.hold(workspace_id, fields)
    if all(now[field.pk] is field for field in fields):
        return
    for draft in drafts:
        for field, old, new in draft.values:
            if now[field.pk] is not field:
                field_values.require_choosable(now[field.pk], old, new)


def _insert(workspace_id: int, actor: Actor, source: str, drafts: Sequence[Draft]) -> set[int]:
    """Create the contacts; answers with the indices of those whose address was taken meanwhile."""
    rows = ((one.name, one.email, one.email_key, one.organization) for one in drafts)
    inserted = dict(arrays.execute(INSERT, [workspace_id, source, actor.kind, actor.id], rows))
    for draft in drafts:
        draft.pk = inserted.get(draft.email_key, 0)
    return {draft.index for draft in drafts if not draft.pk}


def _update(workspace_id: int, drafts: Sequence[Draft]) -> None:
    if drafts:
        rows = ((draft.pk, draft.name, draft.organization, draft.changed) for draft in drafts)
        with arrays.hashing():
            arrays.execute(UPDATE, [workspace_id, arrays.literal([draft.pk for draft in drafts])], rows)


def _tag(workspace_id: int, drafts: Sequence[Draft]) -> dict[str, Tag]:
    """Give the contacts exactly these tags; answers with the tags by their names in the drafts."""
    tags = Tag.objects.for_workspace(workspace_id)
    ids = tags.find_or_make(name for draft in drafts for name in draft.tags or ())
    gone, new = [], []
    for draft in drafts:
        if draft.tags is not None:
            before = draft.known.tags.keys() if draft.known else set()
            after = {ids[name] for name in draft.tags}
            gone += [(draft.pk, tag_id) for tag_id in before - after]
            new += [(draft.pk, tag_id) for tag_id in after - before]
    if gone:
        with arrays.hashing():
            arrays.execute(UNTAG, [workspace_id, arrays.literal([contact_id for contact_id, _ in gone])], gone)
    arrays.execute(TAG, [workspace_id], new)
    by_id = tags.in_bulk(ids.values()) if ids else {}
    return {name: by_id[pk] for name, pk in ids.items()}


def _history(draft: Draft, organizations: Mapping[Any, str], tags: Mapping[str, Tag]) -> Iterator[history.Entry]:
    if draft.known is None:  # who made it stands on the contact itself
        return
    before = draft.known.contact
    if draft.restored:
        yield history.Entry(draft.pk, "restored")
    if draft.renamed:
        yield history.Entry(draft.pk, "name", before.name, draft.name)
    if draft.moved:
        old, new = organizations.get(before.organization_id), organizations.get(draft.organization)
        yield history.Entry(draft.pk, "organization", old, new)
    for value in draft.values:
        yield history.of_value(draft.pk, *value)
    if draft.tags is not None:
        names = {tags[name].name for name in draft.tags}
        yield history.Entry(draft.pk, "tags", ", ".join(sorted(draft.known.tags.values())), ", ".join(sorted(names)))
