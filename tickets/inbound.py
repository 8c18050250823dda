"""The one door inward for mail. The pipe, and any other way in, ends in `receive`; no sockets or HTTP in here.

A mail's raw bytes are stored first, by a statement of their own; what is read of them becomes a message in a
transaction. What can't be processed stays stored as held, with the reason; what wasn't processed because the database
went away is processed when the sender tries again.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from contacts.models import Contact
from gopimi.embedded import EmbeddedError
from gopimi.lib.tenancy import entering, workspace
from gopimi.workspaces.actor import EMAIL
from gopimi.workspaces.models import Workspace
from tickets import attachments, filing, mailparse, mailthreads, notifying
from tickets.mailguards import LONGEST_HEAD, TooMuch
from tickets.models import Message, RawMail

logger = logging.getLogger(__name__)
EMPTY = gettext_noop("The mail is empty.")
FAILED = gettext_noop("It couldn't be processed: {error}")
AWAY = (DatabaseError, InterfaceError, OSError, EmbeddedError)  # raised while the database or the storage is away
NO_SENDER = gettext_noop("Neither From, Sender nor Reply-To names a usable address.")
READERS = ThreadPoolExecutor(thread_name_prefix="mail-reader")
SHORT = 20_000  # bytes; what is longer is read while it is being stored
WAITING = (RawMail.State.RECEIVED, RawMail.State.HELD)  # what may still become a message by itself


class TryAgain(RuntimeError):
    """The mail couldn't be stored or processed now, and may be later: the sender is to deliver it again."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mail (PRODUCT.md, Doors for operators). `ticket` is its number, `message_id` our message's."""

    result: str
    workspace: str
    contact_id: int | None = None
    ticket: int | None = None
    conversation: int | None = None
    message_id: int | None = None


def receive(raw: bytes, recipient: str) -> Result:
    """Take in a mail to an address. Whatever is in it, it is stored. Raises UnknownRecipient and TryAgain."""
    try:
        reading = READERS.submit(mailparse.parse, raw) if len(raw) > SHORT else None
        kept = filing.keep(recipient, raw, fingerprint(raw))
        if kept.state != RawMail.State.RECEIVED:
            with workspace(kept.workspace):
                return _original(kept.workspace, kept.raw_mail)
        read = (lambda _: reading.result()) if reading else None
        return process(kept.workspace, kept.raw_mail, raw, read)
    except AWAY as error:
        raise TryAgain(f"The mail can't be stored now: {error}") from error


def process(
    target: Workspace,
    raw_mail_id: int,
    raw: bytes,
    read: Callable[[bytes], mailparse.Mail] | None = None,
    waiting: Collection[str] = WAITING,
) -> Result:
    """Make a stored mail a message, unless that has been done: its state isn't one of `waiting` any more.

    Raises OperationalError where it may be tried again, and RawMail.DoesNotExist where it was deleted meanwhile.
    """
    stored: list[str] = []
    try:
        mail = (read or mailparse.parse)(raw)
        with entering():
            return _file(target, raw_mail_id, mail, raw, stored, waiting)
    except (OperationalError, InterfaceError, OSError, RawMail.DoesNotExist):
        _discard(stored)
        raise
    except TooMuch as error:
        with workspace(target):
            return _end(target, raw_mail_id, RawMail.State.HELD, reason=str(error))
    except Exception as error:  # whatever a mail did to us, it is kept, and the next one is taken in
        logger.exception("A mail is held: workspace %s, raw mail %s", target.slug, raw_mail_id)
        _discard(stored)
        with workspace(target):
            return _end(
                target, raw_mail_id, RawMail.State.HELD, reason=FAILED.format(error=f"{type(error).__name__}: {error}")
            )


def fingerprint(raw: bytes) -> bytes:
    """What makes two deliveries the same mail: Message-ID, From, Date and body; without a Message-ID all of it.

    Headers that are added on the way don't count, and neither does how lines end, which differs between doors.
    """
    plain = mailparse.mend(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    header, body = mailparse.split(plain)
    header = re.sub(rb"\n(?=[ \t])", b"", header[:LONGEST_HEAD])
    found = [re.search(rb"(?im)^%s:(.*)$" % name, header) for name in (b"message-id", b"from", b"date")]
    values = [b" ".join(match[1].split()) if match else b"" for match in found]
    return hashlib.sha256(b"\n".join([*values, body.strip(b"\n")]) if values[0] else plain.rstrip(b"\n")).digest()


def _file(
    target: Workspace, raw_mail_id: int, mail: mailparse.Mail, raw: bytes, stored: list[str], waiting: Collection[str]
) -> Result:
    target, raw_mail = filing.lock(target, raw_mail_id)
    if raw_mail.state not in waiting:
        return _original(target, raw_mail_id)
    thread = mailthreads.find(target, mail)
    if mail.automatic and thread is None:
        return _end(target, raw_mail_id, RawMail.State.AUTOMATIC, mail, mail.automatic)
    if mail.sender is None and not mail.automatic:
        return _end(target, raw_mail_id, RawMail.State.HELD, mail, NO_SENDER if raw.strip() else EMPTY)
    contact = _contact(target, mail)
    if thread is None:
        filed, outcome = filing.open_thread(target.pk, raw_mail, contact, mail), "created"
    else:
        filed, outcome = filing.append(thread, raw_mail, contact, mail), "appended"
        rows = type(thread).objects.for_workspace(target).filter(pk=thread.pk)
        rows.update(updated_at=Now(), last_message_at=Now())
        if not mail.automatic:
            thread.reopen(EMAIL)
    message = Message(pk=filed.message, workspace_id=target.pk)
    if mail.sender and not mail.automatic:
        notifying.soon(target.pk, message.pk, filed.told)
    for file in mail.files:
        content = ContentFile(file.data)
        stored.append(attachments.attach(message, content, file.name, file.content_type, file.content_id))
    kind = "ticket" if filed.ticket else "conversation"
    return Result(f"{kind}_{outcome}", target.slug, contact.pk if contact else None, *filed[:3])


def _contact(target: Workspace, mail: mailparse.Mail) -> Contact | None:
    """Who wrote. A machine's mail makes no contact, but may come from one."""
    contacts = Contact.objects.for_workspace(target)
    if mail.sender is None:
        return None
    if mail.automatic:
        return contacts.filter(email_key=mail.sender.key).first()
    return contacts.by_mail(mail.sender.email, mail.sender.name, target)[0]


def _end(
    target: Workspace, raw_mail_id: int, state: RawMail.State, mail: mailparse.Mail | None = None, reason: str = ""
) -> Result:
    read = {}
    if mail is not None:
        sender = mail.sender.email if mail.sender else mail.from_text
        read = {"sender": sender[:320], "subject": mail.subject[:500]}
    undecided = RawMail.objects.for_workspace(target).filter(pk=raw_mail_id).exclude(state=RawMail.State.DONE)
    undecided.update(state=state, reason=reason, **read)
    return Result(state.value, target.slug)


def _original(target: Workspace, raw_mail_id: int) -> Result:
    messages = Message.objects.for_workspace(target).select_related("ticket")
    message = messages.filter(raw_mail=raw_mail_id).first()
    if message is None:
        return Result("duplicate", target.slug)
    ticket = message.ticket.number if message.ticket else None
    return Result("duplicate", target.slug, message.author_contact_id, ticket, message.conversation_id, message.pk)


def _discard(stored: list[str]) -> None:
    for path in stored:
        default_storage.delete(path)
