"""Contacts given back what they had: the way back of imports and bulk edits, by the history that those wrote."""

from collections import defaultdict
from collections.abc import Iterable

from contacts.drafts import Draft, Known, tags_of
from contacts.history import Change
from contacts.models import Contact
from customfields import values as field_values
from customfields.models import Field
from customfields.parsing import InvalidValue
from organizations.models import Organization

PROPERTIES = ("name", "organization", "tags", "field")


class Reverting:
    """Contacts as they were before some of their changes, where they still are as those left them."""

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
        self.tags = tags_of(workspace_id, self.changes)
        olds = {old for one in self.changes.values() for (what, _), (old, _) in one.items() if what == "organization"}
        organizations = Organization.objects.for_workspace(workspace_id)
        self.organizations = organizations.ids_by_name(old for old in olds if old)
        ids = [contact.organization_id for contact in contacts.values() if contact.organization_id]
        self.names: dict[int | None, str] = dict(organizations.filter(pk__in=ids).values_list("pk", "name"))

    def drafts(self) -> tuple[list[Draft], set[int]]:
        """The contacts that get something back, and the ids of those of which something stays."""
        drafts, stays = [], set()
        for index, (contact_id, changes) in enumerate(self.changes.items()):
            draft = Draft.of(index, Known(self.contacts[contact_id], self.values[contact_id], self.tags[contact_id]))
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
        try:
            if now != (field.type.parse_kept(field, new) if new else None):
                return False
            value = field.type.parse_kept(field, old) if old else None
        except InvalidValue:  # an option that was deleted since
            return False
        draft.values = [*draft.values, (field, now, value)]
        return True
