"""Agents' replies: written at once, mailed by a background job, never sent twice by themselves.

A message is `queued` until a worker takes it. The worker marks it `unknown` in a transaction of its own before it
talks to the mail server, and `sent` or `failed` afterwards: where it died in between, nobody knows, and an agent
decides. What is sent again keeps its Message-ID, so that a mail program shows it once.
"""

from collections.abc import Iterable
from email.utils import formataddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now
from procrastinate.contrib.django import app as jobs

from gopimi.lib import addresses, charsets
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import User
from tickets import mailboxes, messageids
from tickets.attachments import attach
from tickets.models import Conversation, Message, MessageId, Ticket

State = Message.State
MOST_REFERENCES = 20  # the first and the newest; a header has its limits
NO_MAILBOX = "This workspace has no mailbox to send from: an admin adds one in Settings."
NO_RECIPIENT = "Nobody to send it to: the requester has no email address."
NOT_KNOWN = "The sending was interrupted, and the mail may have gone out or not."


class CannotSend(ValueError):
    """The message can't become a mail; the text says why and what to do."""


def reply(
    thread: Ticket | Conversation, author: Actor, body: str, attachments: Iterable[Any] = (), note: bool = False
) -> Message:
    """Write into a thread: a reply, mailed to the requester once this is committed, or a note, which stays inside.

    `attachments` are uploaded files. The thread's status stays as it is.
    """
    with transaction.atomic():
        message = Message.objects.for_workspace(thread.workspace_id).create(
            ticket=thread if isinstance(thread, Ticket) else None,
            conversation=thread if isinstance(thread, Conversation) else None,
            direction=Message.Direction.NOTE if note else Message.Direction.OUTBOUND,
            state=State.SENT if note else State.QUEUED,
            author_name=author.name[:200],
            body_text=charsets.clean(body),
            **_author(author),
        )
        for file in attachments:
            attach(message, file, file.name, file.content_type or "")
        type(thread).objects.for_workspace(thread.workspace_id).filter(pk=thread.pk).update(updated_at=Now())
        if not note:
            _address(message, thread)
            _queue(message)
    return message


def retry(message: Message) -> bool:
    """Send a message again that failed or may not have gone out; False where it is in another state by now."""
    with transaction.atomic():
        messages = Message.objects.for_workspace(message.workspace_id).filter(pk=message.pk)
        if not messages.filter(state__in=[State.FAILED, State.UNKNOWN]).update(state=State.QUEUED, failure=""):
            return False
        message.refresh_from_db()
        _address(message, _thread(message))
        _queue(message)
    return True


def deliver(workspace_id: int, message_id: int) -> None:
    """Mail a queued message; one in another state is left alone, so that a job done twice sends once."""
    with workspace(workspace_id):
        messages = Message.objects.for_workspace(workspace_id).filter(pk=message_id)
        message = messages.filter(state=State.QUEUED).select_for_update(of=("self",)).first()
        if message is None:
            return
        try:
            email = compose(message)
        except CannotSend as error:
            messages.update(state=State.FAILED, failure=str(error))
            return
        messages.update(state=State.UNKNOWN, failure=NOT_KNOWN)
    state, failure = _send(email)
    with workspace(workspace_id):
        messages.filter(state=State.UNKNOWN).update(state=state, failure=failure)


def compose(message: Message) -> EmailMessage:
    """The mail that a message goes out as. Raises CannotSend."""
    if message.mailbox is None:
        raise CannotSend(NO_MAILBOX)
    if not message.to:
        raise CannotSend(NO_RECIPIENT)
    subject = charsets.printable(_thread(message).subject)
    headers = {"Message-ID": f"<{message.message_id}>"}
    if message.in_reply_to:
        headers["In-Reply-To"] = f"<{message.in_reply_to}>"
        headers["References"] = " ".join(f"<{identifier}>" for identifier in message.references.split())
    signature = f"\n\n-- \n{message.mailbox.signature}" if message.mailbox.signature else ""
    email = EmailMessage(
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        body=message.body_text + signature,
        from_email=_ascii(message.mailbox.address, message.workspace.name),
        to=[_ascii(message.to)],
        headers=headers,
    )
    for attachment in message.attachments.order_by("id"):
        with attachment.file.open("rb") as file:
            email.attach(attachment.filename, file.read(), attachment.content_type)
    return email


def _author(author: Actor) -> dict[str, Any]:
    if author.kind == ActorKind.AGENT:
        user = User.objects.get(pk=author.id or 0)
        return {"author_type": Message.Author.AGENT, "author_user": user, "author_email": user.email}
    return {"author_type": Message.Author.API}


def _thread(message: Message) -> Ticket | Conversation:
    thread = message.ticket or message.conversation
    assert thread is not None, "a constraint sees to it"
    return thread


def _address(message: Message, thread: Ticket | Conversation) -> None:
    """Say from which mailbox to whom, in answer to what, and under which id, which never changes."""
    message.mailbox = mailboxes.answering(thread)
    message.to = thread.reply_address
    if message.mailbox and not message.message_id:
        domain = addresses.parse(message.mailbox.address).domain
        message.message_id = messageids.make(message.workspace_id, message.pk, domain)
        MessageId.objects.for_workspace(message.workspace_id).create(
            digest=messageids.digest(message.message_id), message=message
        )
        before = thread.messages.exclude(pk=message.pk).exclude(message_id="").order_by("created_at", "id")
        chain = [(item.message_id, item.direction) for item in before if messageids.SENDABLE.fullmatch(item.message_id)]
        known = list(dict.fromkeys(identifier for identifier, _ in chain))
        message.references = " ".join(known[:1] + known[1:][-MOST_REFERENCES:])
        received = [identifier for identifier, direction in chain if direction == Message.Direction.INBOUND]
        message.in_reply_to = (received or known or [""])[-1]
    message.save(update_fields=["mailbox", "to", "message_id", "references", "in_reply_to"])


def _queue(message: Message) -> None:
    """The job's row is written in the same transaction: it is there exactly when the message is."""
    jobs.configure_task("tickets.send").defer(workspace_id=message.workspace_id, message_id=message.pk)


def _ascii(address: str, name: str = "") -> str:
    parsed = addresses.parse(address)
    local = parsed.given.rpartition("@")[0]
    if not local.isascii():
        raise CannotSend(f"{address} can't be written to: accents before the @ need a mail server with SMTPUTF8.")
    return formataddr((charsets.printable(name), f"{local}@{parsed.domain}"))


def _send(email: EmailMessage) -> tuple[str, str]:
    """Hand a mail to the server; answers with the message's new state and, unless it is sent, with the reason."""
    connection = mail.get_connection()
    try:
        connection.open()
    except OSError as error:
        return State.FAILED, f"The mail server can't be reached: {_said(error)}"
    try:
        connection.send_messages([email])
    except (SMTPServerDisconnected, ConnectionError, TimeoutError) as error:
        return State.UNKNOWN, f"{NOT_KNOWN} {_said(error)}"
    except (OSError, ValueError) as error:
        return State.FAILED, f"The mail server refused it: {_said(error)}"
    finally:
        _close(connection)
    return State.SENT, ""


def _close(connection: Any) -> None:
    try:
        connection.close()
    except SMTPException:
        return  # what became of the mail is known by then


def _said(error: Exception) -> str:
    if isinstance(error, SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(text)}" for code, text in error.recipients.values())
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(reply: bytes | str) -> str:
    return charsets.printable(charsets.decode(reply) if isinstance(reply, bytes) else reply)
