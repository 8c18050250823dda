"""Bulk edits: begun, run in batches and taken back.

Each batch is a transaction that also says how far it came, so that a worker killed at any point is followed by another
with nothing done twice. Few contacts are done with at once; many in the background, so that nobody waits for long for a
row that is locked.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from contacts.bulkedits.actions import EDITS, NotPossible
from contacts.bulkedits.records import Action, BulkEdit, Status
from contacts.drafts import write
from contacts.history import Change
from contacts.importing.starting import QUEUE
from contacts.models import Contact
from contacts.reverting import Reverting
from customfields.values import Outdated
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor

BATCH = 1_000  # contacts
AT_ONCE = 1_000  # with more, the work goes on in the background
TASK = "contacts.run_bulk_edit"


@transaction.atomic
def begin(
    workspace_id: int, actor: Actor, action: str, contact_ids: Sequence[int], value: str = "", field: Any = None
) -> BulkEdit:
    """Do something to these contacts: finished on return where they are few, else queued."""
    one = BulkEdit.objects.for_workspace(workspace_id).create(
        actor_kind=actor.kind, actor_id=actor.id, action=action, value=value, field=field,
        contact_ids=sorted(contact_ids), total=len(contact_ids),
        deletion=uuid.uuid4() if action == Action.DELETE else None,
    )  # fmt: skip
    _go(one)
    return one


@transaction.atomic
def undo(one: BulkEdit) -> None:
    """Give the contacts back what they had, but for what was changed since. Again is no error."""
    waiting = BulkEdit.objects.for_workspace(one.workspace_id).filter(pk=one.pk, changed__gt=0)
    status = [Status.DONE, Status.CANCELLED]
    if waiting.filter(status__in=status).update(status=Status.UNDOING, position=0, dismissed=False, finished_at=None):
        one.refresh_from_db()
        _go(one)


def cancel(one: BulkEdit) -> None:
    """Ask it to stop after the present batch; what is done stays done, and can be undone."""
    running = BulkEdit.objects.for_workspace(one.workspace_id).filter(pk=one.pk, status=Status.RUNNING)
    running.update(cancel_asked=True)


def _go(one: BulkEdit) -> None:
    if (one.total if one.status == Status.RUNNING else one.changed) <= AT_ONCE:
        run(one.workspace_id, one.pk)
        one.refresh_from_db()
    else:
        jobs.configure_task(TASK, queue=QUEUE).defer(workspace_id=one.workspace_id, bulk_edit_id=one.pk)


def run(workspace_id: int, bulk_edit_id: int, must_stop: Callable[[], bool] = lambda: False) -> bool:
    """Bring it to its end; False where `must_stop` said so before, and it is to be continued later."""
    while not must_stop():
        try:
            with workspace(workspace_id):
                if not _step(workspace_id, bulk_edit_id):
                    return True
        except Outdated:  # a field was changed at this moment: the batch is done again, with it as it is now
            continue
    return False


def _step(workspace_id: int, bulk_edit_id: int) -> bool:
    """The next batch; False where there is none."""
    found = BulkEdit.objects.for_workspace(workspace_id).filter(pk=bulk_edit_id)
    one = found.select_for_update(no_key=True).first()
    if one is None or not one.is_active:
        return False
    steps = {Status.RUNNING: _edit, Status.UNDOING: _undelete if one.deletion else _revert}
    steps[Status(one.status)](one)
    one.save(update_fields=["position", "changed", "reverted", "kept", "status", "problem", "finished_at"])
    return True


def _end(one: BulkEdit, status: Status) -> None:
    one.status, one.finished_at = status, timezone.now()


def _edit(one: BulkEdit) -> None:
    """The next batch of the contacts, as far as they aren't in the trash by now."""
    ids = one.contact_ids[one.position : one.position + BATCH]
    if one.cancel_asked or not ids:
        _end(one, Status.CANCELLED if ids else Status.DONE)
        return
    contacts = Contact.objects.for_workspace(one.workspace_id).alive().filter(pk__in=ids)
    if one.deletion:
        one.changed += contacts.trash(one.actor, one.deletion)[0]
    else:
        try:
            edit = EDITS[one.action](one)
        except NotPossible as error:
            one.problem = str(error)
            _end(one, Status.CANCELLED)
            return
        drafts = edit.drafts(contacts.order_by("pk").select_for_update(no_key=True))
        write(one.workspace_id, one.actor, "manual", drafts, bulk_edit_id=one.pk)
        one.changed += len(drafts)
    one.position += len(ids)
    if one.position >= one.total:
        _end(one, Status.DONE)


def _undelete(one: BulkEdit) -> None:
    """Bring the next ones back from the trash, as far as the quota has room."""
    contacts = Contact.objects.for_workspace(one.workspace_id).trashed().filter(deletion=one.deletion)
    ids = list(contacts.order_by("pk").values_list("pk", flat=True)[:BATCH])
    result = contacts.filter(pk__in=ids).restore(one.actor)
    one.reverted += len(result.ids)
    if result.left or len(ids) < BATCH:
        one.kept = one.changed - one.reverted
        _end(one, Status.UNDONE)


def _revert(one: BulkEdit) -> None:
    """Give the next ones back what they had, where they still are as the edit left them."""
    changes = Change.objects.for_workspace(one.workspace_id).filter(bulk_edit=one)
    after = changes.filter(contact_id__gt=one.position).order_by("contact_id")
    ids = list(after.values_list("contact_id", flat=True).distinct()[:BATCH])
    locked = Contact.objects.for_workspace(one.workspace_id).alive().filter(pk__in=ids).order_by("pk")
    contacts = {contact.pk: contact for contact in locked.select_for_update(no_key=True)}
    own = changes.filter(contact_id__in=contacts).order_by("pk")
    drafts, stays = Reverting(one.workspace_id, contacts, own).drafts()
    write(one.workspace_id, one.actor, "manual", drafts)
    one.reverted += len(drafts)
    one.kept += len(stays | (set(ids) - contacts.keys()))
    one.position = ids[-1] if ids else one.position
    if len(ids) < BATCH:
        _end(one, Status.UNDONE)
