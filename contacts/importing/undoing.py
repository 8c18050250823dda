"""The way back: what an import created goes to the trash, what it changed goes back, but for what was edited since.

In batches, each one transaction that also records how far it came, so another worker can go on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from contacts.drafts import write
from contacts.history import Change
from contacts.importing.records import Import, ImportMade, Status
from contacts.models import Contact, ContactTag, Tag
from contacts.reverting import Reverting
from customfields import removing
from customfields.models import FieldValue, Option
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor, ActorKind
from organizations.models import Organization

BATCH = 1_000
EVERYBODY = Q()
# Contacts in the trash use nothing: what the import created is there by now.
USERS: dict[type[Model], Q] = {
    Contact: Q(deleted_at__isnull=True),
    ContactTag: Q(contact__deleted_at__isnull=True),
    FieldValue: Q(contact__deleted_at__isnull=True),
}


def undo(workspace_id: int, import_id: int, must_stop: Callable[[], bool] = lambda: False) -> bool:
    """Take an import back to the end; False where `must_stop` said so before, and it is to be continued later."""
    while not must_stop():
        with workspace(workspace_id):
            found = Import.objects.for_workspace(workspace_id).filter(pk=import_id, status=Status.UNDOING)
            one = found.select_related("workspace").first()
            if one is None:
                return True
            one.workspace.lock()  # first, as everywhere
            one = found.select_for_update(no_key=True).get()
            _Step(one).take()
            one.save(update_fields=["undo_after", "trashed", "reverted", "kept", "status"])
    return False


class _Step:
    """The next batch of an undo."""

    def __init__(self, one: Import) -> None:
        self.one, self.workspace_id = one, one.workspace_id
        kind, actor_id = one.undo_after.get("actor") or (ActorKind.SYSTEM, None)
        self.actor = Actor(ActorKind(kind), actor_id)
        self.contacts = Contact.objects.for_workspace(self.workspace_id)
        self.changes = Change.objects.for_workspace(self.workspace_id)
        self.own = Q(actor_kind=ActorKind.IMPORT, actor_id=one.pk)

    def take(self) -> None:
        phases = [self._created, self._changed, self._made]
        phase = self.one.undo_after.get("phase", 0)
        after = phases[phase](self.one.undo_after.get("after", 0))
        if after is None and phase + 1 == len(phases):
            self.one.status = Status.UNDONE
        self.one.undo_after |= {"phase": phase + (after is None), "after": after or 0}

    def _created(self, after: int) -> int | None:
        """Put what it created into the trash; answers with the last contact of the batch, None where there is none."""
        created = self.contacts.filter(creator_kind=ActorKind.IMPORT, creator_id=self.one.pk, pk__gt=after).alive()
        ids = list(created.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return None
        self._trash(ids)
        return ids[-1]

    def _trash(self, ids: Iterable[int]) -> None:
        """Those that nobody else has changed."""
        theirs = set(self.changes.filter(contact_id__in=ids).exclude(self.own).values_list("contact_id", flat=True))
        count, _ = self.contacts.filter(pk__in=set(ids) - theirs).trash(self.actor)
        self.one.trashed += count
        self.one.kept += len(theirs)

    def _changed(self, after: int) -> int | None:
        """Give contacts back what it changed, and those that it took out of the trash back to that."""
        changed = self.changes.filter(self.own, contact_id__gt=after).order_by("contact_id")
        ids = list(changed.values_list("contact_id", flat=True).distinct()[:BATCH])
        if not ids:
            return None
        locked = self.contacts.alive().filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
        contacts = {contact.pk: contact for contact in locked}
        own = list(self.changes.filter(self.own, contact_id__in=contacts).order_by("pk"))
        since = self._since(own)
        revived = {change.contact_id for change in own if change.what == "restored"}
        restored = revived - since
        drafts, stays = Reverting(self.workspace_id, contacts, own).drafts()
        write(self.workspace_id, self.actor, "import", drafts)
        self.one.reverted += len({draft.pk for draft in drafts} - restored)
        stays |= (set(ids) - contacts.keys()) | (revived & since)
        self.one.kept += len(stays - restored)
        count, _ = self.contacts.filter(pk__in=restored).trash(self.actor)
        self.one.trashed += count
        return ids[-1]

    def _since(self, own: Iterable[Change]) -> set[int]:
        """Contacts that others changed after the import did."""
        last = {change.contact_id: change.pk for change in own}
        theirs = self.changes.filter(contact_id__in=last).exclude(self.own).values_list("contact_id", "pk")
        return {contact_id for contact_id, pk in theirs if pk > last[contact_id]}

    def _made(self, after: int) -> int | None:
        """Remove organizations, tags and options that it made, where nothing uses them."""
        made = ImportMade.objects.for_workspace(self.workspace_id).filter(run=self.one)
        batch = list(made.order_by("kind", "made_id").values_list("kind", "made_id")[:BATCH])
        if not batch:
            return None
        ids: dict[str, list[int]] = defaultdict(list)
        for kind, made_id in batch:
            ids[kind].append(made_id)
        for kind, made_ids in ids.items():
            made.filter(kind=kind, made_id__in=made_ids).delete()
        kinds = ImportMade.Kind
        organizations = Organization.objects.for_workspace(self.workspace_id).filter(pk__in=ids[kinds.ORGANIZATION])
        unused(organizations.filter(updated_at=F("created_at"))).delete()
        unused(Tag.objects.for_workspace(self.workspace_id).filter(pk__in=ids[kinds.TAG])).delete()
        options = Option.objects.for_workspace(self.workspace_id).known().filter(pk__in=ids[kinds.OPTION])
        for option in unused(options).select_related("field"):
            removing.delete_option(option, self.actor)
        return 1


def unused(rows: Any) -> Any:
    """Those to which no row of any table points, but for contacts in the trash."""
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if relation.one_to_many and relation.auto_created:
            users: QuerySet = relation.related_model.objects.for_workspace(rows.workspace_id)
            pointing = users.filter(
                USERS.get(relation.related_model, EVERYBODY), **{relation.field.name: OuterRef("pk")}
            )
            rows = rows.exclude(Exists(pointing))
    return rows
