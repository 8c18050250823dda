"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from contacts.importing.starting import QUEUE
from gopimi.lib.tenancy import workspace
from gopimi.workspaces import mailing
from gopimi.workspaces.models import Workspace
from tickets import drafts, held, notifying, originals, outbound, presence, sending, tagging
from tickets.bulkedits import running as bulk_edits

# Of the job. When a mail is tried again, which the server wouldn't take, is said by its message.
DATABASE_AWAY = RetryStrategy(max_attempts=10, exponential_wait=2, retry_exceptions=[DatabaseError, InterfaceError])

# A worker that is asked to stop hands the job on.
AGAIN = RetryStrategy(max_attempts=50, wait=2, retry_exceptions=[JobAborted, DatabaseError, InterfaceError])


@app.task(name="tickets.send", queue=outbound.QUEUE, retry=DATABASE_AWAY)
def send(workspace_id: int, message_id: int) -> None:
    """Mail a reply. Done twice, it sends once."""
    sending.deliver(workspace_id, message_id)


@app.task(name=notifying.TELL, queue=mailing.QUEUE, retry=mailing.AGAIN)
def notify(workspace_id: int, message_id: int, user_id: int) -> None:
    """Tell a member of a customer's message. Done twice, it tells twice."""
    close_old_connections()
    notifying.tell(workspace_id, message_id, user_id)


@app.task(name=held.TRY_ALL_AGAIN)
def try_all_held_again(workspace_id: int) -> None:
    """Process everything that is held as if it had just come. Done twice, each mail becomes one message."""
    close_old_connections()
    held.try_all_again(workspace_id)


@app.task(name=tagging.REMOVE, queue=QUEUE, pass_context=True, retry=AGAIN)
def remove_tag(context: Any, workspace_id: int, tag_id: int, into_id: int | None) -> None:
    """Delete a tag, or merge it into another, or go on with that."""
    close_old_connections()
    if not tagging.remove(workspace_id, tag_id, into_id, context.should_abort):
        raise JobAborted


@app.task(name=bulk_edits.WORK.task, queue=QUEUE, pass_context=True, retry=AGAIN)
def run_bulk_edit(context: Any, workspace_id: int, bulk_edit_id: int) -> None:
    """Change many tickets or conversations, or take that back, or go on with either."""
    close_old_connections()
    if not bulk_edits.WORK.run(workspace_id, bulk_edit_id, context.should_abort):
        raise JobAborted


@app.periodic(cron="*/10 * * * *")
@app.task(name="tickets.take_up_mail", queueing_lock="take_up_mail")
def take_up_mail(timestamp: int) -> None:
    """Process what was stored and left there, so that no mail is lost whose sender doesn't come again."""
    close_old_connections()
    for workspace_id in Workspace.ids():
        held.take_up(workspace_id)


@app.periodic(cron="29 2 * * *")
@app.task(name="tickets.forget_raw_mail", queueing_lock="forget_raw_mail", pass_context=True)
def forget_raw_mail(context: Any, timestamp: int) -> None:
    """Drop the bytes of mails that became messages longer ago than the setting says."""
    close_old_connections()
    for workspace_id in Workspace.ids():
        originals.forget(workspace_id, context.should_abort)


@app.periodic(cron="41 * * * *")
@app.task(name="tickets.tidy", queueing_lock="tickets.tidy")
def tidy(timestamp: int) -> None:
    """Delete drafts that were thrown away, and who was looking at what."""
    close_old_connections()
    for workspace_id in Workspace.ids():
        with workspace(workspace_id):
            drafts.tidy(workspace_id)
            presence.forget(workspace_id)
