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
from tickets.filing import Filed, Kept
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
                return _original(kept)
        return process(kept, raw, (lambda _: reading.result()) if reading else None)
    except AWAY as error:
        raise TryAgain(f"The mail can't be stored now: {error}") from error


def process(
    kept: Kept,
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
            return _file(kept, mail, raw, stored, waiting)
    except (OperationalError, InterfaceError, OSError, RawMail.DoesNotExist):
        _discard(stored)
        raise
    except TooMuch as error:
        with workspace(kept.workspace):
            return _end(kept, RawMail.State.HELD, reason=str(error))
    except Exception as error:  # whatever a mail did to us, it is kept, and the next one is taken in
        logger.exception("A mail is held: workspace %s, raw mail %s", kept.workspace.slug, kept.raw_mail)
        _discard(stored)
        with workspace(kept.workspace):
            return _end(kept, RawMail.State.HELD, reason=FAILED.format(error=f"{type(error).__name__}: {error}"))


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


def _file(kept: Kept, mail: mailparse.Mail, raw: bytes, stored: list[str], waiting: Collection[str]) -> Result:
    filed: Filed | Result | None = None
    if not mail.automatic and not mailthreads.named(mail):
        filed = filing.open_at_once(kept, mail, waiting)
    if filed is None:
        filed = _place(kept, mail, raw, waiting)
    if isinstance(filed, Result):
        return filed
    if mail.sender and not mail.automatic:
        notifying.soon(kept.workspace.pk, filed.message, filed.told)
    for file in mail.files:
        message, content = Message(pk=filed.message, workspace_id=kept.workspace.pk), ContentFile(file.data)
        stored.append(attachments.attach(message, content, file.name, file.content_type, file.content_id))
    kind = "ticket" if filed.ticket else "conversation"
    return Result(
        f"{kind}_{filed.outcome}", kept.workspace.slug, filed.contact, filed.ticket, filed.conversation, filed.message
    )


def _place(kept: Kept, mail: mailparse.Mail, raw: bytes, waiting: Collection[str]) -> Filed | Result:
    """Find the mail's thread and who wrote, and make it a message; or say why it becomes none."""
    target, state = filing.lock(kept)
    if state not in waiting:
        return _original(kept)
    thread = mailthreads.find(target, mail)
    if mail.automatic and thread is None:
        return _end(kept, RawMail.State.AUTOMATIC, mail, mail.automatic)
    if mail.sender is None and not mail.automatic:
        return _end(kept, RawMail.State.HELD, mail, NO_SENDER if raw.strip() else EMPTY)
    contact = _contact(target, mail)
    if thread is None:
        return filing.open_thread(kept, contact, mail)
    filed = filing.append(thread, kept, contact, mail)
    type(thread).objects.for_workspace(target).filter(pk=thread.pk).update(updated_at=Now())
    if not mail.automatic:
        thread.reopen(EMAIL)
    return filed


def _contact(target: Workspace, mail: mailparse.Mail) -> Contact | None:
    """Who wrote. A machine's mail makes no contact, but may come from one."""
    contacts = Contact.objects.for_workspace(target)
    if mail.sender is None:
        return None
    if mail.automatic:
        return contacts.filter(email_key=mail.sender.key).first()
    return contacts.by_mail(mail.sender.email, mail.sender.name, target)[0]


def _end(kept: Kept, state: RawMail.State, mail: mailparse.Mail | None = None, reason: str = "") -> Result:
    read = {}
    if mail is not None:
        sender = mail.sender.email if mail.sender else mail.from_text
        read = {"sender": sender[:320], "subject": mail.subject[:500]}
    rows = RawMail.objects.for_workspace(kept.workspace).filter(pk=kept.raw_mail)
    rows.exclude(state=RawMail.State.DONE).update(state=state, reason=reason, **read)
    return Result(state.value, kept.workspace.slug)


def _original(kept: Kept) -> Result:
    messages = Message.objects.for_workspace(kept.workspace).select_related("ticket")
    message = messages.filter(raw_mail=kept.raw_mail).first()
    if message is None:
        return Result("duplicate", kept.workspace.slug)
    ticket = message.ticket.number if message.ticket else None
    return Result(
        "duplicate", kept.workspace.slug, message.author_contact_id, ticket, message.conversation_id, message.pk
    )


def _discard(stored: list[str]) -> None:
    for path in stored:
        default_storage.delete(path)
