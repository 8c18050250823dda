"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from datetime import datetime
from typing import Any

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import JobAborted

from contacts.bulkedits import running as bulk_edits
from contacts.erasing import running as erasing
from contacts.importing import running, tidying, undoing
from contacts.importing.starting import QUEUE, RUN, UNDO
from gopimi.workspaces.models import Workspace
from gopimi.workspaces.tasks import AGAIN


@app.task(name=RUN, queue=QUEUE, pass_context=True, retry=AGAIN)
def run_import(context: Any, workspace_id: int, import_id: int) -> None:
    """Import a file, or go on where another worker was killed."""
    close_old_connections()
    if not running.run(workspace_id, import_id, context.should_abort):
        raise JobAborted


@app.task(name=UNDO, queue=QUEUE, pass_context=True, retry=AGAIN)
def undo_import(context: Any, workspace_id: int, import_id: int) -> None:
    """Take back what an import did, or go on with that."""
    close_old_connections()
    if not undoing.undo(workspace_id, import_id, context.should_abort):
        raise JobAborted


@app.task(name=bulk_edits.WORK.task, queue=QUEUE, pass_context=True, retry=AGAIN)
def run_bulk_edit(context: Any, workspace_id: int, bulk_edit_id: int) -> None:
    """Change many contacts, or take that back, or go on with either."""
    close_old_connections()
    if not bulk_edits.run(workspace_id, bulk_edit_id, context.should_abort):
        raise JobAborted


@app.task(name=erasing.PURGE, queue=QUEUE, pass_context=True, retry=AGAIN)
def purge_trash(context: Any, workspace_id: int, until: str) -> None:
    """Purge what was put into the trash until this moment (ISO 8601), and then the traces; or go on with that."""
    close_old_connections()
    if not erasing.purge(workspace_id, datetime.fromisoformat(until), context.should_abort):
        raise JobAborted
    _sweep(context, workspace_id)


@app.task(name=erasing.SWEEP, queue=QUEUE, pass_context=True, retry=AGAIN)
def sweep(context: Any, workspace_id: int) -> None:
    """Look for what is left of people who were erased."""
    close_old_connections()
    _sweep(context, workspace_id)


def _sweep(context: Any, workspace_id: int) -> None:
    """Where an import still reads its file, `sweep_again` comes back to it."""
    if not erasing.sweep(workspace_id, context.should_abort) and context.should_abort():
        raise JobAborted


@app.periodic(cron="*/10 * * * *")
@app.task(name="contacts.sweep_again", queueing_lock="sweep_again", pass_context=True)
def sweep_again(context: Any, timestamp: int) -> None:
    """Take out what could not be taken out before."""
    close_old_connections()
    for workspace_id in Workspace.ids():
        erasing.sweep(workspace_id, context.should_abort)


@app.periodic(cron="53 2 * * *")
@app.task(name="contacts.empty_trash", queueing_lock="empty_trash", pass_context=True)
def empty_trash(context: Any, timestamp: int) -> None:
    """Purge what has been in the trash for as long as it is kept."""
    close_old_connections()
    until = timezone.now() - erasing.KEPT
    for workspace_id in Workspace.ids():
        if erasing.purge(workspace_id, until, context.should_abort):
            erasing.sweep(workspace_id, context.should_abort)


@app.periodic(cron="* * * * *")
@app.task(name="contacts.give_up_imports", queueing_lock="give_up_imports")
def give_up_imports(timestamp: int) -> None:
    """Say of imports whose job failed that they did, so that none seems to run for ever."""
    close_old_connections()
    jobs = ProcrastinateJob.objects.filter(queue_name=QUEUE, task_name__in=[RUN, UNDO])
    for job in jobs.filter(status="failed"):
        if not jobs.filter(task_name=job.task_name, args=job.args, status__in=["todo", "doing"]).exists():
            tidying.give_up(**job.args, undoing=job.task_name == UNDO)


@app.periodic(cron="41 3 * * *")
@app.task(name="contacts.forget_uploads", queueing_lock="forget_uploads")
def forget_uploads(timestamp: int) -> None:
    """Delete drafts and the files of dry runs that became no import within a week."""
    close_old_connections()
    for workspace_id in Workspace.ids():
        tidying.forget(workspace_id)
