"""Many contacts created or updated at once, found by their addresses: bulk POST of the API, and the CSV import.

The rules are those of `ContactQuerySet.add`, `restore` and `Contact.change`, and a property test holds them together.
Here a batch is read with a few queries, judged in memory, and written with a statement or two for each table.

Whoever creates contacts or takes an address locks the workspace first, so two batches of one workspace follow each
other. Others who change contacts don't; against deadlocks with them contacts are locked before organizations, each in
the order of ids.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext

from contacts import searching
from contacts.drafts import Draft, Known, tags_of, write
from contacts.finding import name_of
from contacts.models import Contact, Tag
from contacts.querysets import AddressTaken, tag_names
from customfields import values as field_values
from customfields.models import Field
from gopimi.lib import statements
from gopimi.lib.addresses import Address
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import QuotaExceeded, Workspace
from organizations.models import Organization

OnConflict = Literal["error", "update", "fill", "skip"]


class Unset(enum.Enum):
    """What a row leaves as it is: it doesn't speak of it, or its cell is blank, so that a new contact has none."""

    UNSET = "unset"
    BLANK = "blank"


UNSET, BLANK = Unset.UNSET, Unset.BLANK


class Status(enum.StrEnum):
    CREATED = "created"  # new, or brought back from the trash
    UPDATED = "updated"
    UNCHANGED = "unchanged"  # nothing was written
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(slots=True)  # not frozen: that makes it dear, and there may be a million
class Row:
    """What is wanted of one contact, parsed. UNSET stays as it is; None, "" and no tags clear.

    A new contact without a name is called by its address, and without an organization joins its domain's; with BLANK
    there it really has none.

    `organization` is an id, or a name of which it is made where it is new. `tags` replace all tags. `values` are
    parsed values of custom fields by Field.
    """

    email: Address
    name: str | Unset | None = UNSET
    organization: int | str | Unset | None = UNSET
    tags: Sequence[str] | Unset | None = UNSET
    values: Mapping[Field, Any] = field(default_factory=dict)


class RowRefused(Exception):
    """A row that can't be written; `code` is for programs, the text for people."""

    code = "refused"


class DuplicateInRequest(RowRefused):
    """An earlier row, `index`, has the same address."""

    code = "duplicate_in_request"

    def __init__(self, index: int) -> None:
        super().__init__(gettext("An earlier row has the same address."))
        self.index = index


class UnknownOrganization(RowRefused):
    code = "unknown_organization"

    def __init__(self) -> None:
        super().__init__(gettext("There is no organization with this id."))


Refusal = AddressTaken | QuotaExceeded | DuplicateInRequest | UnknownOrganization


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: the contact's id, or `error`, which is raised where contacts are made one by one."""

    status: Status
    contact_id: int | None = None
    error: Refusal | None = None


