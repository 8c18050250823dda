"""Agents' replies: written at once, mailed once that is committed (tickets/sending.py)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from procrastinate.contrib.django import app as jobs

from gopimi.lib import addresses, charsets
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import User
from tickets import mailboxes, messageids, reading
from tickets.attachments import attach, hand_over
from tickets.composing import answered
from tickets.models import Conversation, DraftFile, Message, MessageId, Ticket

State = Message.State
QUEUE = "mail"
MOST_REFERENCES = 20  # the first and the newest; a header has its limits


def reply(
    thread: Ticket | Conversation,
    author: Actor,
    body: str,
    attachments: Iterable[Any] = (),
    note: bool = False,
    kept: Iterable[DraftFile] = (),
    cc: Sequence[str] = (),
    bcc: Sequence[str] = (),
) -> Message:
    """Write into a thread: a reply, mailed to the requester once this is committed, or a note, which stays inside.

    `attachments` are uploaded files, `kept` those of a draft, `cc` and `bcc` valid addresses. The thread's status stays
    as it is.
    """
    with transaction.atomic():
        message = Message.objects.for_workspace(thread.workspace_id).create(
            ticket=thread if isinstance(thread, Ticket) else None,
            conversation=thread if isinstance(thread, Conversation) else None,
            direction=Message.Direction.NOTE if note else Message.Direction.OUTBOUND,
            state=State.SENT if note else State.QUEUED,
            author_name=author.name[:200],
            body_text=charsets.clean(body),
            cc="" if note else ", ".join(cc),
            bcc="" if note else ", ".join(bcc),
            **_author(author),
        )
        hand_over(kept, message)
        for file in attachments:
            attach(message, file, file.name, file.content_type or "")
        rows = type(thread).objects.for_workspace(thread.workspace_id).filter(pk=thread.pk)
        before = list(rows.select_for_update(no_key=True))
        rows.update(updated_at=Now(), **({} if note else {"last_message_at": Now()}))
        reading.keep(author, before)
        if not note:
            message.refresh_from_db(fields=["created_at"])
            _address(message)
            queue(message)
    return message


def retry(message: Message) -> bool:
    """Send a message again that failed or may not have gone out; False where it is in another state by now."""
    with transaction.atomic():
        messages = Message.objects.for_workspace(message.workspace_id).filter(pk=message.pk)
        anew = {"state": State.QUEUED, "failure": "", "tries": 0, "retry_at": None, "sending_since": None}
        if not messages.filter(state__in=[State.FAILED, State.UNKNOWN]).update(**anew):
            return False
        message.refresh_from_db()
        _address(message)
        queue(message)
    return True


def queue(message: Message, at: datetime | None = None) -> None:
    """Have it sent, now or later. The job's row is written in the same transaction: it is there exactly when the
    message is."""
    task = jobs.configure_task("tickets.send", queue=QUEUE, schedule_at=at)
    task.defer(workspace_id=message.workspace_id, message_id=message.pk)


def _author(author: Actor) -> dict[str, Any]:
    if author.kind == ActorKind.AGENT:
        user = User.objects.get(pk=author.id or 0)
        return {"author_type": Message.Author.AGENT, "author_user": user, "author_email": user.email}
    return {"author_type": Message.Author.API}


def _address(message: Message) -> None:
    """Say from which mailbox to whom, in answer to what, and under which id, which never changes."""
    thread = message.thread
    message.mailbox = mailboxes.answering(thread)
    message.to = thread.reply_address
    if message.mailbox and not message.message_id:
        domain = addresses.parse(message.mailbox.address).domain
        message.message_id = messageids.make(message.workspace_id, message.pk, domain)
        MessageId.objects.for_workspace(message.workspace_id).create(
            digest=messageids.digest(message.message_id), message=message
        )
        before = thread.messages.exclude(pk=message.pk).exclude(message_id="").order_by("created_at", "id")
        ids = before.values_list("message_id", flat=True)
        known = list(dict.fromkeys(one for one in ids if messageids.SENDABLE.fullmatch(one)))
        mail = answered(message)
        message.in_reply_to = mail.message_id if mail and mail.message_id in known else (known or [""])[-1]
        message.references = " ".join(known[:1] + known[1:][-MOST_REFERENCES:])
    message.save(update_fields=["mailbox", "to", "message_id", "references", "in_reply_to"])
