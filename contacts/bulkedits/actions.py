"""What can be done to many contacts: one class for each action, which says what becomes of a contact."""

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_noop

from contacts.bulkedits.batches import NotPossible
from contacts.bulkedits.records import Action, BulkEdit
from contacts.drafts import Draft, Known, tags_of
from contacts.models import Contact
from customfields import values as field_values
from customfields.models import Field
from customfields.parsing import InvalidValue
from gopimi.lib.folding import lower
from organizations.models import Organization


class Edit:
    """One bulk edit on one batch of its contacts. Raises NotPossible where it can't be done any more."""

    needs_tags: ClassVar[bool] = False

    def __init__(self, one: BulkEdit) -> None:
        self.one, self.workspace_id = one, one.workspace_id
        self.fields: list[Field] = []

    def drafts(self, contacts: Iterable[Contact]) -> list[Draft]:
        """What is to be written: those of the contacts, which are locked, that become another."""
        by_id = {contact.pk: contact for contact in contacts}
        values = field_values.read(self.workspace_id, by_id, self.fields)
        tags = tags_of(self.workspace_id, by_id) if self.needs_tags else {}
        drafts = []
        for index, (pk, contact) in enumerate(by_id.items()):
            known = Known(contact, values[pk], tags.get(pk, {}))
            draft = Draft.of(index, known)
            self.change(draft, known)
            if draft.changed:
                drafts.append(draft)
        return drafts

    def change(self, draft: Draft, known: Known) -> None:
        raise NotImplementedError


class SetOrganization(Edit):
    def __init__(self, one: BulkEdit) -> None:
        super().__init__(one)
        self.organization = int(one.value) if one.value else None
        organizations = Organization.objects.for_workspace(one.workspace_id)
        if self.organization and not organizations.filter(pk=self.organization).exists():
            raise NotPossible(gettext_noop("The organization was deleted."))

    def change(self, draft: Draft, known: Known) -> None:
        draft.organization = self.organization


class AddTag(Edit):
    needs_tags = True

    def change(self, draft: Draft, known: Known) -> None:
        names = list(known.tags.values())
        if lower(self.one.value) not in map(lower, names):
            draft.tags = [*names, self.one.value]


class RemoveTag(Edit):
    needs_tags = True

    def change(self, draft: Draft, known: Known) -> None:
        names = list(known.tags.values())
        left = [name for name in names if lower(name) != lower(self.one.value)]
        if len(left) < len(names):
            draft.tags = left


class SetField(Edit):
    def __init__(self, one: BulkEdit) -> None:
        super().__init__(one)
        self.fields = [field for field in field_values.fields_of(one.workspace_id) if field.pk == one.field_id]
        if not self.fields:
            raise NotPossible(gettext_noop("The field was archived or deleted."))
        (self.field,) = self.fields
        try:
            self.value = self.field.type.parse_kept(self.field, one.value) if one.value else None
        except InvalidValue as error:
            raise NotPossible(f"{self.field.label}: {error.message}") from error

    def change(self, draft: Draft, known: Known) -> None:
        old = known.values.get(self.field.pk)
        if old != self.value:
            draft.values = [(self.field, old, self.value)]


EDITS: dict[str, type[Edit]] = {
    Action.ORGANIZATION: SetOrganization,
    Action.ADD_TAG: AddTag,
    Action.REMOVE_TAG: RemoveTag,
    Action.FIELD: SetField,
}
