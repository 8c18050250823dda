"""Background jobs that keep the house in order."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, close_old_connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from gopimi.workspaces import invitations, mailing

# A worker that is asked to stop hands the job on; one that lost the database comes back to it.
AGAIN = RetryStrategy(max_attempts=50, wait=2, retry_exceptions={JobAborted, OperationalError, InterfaceError})
STALLED_AFTER = 15  # seconds without a sign of life from the worker that had the job: it gives one every 3


@app.periodic(cron="* * * * * */10")  # every ten seconds
@app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: Any, timestamp: int) -> None:
    """Do again what a killed worker had in hand. Jobs must bear being done twice."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="forget_sessions")
def forget_sessions(timestamp: int) -> None:
    """Delete the sessions that have ended."""
    call_command("clearsessions")


@app.task(name=invitations.SEND, queue=mailing.QUEUE, retry=mailing.AGAIN)
def send_invitation(invitation_id: int, root: str, language: str = settings.LANGUAGE_CODE) -> None:
    """Mail an invitation's link. Done twice, it sends the same one twice."""
    close_old_connections()
    invitations.mail(invitation_id, root, language)
