"""Replies on their way to the mail server, by a background job; never sent twice by themselves.

A message is `queued` until a worker has talked to the server. The worker connects first, and then notes in a
transaction of its own that it has the message in hand (`sending_since`). Afterwards it is `sent` or `failed`, or queued
again to be tried later where the failure is temporary. Where the worker died in between, or the connection was lost
after the mail was handed over, nobody knows: the state is `unknown`, and an agent decides. What is sent again keeps
its Message-ID, so that a mail program shows it once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext_noop

from gopimi.lib import charsets
from gopimi.lib.smtp import Lost
from gopimi.lib.tenancy import workspace
from tickets import outbound
from tickets.composing import compose
from tickets.models import Message

State = Message.State
MINUTES = (1, 5, 15, 60, 240)  # between the tries; after the last one it has failed
NOT_KNOWN = gettext_noop("The sending was interrupted, and the mail may have gone out or not.")
UNREACHABLE = gettext_noop("The mail server can't be reached: {error}")
REFUSED = gettext_noop("The mail server refused it: {error}")
NOT_TAKEN = gettext_noop("Not taken for {refusals}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail. `failure` says why it isn't sent, or who was refused; `temporary` that it may be later."""

    state: str
    failure: str = ""
    temporary: bool = False


def deliver(workspace_id: int, message_id: int) -> None:
    """Mail a queued message that is due. One in another state is left alone, so that a job done twice sends once."""
    if not _is_due(workspace_id, message_id):
        return
    server = mail.get_connection()
    try:
        server.open()
    except OSError as error:
        _end(workspace_id, message_id, _failed(error))
    else:
        if taken := _take(workspace_id, message_id):
            _send(server, *taken, workspace_id, message_id)
    finally:
        _close(server)


def _send(server: Any, email: EmailMessage, since: datetime, workspace_id: int, message_id: int) -> None:
    outcome = Outcome(State.UNKNOWN, NOT_KNOWN)
    try:
        outcome = _hand_over(server, email)
    finally:  # whatever happened: it isn't in hand any more
        _end(workspace_id, message_id, outcome, since)


def _is_due(workspace_id: int, message_id: int) -> bool:
    """Whether to send it. A message that is in hand already is of a worker that died, whose job is done again."""
    with workspace(workspace_id):
        message = _queued(workspace_id, message_id)
        if message is None or (message.retry_at and message.retry_at > timezone.now()):
            return False
        if message.sending_since is None:
            return True
        _write(message, state=State.UNKNOWN, failure=NOT_KNOWN)
        return False


def _take(workspace_id: int, message_id: int) -> tuple[EmailMessage, datetime] | None:
    """Make the mail, and note since when it is in hand; None where another worker was faster, or there is no mail to
    make of it."""
    with workspace(workspace_id):
        message = _queued(workspace_id, message_id)
        if message is None or message.sending_since:
            return None
        try:
            email = compose(message)
        except ValueError as error:  # CannotSend among them
            _write(message, state=State.FAILED, failure=str(error), retry_at=None)
            return None
        since = timezone.now()
        _write(message, sending_since=since)
        return email, since


def _end(workspace_id: int, message_id: int, outcome: Outcome, since: datetime | None = None) -> None:
    """Write down what became of it, and with the same commit the job that tries again.

    A worker that was only taken for dead finds it unknown, and knows better; but not once an agent has sent it again.
    """
    with workspace(workspace_id):
        message = _queued(workspace_id, message_id, State.UNKNOWN)
        if message is None or message.sending_since != since:
            return
        if outcome.temporary and message.tries < len(MINUTES):
            at = timezone.now() + timedelta(minutes=MINUTES[message.tries])
            values = {"state": State.QUEUED, "tries": message.tries + 1, "retry_at": at}
            outbound.queue(message, at)
        else:
            values = {"state": outcome.state, "retry_at": None}
        _write(message, failure=outcome.failure, sending_since=None, **values)


def _queued(workspace_id: int, message_id: int, *others: str) -> Message | None:
    """The message, its row locked, where it is queued or in one of the other states."""
    messages = Message.objects.for_workspace(workspace_id).filter(pk=message_id, state__in=[State.QUEUED, *others])
    return messages.select_for_update(of=("self",)).first()


def _write(message: Message, **values: Any) -> None:
    Message.objects.for_workspace(message.workspace_id).filter(pk=message.pk).update(**values)


def _hand_over(server: Any, email: EmailMessage) -> Outcome:
    try:
        server.send_messages([email])
    except (Lost, ConnectionError, TimeoutError) as error:  # the latter two of backends that don't tell
        return Outcome(State.UNKNOWN, f"{NOT_KNOWN} {_said(error)}")
    except (OSError, ValueError) as error:
        return _failed(error)
    client = getattr(server, "connection", None)  # backends without SMTP refuse all or nothing
    refused = getattr(client, "refused", {})
    return Outcome(State.SENT, NOT_TAKEN.format(refusals=_refusals(refused)) if refused else "")


def _failed(error: Exception) -> Outcome:
    """Nothing was handed over. Temporary are 4xx answers (RFC 5321, 4.2.1) and a server that isn't there."""
    lost = isinstance(error, SMTPServerDisconnected) or not isinstance(error, SMTPException | ValueError)
    temporary = lost
    if isinstance(error, SMTPRecipientsRefused):
        temporary = any(400 <= code < 500 for code, _ in error.recipients.values())
    elif isinstance(error, SMTPResponseException):
        temporary = not 500 <= error.smtp_code < 600
    return Outcome(State.FAILED, (UNREACHABLE if lost else REFUSED).format(error=_said(error)), temporary)


def _close(server: Any) -> None:
    try:
        server.close()
    except (OSError, SMTPException):
        return  # what became of the mail is known by then


def _said(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        return _refusals(error.recipients)
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{address}: {code} {_text(text)}" for address, (code, text) in refused.items())


def _text(reply: bytes | str) -> str:
    return charsets.printable(charsets.decode(reply) if isinstance(reply, bytes) else reply)
