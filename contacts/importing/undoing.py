"""The way back: what an import created goes to the trash, what it changed goes back, but for what was edited since.

In batches, each one transaction that also records how far it came, so another worker can go on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet

from contacts.drafts import Draft, Known, write
from contacts.history import Change
from contacts.importing.records import Import, ImportMade, Status
from contacts.models import Contact, ContactTag, Tag
from customfields import values as field_values
from customfields.models import Field, FieldValue, Option
from customfields.parsing import InvalidValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor, ActorKind
from organizations.models import Organization

BATCH = 1_000
PROPERTIES = ("name", "organization", "tags", "field")
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
        drafts, stays = _Reverting(self.workspace_id, contacts, own).drafts()
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
            option.remove()
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


class _Reverting:
    """Contacts as they were before an import's changes to them, where they still are as it left them."""

    def __init__(self, workspace_id: int, contacts: dict[int, Contact], own: Iterable[Change]) -> None:
        self.workspace_id, self.contacts = workspace_id, contacts
        self.changes: dict[int, dict[tuple[str, int | None], tuple[str | None, str | None]]] = defaultdict(dict)
        for change in own:
            if change.what in PROPERTIES:
                changes = self.changes[change.contact_id]
                old, _ = changes.get((change.what, change.field_id), (change.old, None))
                changes[change.what, change.field_id] = old, change.new
        self.fields = {field.pk: field for field in field_values.fields_of(workspace_id)}
        self.values = field_values.read(workspace_id, self.changes, list(self.fields.values()))
        self.tags: dict[int, dict[int, str]] = defaultdict(dict)
        links = ContactTag.objects.for_workspace(workspace_id).filter(contact_id__in=self.changes)
        for contact_id, tag_id, name in links.values_list("contact_id", "tag_id", "tag__name"):
            self.tags[contact_id][tag_id] = name
        olds = {old for one in self.changes.values() for (what, _), (old, _) in one.items() if what == "organization"}
        organizations = Organization.objects.for_workspace(workspace_id)
        self.organizations = organizations.ids_by_name(old for old in olds if old)
        ids = [contact.organization_id for contact in contacts.values() if contact.organization_id]
        self.names: dict[int | None, str] = dict(organizations.filter(pk__in=ids).values_list("pk", "name"))

    def drafts(self) -> tuple[list[Draft], set[int]]:
        """The contacts that get something back, and the ids of those of which something stays."""
        drafts, stays = [], set()
        for index, (contact_id, changes) in enumerate(self.changes.items()):
            contact = self.contacts[contact_id]
            known = Known(contact, self.values[contact_id], self.tags[contact_id])
            draft = Draft(
                index, self.workspace_id, contact.name, contact.email, contact.email_key, contact.organization_id,
                known, contact_id,
            )  # fmt: skip
            for (what, field_id), (old, new) in changes.items():
                revert = {"name": self._name, "organization": self._organization, "tags": self._tags}.get(what)
                done = revert(draft, old, new) if revert else self._value(draft, field_id, old, new)
                if not done:
                    stays.add(contact_id)
            if draft.changed:
                drafts.append(draft)
        return drafts, stays

    def _name(self, draft: Draft, old: str | None, new: str | None) -> bool:
        if draft.name != (new or ""):
            return False
        draft.name = old or ""
        return True

    def _organization(self, draft: Draft, old: str | None, new: str | None) -> bool:
        now = self.names.get(draft.organization)  # type: ignore[arg-type]
        if now != new or (old is not None and old not in self.organizations):
            return False
        draft.organization = self.organizations[old] if old else None
        return True

    def _tags(self, draft: Draft, old: str | None, new: str | None) -> bool:
        if ", ".join(sorted(self.tags[draft.pk].values())) != (new or ""):
            return False
        draft.tags = [name for name in (old or "").split(", ") if name]
        return True

    def _value(self, draft: Draft, field_id: int | None, old: str | None, new: str | None) -> bool:
        field: Field | None = self.fields.get(field_id or 0)
        if field is None:
            return False
        now = self.values[draft.pk].get(field.pk)
        if (field.type.to_text(now) or None) != new:
            return False
        try:
            value = field.type.parse_kept(field, old) if old else None
        except InvalidValue:  # an option that was renamed or deleted since
            return False
        draft.values = [*draft.values, (field, now, value)]
        return True
