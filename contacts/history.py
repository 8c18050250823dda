"""What happened to a contact: one `Change` for each property that became another, with who did it.

That it was created, and by whom, stands on the contact itself: a million imported contacts are no million rows here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from contacts.bulkedits.records import BulkEdit
from contacts.importing.records import Import
from gopimi.lib import arrays
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import ApiToken, User


class Change(TenantModel):
    """One thing that happened to a contact: what changed, from what to what, when and by whom.

    `what` is a property's name ("name", "email", "organization", "tags"), "field" for a custom field's value, or an
    event ("deleted", "restored"; never "created"). Old and new are texts from which the value can be read again;
    `shown_old` and `shown_new` are for people.
    """

    contact = CompositeForeignKey("contacts.Contact", related_name="changes")
    at = models.DateTimeField(db_default=Now(), editable=False)
    what = models.CharField(max_length=20)
    field = CompositeForeignKey("customfields.Field", null=True, blank=True, related_name="+")
    old = models.TextField(null=True, blank=True)
    new = models.TextField(null=True, blank=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True)
    bulk_edit = CompositeForeignKey(BulkEdit, null=True, blank=True, related_name="+")  # that it was part of

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="change_actor_known")]
        indexes = [
            models.Index(fields=["workspace", "contact", "id"], name="change_contact"),
            models.Index(fields=["workspace", "field"], name="change_field", condition=Q(field__isnull=False)),
            models.Index(
                fields=["workspace", "actor_id", "contact"],
                name="change_imported",
                condition=Q(actor_kind=ActorKind.IMPORT),
            ),
            models.Index(
                fields=["workspace", "bulk_edit", "contact"],
                name="change_bulk_edit",
                condition=Q(bulk_edit__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {self.contact_id}"

    @property
    def shown_old(self) -> str:
        return self._shown(self.old)

    @property
    def shown_new(self) -> str:
        return self._shown(self.new)

    def _shown(self, text: str | None) -> str:
        return self.field.type.shown(self.field, text or "") if self.field else text or ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change to write down."""

    contact_id: int
    what: str
    old: str | None = None
    new: str | None = None
    field_id: int | None = None


def of_value(contact_id: int, field: Any, old: Any, new: Any) -> Entry:
    """A custom field's value became another."""
    return Entry(contact_id, "field", field.type.to_text(old) or None, field.type.to_text(new) or None, field.pk)


RECORD = """
INSERT INTO contacts_change (workspace_id, actor_kind, actor_id, bulk_edit_id, contact_id, what, old, new, field_id)
SELECT %s, %s, %s::bigint, %s::bigint, contact_id, what, old, new, field_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[]) WITH ORDINALITY
    AS given (contact_id, what, old, new, field_id, position)
ORDER BY position
"""


def record(workspace_id: int, actor: Actor, entries: Iterable[Entry], bulk_edit_id: int | None = None) -> None:
    """Write the entries down in their order, in one statement."""
    rows = ((entry.contact_id, entry.what, entry.old, entry.new, entry.field_id) for entry in entries)
    arrays.execute(RECORD, [workspace_id, actor.kind, actor.id, bulk_edit_id], rows)


def of(contact: Any) -> models.QuerySet:
    """A contact's history, the newest first."""
    return (
        Change.objects.for_workspace(contact.workspace_id)
        .filter(contact=contact)
        .select_related("field")
        .order_by("-id")
    )


def story(contact: Any, limit: int) -> tuple[list[Change], bool]:
    """The last `limit` things that happened, the newest first, and whether there were more. The first is always that
    it was created."""
    changes = [*of(contact)[: limit + 1], _creation(contact)]
    return changes[:limit], len(changes) > limit


def _creation(contact: Any) -> Change:
    return Change(
        pk=0,
        workspace_id=contact.workspace_id,
        contact=contact,
        at=contact.created_at,
        what="created",
        actor_kind=contact.creator_kind,
        actor_id=contact.creator_id,
    )


EVENTS = {
    "created": gettext_lazy("created this contact"),
    "deleted": gettext_lazy("moved this contact to the trash"),
    "restored": gettext_lazy("restored this contact from the trash"),
}
LABELS = {
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("Email"),
    "organization": gettext_lazy("Organization"),
    "tags": gettext_lazy("Tags"),
}
ICONS = {
    "created": "user-round-plus",
    "deleted": "trash-2",
    "restored": "archive-restore",
    "organization": "building-2",
    "email": "mail",
    "tags": "tag",
}


@dataclass(frozen=True)
class Told:
    """A change for people: `event` says it all, or `label` became `new` from `old`."""

    icon: str
    author: str
    event: str
    label: str
    old: str
    new: str
    at: datetime


def told(workspace: Any, changes: Sequence[Change]) -> list[Told]:
    names = authors(workspace, changes)
    return [
        Told(
            icon=ICONS.get(change.what, "pencil"),
            author=names[change.pk],
            event=str(EVENTS.get(change.what, "")),
            label=change.field.label if change.field else str(LABELS.get(change.what, change.what)),
            old=change.shown_old,
            new=change.shown_new,
            at=change.at,
        )
        for change in changes
    ]


def authors(workspace: Any, changes: Sequence[Any]) -> dict[int, str]:
    """Who made each of these changes, by the change's id: the name of an agent, a token or a file, or which door it
    came by."""
    ids: dict[str, set[Any]] = defaultdict(set)
    for change in changes:
        ids[change.actor_kind].add(change.actor_id)
    agents = User.objects.filter(pk__in=ids[ActorKind.AGENT])
    tokens = ApiToken.objects.filter(workspace=workspace, pk__in=ids[ActorKind.API])
    names: dict[tuple[str, int | None], str] = {(ActorKind.AGENT, user.pk): user.display_name for user in agents}
    names |= {(ActorKind.API, token.pk): token.name for token in tokens}
    imports = Import.objects.for_workspace(workspace).filter(pk__in=ids[ActorKind.IMPORT])
    names |= {
        (ActorKind.IMPORT, one.pk): gettext("Import of {filename}").format(filename=one.filename)
        for one in imports.only("filename")
    }
    return {
        change.pk: names.get((change.actor_kind, change.actor_id), str(ActorKind(change.actor_kind).label))
        for change in changes
    }