class BatchRefused(Exception):
    """A row of an atomic batch failed, so nothing was written. `outcomes` say what would have become of each row."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        failed = sum(outcome.error is not None for outcome in outcomes)
        super().__init__(f"{failed:,} of {len(outcomes):,} rows failed, so nothing was written.")
        self.outcomes = outcomes


def upsert(
    workspace: Workspace,
    actor: Actor,
    rows: Sequence[Row],
    *,
    on_conflict: OnConflict = "error",
    atomic: bool = False,
    source: Literal["api", "import"] = "api",
) -> list[Outcome]:
    """Create a contact for each row, or do with the one that has the address already what `on_conflict` says.

    "error" fails the row, "update" changes what the row gives, "fill" only what is empty, "skip" nothing. But for
    "error" a trashed contact is brought back. Over the quota what fits is created, in the rows' order. Answers in the
    rows' order, up to 5,000 at once. Raises BatchRefused where `atomic` and a row fails.
    """
    with transaction.atomic(savepoint=atomic):
        outcomes = Batch(workspace, actor, on_conflict, source).run(rows)
        if atomic and any(outcome.error for outcome in outcomes):
            raise BatchRefused(outcomes)
    return outcomes


KNOWN = f"""
SELECT {statements.columns(Contact, "contact")} FROM contacts_contact AS contact
WHERE workspace_id = %s AND email_key = ANY(%s::text[])
"""  # noqa: S608
LOCK = " ORDER BY id FOR NO KEY UPDATE"
DOMAINS = "SELECT name, organization_id FROM organizations_domain WHERE workspace_id = %s AND name = ANY(%s::text[])"
EMPTY: tuple[Any, ...] = (None, "", [], {})


class Batch:
    """One run of `upsert`, inside of a transaction. `new_organizations` and `new_tags` are names that were made.

    A dry run answers the same, and neither writes nor locks anything; `used` places of the quota are taken by batches
    that ran dry before it. `find` makes search find new contacts.
    """

    def __init__(
        self,
        workspace: Workspace,
        actor: Actor,
        on_conflict: OnConflict,
        source: str,
        *,
        dry: bool = False,
        used: int = 0,
        find: Callable[[list[Draft]], None] = searching.index,
    ) -> None:
        workspace = Workspace.objects.get(pk=workspace.pk) if dry else workspace.lock()
        self.workspace_id, self.quota, self.used = workspace.pk, workspace.contact_quota, workspace.contact_count + used
        self.actor, self.on_conflict, self.source, self.dry = actor, on_conflict, source, dry
        self.find = find
        self.outcomes: dict[int, Outcome] = {}
        self.new_organizations: set[str] = set()
        self.new_tags: set[str] = set()

    def run(self, rows: Sequence[Row]) -> list[Outcome]:
        first: dict[str, int] = {}
        for index, row in enumerate(rows):
            if first.setdefault(row.email.key, index) != index:
                self._refuse(index, DuplicateInRequest(first[row.email.key]))
        self._look_up(rows)
        pending = {index: rows[index] for index in first.values()}
        while pending:
            drafts = self._judge(pending)
            self.new_organizations.update(one.organization for one in drafts if isinstance(one.organization, str))
            self.new_tags.update(name for one in drafts for name in one.tags or () if name not in self.tag_ids)
            taken = set() if self.dry else self._write(drafts)
            for draft in drafts:
                status = Status.CREATED if draft.created or draft.restored else Status.UPDATED
                self.outcomes[draft.index] = Outcome(status, draft.pk)
            # A writer without the workspace's lock may take an address meanwhile: such a row is judged anew.
            pending = {index: rows[index] for index in sorted(taken)}
            self.used -= len(taken)
        return [self.outcomes[index] for index in range(len(rows))]

    def _write(self, drafts: Sequence[Draft]) -> set[int]:
        return write(self.workspace_id, self.actor, self.source, drafts, self.find)

    def _refuse(self, index: int, error: Refusal) -> None:
        self.outcomes[index] = Outcome(Status.FAILED, error=error)

    def _look_up(self, rows: Sequence[Row]) -> None:
        """Find what the rows name: organizations, tags, the domains of addresses, and fields."""
        organizations = Organization.objects.for_workspace(self.workspace_id)
        ids = {row.organization for row in rows if isinstance(row.organization, int)}
        self.organization_ids = set(organizations.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
        self.organization_names = organizations.ids_by_name(
            row.organization for row in rows if isinstance(row.organization, str)
        )
        names = {name for row in rows if not isinstance(row.tags, Unset) for name in tag_names(row.tags or ())}
        self.tag_ids = Tag.objects.for_workspace(self.workspace_id).ids_by_name(names)
        domains = list({row.email.domain for row in rows})
        self.domains: dict[str, int] = dict(statements.fetch(DOMAINS, [self.workspace_id, domains]))  # type: ignore[arg-type]
        self.fields = list({field.id: field for row in rows for field in row.values}.values())

    def _judge(self, pending: Mapping[int, Row]) -> list[Draft]:
        """What is to be written, in the rows' order. Rows that fail or change nothing have their outcome then."""
        drafts = self._drafts(pending, self._read(pending))
        # What doesn't change isn't even locked. What does is judged again, now that nobody else can change it.
        changing = {draft.index: pending[draft.index] for draft in drafts if not draft.created}
        if changing and not self.dry:
            created = [draft for draft in drafts if draft.created]
            drafts = created + self._drafts(changing, self._read(changing, lock=True))
            drafts.sort(key=lambda draft: draft.index)
        return [draft for draft in drafts if self._has_room(draft)]

    def _read(self, rows: Mapping[int, Row], *, lock: bool = False) -> dict[str | None, Known]:
        """The contacts that have the rows' addresses, by key."""
        keys = [row.email.key for row in rows.values()]
        known = statements.fetch(KNOWN + LOCK * lock, [self.workspace_id, keys])
        found: dict[int, Contact] = {row[0]: statements.instance(Contact, row) for row in known}
        values: field_values.Values = {}
        tags: dict[int, dict[int, str]] = {}
        if found and self.on_conflict in ("update", "fill"):
            values = field_values.read(self.workspace_id, found, self.fields)
            tags = tags_of(self.workspace_id, found)
        return {one.email_key: Known(one, values.get(one.pk, {}), tags.get(one.pk, {})) for one in found.values()}

    def _drafts(self, rows: Mapping[int, Row], known: Mapping[str | None, Known]) -> list[Draft]:
        drafts = []
        for index, row in rows.items():
            there = known.get(row.email.key)
            if isinstance(row.organization, int) and row.organization not in self.organization_ids:
                self._refuse(index, UnknownOrganization())
            elif there is None:
                drafts.append(self._new(index, row))
            elif self.on_conflict == "error":
                self._refuse(index, AddressTaken(there.contact))
            else:
                draft = self._existing(index, row, there)
                if draft.restored or draft.changed:
                    drafts.append(draft)
                else:
                    status = Status.SKIPPED if self.on_conflict == "skip" else Status.UNCHANGED
                    self.outcomes[index] = Outcome(status, draft.pk)
        return drafts

    def _has_room(self, draft: Draft) -> bool:
        """Whether the quota lets it be created or restored, which takes a place; fails it otherwise."""
        if draft.created or draft.restored:
            if self.quota is not None and self.used >= self.quota:
                self._refuse(draft.index, QuotaExceeded(self.quota, self.used, 1))
                return False
            self.used += 1
        return True

    def _new(self, index: int, row: Row) -> Draft:
        organization = _given(self._organization(row))
        if organization is None and row.organization is not BLANK:
            organization = self.domains.get(row.email.domain)
        name = (_given(row.name) or "").strip()[:200]
        return Draft(
            index,
            self.workspace_id,
            name if row.name is BLANK else name or name_of(row.email.given),
            row.email.given,
            row.email.key,
            organization,
            tags=_given(self._tags(row)) or None,
            values=[(field, None, value) for field, value in row.values.items() if value is not None],
        )

    def _existing(self, index: int, row: Row, known: Known) -> Draft:
        contact, organization, tags = known.contact, self._organization(row), self._tags(row)
        return Draft(
            index,
            self.workspace_id,
            _given(row.name) or "" if self._takes(row.name, over=contact.name) else contact.name,
            contact.email,
            contact.email_key,
            organization if self._takes(organization, over=contact.organization_id) else contact.organization_id,
            known,
            contact.pk,
            tags if self._takes(tags, over=known.tags) and self._ids(tags) != known.tags.keys() else None,
            [
                (field, old, new)
                for field, new in row.values.items()
                if (old := known.values.get(field.id)) != new and self._takes(new, over=old)
            ],
        )

    def _organization(self, row: Row) -> Any:
        """UNSET, BLANK, None, an id, or the name of one that is new."""
        if isinstance(row.organization, str):
            return self.organization_names.get(row.organization, row.organization) or None
        return row.organization

    def _tags(self, row: Row) -> Any:
        return UNSET if isinstance(row.tags, Unset) else tag_names(row.tags or ())

    def _ids(self, tags: Sequence[str]) -> set[int | None]:
        return {self.tag_ids.get(name) for name in tags}

    def _takes(self, new: Any, over: Any) -> bool:
        """Whether what a row gives comes in the place of what is there."""
        if isinstance(new, Unset) or self.on_conflict == "skip":
            return False
        return self.on_conflict == "update" or (over in EMPTY and new not in EMPTY)


def _given(value: Any) -> Any:
    return None if isinstance(value, Unset) else value
