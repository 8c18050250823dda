"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from django.db import DatabaseError, InterfaceError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from tickets import sending

# Of the job. When a mail is tried again, which the server wouldn't take, is said by its message.
DATABASE_AWAY = RetryStrategy(max_attempts=10, exponential_wait=2, retry_exceptions=[DatabaseError, InterfaceError])


@app.task(name="tickets.send", retry=DATABASE_AWAY)
def send(workspace_id: int, message_id: int) -> None:
    """Mail a reply. Done twice, it sends once."""
    sending.deliver(workspace_id, message_id)
