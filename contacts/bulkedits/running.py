"""Bulk edits of contacts: what is done to a batch of them, and how it is taken back."""

import uuid
from collections.abc import Sequence
from typing import Any

from contacts.bulkedits import batches
from contacts.bulkedits.actions import EDITS
from contacts.bulkedits.batches import Work
from contacts.bulkedits.records import Action, BulkEdit, Status
from contacts.drafts import write
from contacts.history import Change
from contacts.models import Contact
from contacts.reverting import Reverting
from gopimi.workspaces.actor import Actor


class ContactEdits(Work):
    model, task = BulkEdit, "contacts.run_bulk_edit"

    def change(self, one: BulkEdit, ids: Sequence[int]) -> int:
        """As far as they aren't in the trash by now."""
        contacts = Contact.objects.for_workspace(one.workspace_id).alive().filter(pk__in=ids)
        if one.deletion:
            return contacts.trash(one.actor, one.deletion)[0]
        edit = EDITS[one.action](one)
        drafts = edit.drafts(contacts.order_by("pk").select_for_update(no_key=True))
        write(one.workspace_id, one.actor, "manual", drafts, bulk_edit_id=one.pk)
        return len(drafts)

    def revert(self, one: BulkEdit) -> None:
        _undelete(one) if one.deletion else _change_back(one)


WORK = ContactEdits()
undo, cancel, run = WORK.undo, WORK.cancel, WORK.run


def begin(
    workspace_id: int, actor: Actor, action: str, contact_ids: Sequence[int], value: str = "", field: Any = None
) -> BulkEdit:
    """Do something to these contacts: finished on return where they are few, else queued."""
    deletion = uuid.uuid4() if action == Action.DELETE else None
    one: BulkEdit = WORK.begin(
        workspace_id, actor, contact_ids, action=action, value=value, field=field, deletion=deletion
    )
    return one


def _undelete(one: BulkEdit) -> None:
    """Bring the next ones back from the trash, as far as the quota has room."""
    contacts = Contact.objects.for_workspace(one.workspace_id).trashed().filter(deletion=one.deletion)
    ids = list(contacts.order_by("pk").values_list("pk", flat=True)[: batches.BATCH])
    result = contacts.filter(pk__in=ids).restore(one.actor)
    one.reverted += len(result.ids)
    if result.left or len(ids) < batches.BATCH:
        one.kept = one.changed - one.reverted
        one.end(Status.UNDONE)


def _change_back(one: BulkEdit) -> None:
    """Give the next ones back what they had, where they still are as the edit left them."""
    changes = Change.objects.for_workspace(one.workspace_id).filter(bulk_edit=one)
    after = changes.filter(contact_id__gt=one.position).order_by("contact_id")
    ids = list(after.values_list("contact_id", flat=True).distinct()[: batches.BATCH])
    locked = Contact.objects.for_workspace(one.workspace_id).alive().filter(pk__in=ids).order_by("pk")
    contacts = {contact.pk: contact for contact in locked.select_for_update(no_key=True)}
    own = changes.filter(contact_id__in=contacts).order_by("pk")
    drafts, stays = Reverting(one.workspace_id, contacts, own).drafts()
    write(one.workspace_id, one.actor, "manual", drafts)
    one.reverted += len(drafts)
    one.kept += len(stays | (set(ids) - contacts.keys()))
    one.position = ids[-1] if ids else one.position
    if len(ids) < batches.BATCH:
        one.end(Status.UNDONE)
