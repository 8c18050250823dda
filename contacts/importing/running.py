"""The run of an import: in chunks, each one transaction that also records how far it came.

A worker killed at any point is continued by another: the file is read again from its start, without the rows that are
done with. Two that run the same import at once do no harm: whoever finds that the other came further leaves.
"""

import time
from collections.abc import Callable
from contextlib import closing

from django.db import IntegrityError, OperationalError
from django.utils import timezone

from contacts.importing import files, finding, reading, starting
from contacts.importing.chunks import Chunks, Overtaken
from contacts.importing.files import Unreadable, Written
from contacts.importing.plans import Plan
from contacts.importing.records import Import, ImportRow, Status
from contacts.importing.turns import Turns
from customfields import values as field_values
from gopimi.lib.tenancy import workspace

CHUNK = 5_000  # rows
TRIES = 6  # of a chunk that another transaction got in the way of
# Serialization failure, deadlock, lock not available; and what was there a moment ago was deleted.
COLLISIONS = ("40001", "40P01", "55P03", "23503")


def run(workspace_id: int, import_id: int, must_stop: Callable[[], bool] = lambda: False) -> bool:
    """Run an import to its end; False where `must_stop` said so before, and it is to be continued later."""
    one = _begin(workspace_id, import_id)
    if one is None:
        return True
    try:
        with starting.opened(one) as file:
            _outline(one, file)
            return _run_chunks(one, file, must_stop)
    except Unreadable as error:
        _finish(one, Status.FAILED, error)
    except Overtaken:
        pass
    return True


def _begin(workspace_id: int, import_id: int) -> Import | None:
    """The import, now running; None where there is nothing to be done."""
    with workspace(workspace_id):
        found = Import.objects.for_workspace(workspace_id).filter(pk=import_id).select_for_update(no_key=True)
        one = found.filter(status__in=[Status.QUEUED, Status.RUNNING]).first()
        if one is None:
            return None
        changed = ["status", "started_at"]
        if one.status == Status.RUNNING and one.dry_run:  # a killed one: what it had counted in memory is gone
            changed += starting.forget_run(one)
        one.status, one.started_at = Status.RUNNING, one.started_at or timezone.now()
        one.save(update_fields=changed)
    return one


def _outline(one: Import, file: object) -> None:
    """Read the file to its end before anything is written, so that never half of one is imported."""
    if one.position == 0:
        rows = files.outline(file, Written(one.encoding, one.delimiter)).rows
        with workspace(one.workspace_id):
            Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk, position=0).update(rows=rows)
        one.rows = rows


def _run_chunks(one: Import, file: object, must_stop: Callable[[], bool]) -> bool:
    with workspace(one.workspace_id):
        plan = Plan(one, field_values.fields_of(one.workspace_id))
        edited = ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, edited=True)
        corrections = dict(edited.values_list("row", "cells"))
    if one.position and not one.dry_run:
        finding.catch_up(one)
    turns = Turns()
    with (
        finding.finder(one.workspace_id, turns) as finder,
        closing(reading.ahead(file, one, plan, corrections, CHUNK, turns)) as coming,
    ):
        chunks = Chunks(one, plan, finder, turns, corrections)
        for rows in coming:
            if _asked_to_cancel(one):
                finder.wait()
                _finish(one, Status.CANCELLED)
                return True
            if must_stop():
                return False
            _try(chunks, rows)
    _finish(one, Status.DONE)
    return True


def _try(chunks: Chunks, rows: list) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            chunks.do(rows)
            return
        except (OperationalError, IntegrityError) as error:
            if getattr(error.__cause__, "sqlstate", "") not in COLLISIONS or not tries_left:
                raise
            time.sleep(0.1 * (TRIES - tries_left))


def _asked_to_cancel(one: Import) -> bool:
    """Also sees to it that nobody else has brought it further."""
    with workspace(one.workspace_id):
        now = Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk, status=Status.RUNNING)
        state = now.values_list("position", "cancel_asked").first()
    if state is None or state[0] != one.position:
        raise Overtaken
    return bool(state[1])


def _finish(one: Import, status: Status, error: Unreadable | None = None) -> None:
    with workspace(one.workspace_id):
        own = Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk, status=Status.RUNNING)
        problem = error.as_problem() if error else None
        if own.update(status=status, problem=problem, finished_at=timezone.now()) and not one.dry_run:
            starting.drop_file(one)
