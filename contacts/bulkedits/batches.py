"""Work on many rows: begun, done in batches, and taken back.

Each batch is a transaction that also says how far it came, so that a worker killed at any point is followed by another
with nothing done twice. Few rows are done with at once; many in the background, so that nobody waits for long for a row
that is locked.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db import transaction
from procrastinate.contrib.django import app as jobs

from contacts.bulkedits.records import Batched, Status
from contacts.importing.starting import QUEUE
from customfields.values import Outdated
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor

BATCH = 1_000  # rows
AT_ONCE = 1_000  # with more, the work goes on in the background


class NotPossible(Exception):
    """What the work needs is gone by now; the text says what."""


class Work:
    """One kind of such work: its records, the background task, and what is done to a batch."""

    model: ClassVar[type[Batched]]
    task: ClassVar[str]

    def change(self, one: Any, ids: Sequence[int]) -> int:
        """Do it to these; answers with how many became another. Raises NotPossible."""
        raise NotImplementedError

    def revert(self, one: Any) -> None:
        """Take the next batch back: count `reverted` and `kept`, and end where that was the last."""
        raise NotImplementedError

    @transaction.atomic
    def begin(self, workspace_id: int, actor: Actor, ids: Sequence[int], **values: Any) -> Any:
        """Do something to these rows: finished on return where they are few, else queued."""
        one = self.model.objects.for_workspace(workspace_id).create(
            actor_kind=actor.kind, actor_id=actor.id, total=len(ids), **{self.model.IDS: sorted(ids)}, **values
        )
        self._go(one)
        return one

    @transaction.atomic
    def undo(self, one: Any) -> None:
        """Give the rows back what they had, but for what was changed since. Again is no error."""
        waiting = self.model.objects.for_workspace(one.workspace_id).filter(pk=one.pk, changed__gt=0)
        status = [Status.DONE, Status.CANCELLED]
        if waiting.filter(status__in=status).update(
            status=Status.UNDOING, position=0, dismissed=False, finished_at=None
        ):
            one.refresh_from_db()
            self._go(one)

    def cancel(self, one: Any) -> None:
        """Ask it to stop after the present batch; what is done stays done, and can be undone."""
        running = self.model.objects.for_workspace(one.workspace_id).filter(pk=one.pk, status=Status.RUNNING)
        running.update(cancel_asked=True)

    def _go(self, one: Batched) -> None:
        if (one.total if one.status == Status.RUNNING else one.changed) <= AT_ONCE:
            self.run(one.workspace_id, one.pk)
            one.refresh_from_db()
        else:
            jobs.configure_task(self.task, queue=QUEUE).defer(workspace_id=one.workspace_id, bulk_edit_id=one.pk)

    def run(self, workspace_id: int, bulk_edit_id: int, must_stop: Callable[[], bool] = lambda: False) -> bool:
        """Bring it to its end; False where `must_stop` said so before, and it is to be continued later."""
        while not must_stop():
            try:
                with workspace(workspace_id):
                    if not self._step(workspace_id, bulk_edit_id):
                        return True
            except Outdated:  # a field was changed at this moment: the batch is done again, with it as it is now
                continue
        return False

    def _step(self, workspace_id: int, bulk_edit_id: int) -> bool:
        """The next batch; False where there is none."""
        found = self.model.objects.for_workspace(workspace_id).filter(pk=bulk_edit_id)
        one = found.select_for_update(no_key=True).first()
        if one is None or not one.is_active:
            return False
        self._forward(one) if one.status == Status.RUNNING else self.revert(one)
        one.save(update_fields=["position", "changed", "reverted", "kept", "status", "problem", "finished_at"])
        return True

    def _forward(self, one: Batched) -> None:
        ids = one.ids[one.position : one.position + BATCH]
        if one.cancel_asked or not ids:
            one.end(Status.CANCELLED if ids else Status.DONE)
            return
        try:
            one.changed += self.change(one, ids)
        except NotPossible as error:
            one.problem = str(error)
            one.end(Status.CANCELLED)
            return
        one.position += len(ids)
        if one.position >= one.total:
            one.end(Status.DONE)
