"""The one door inward for mail. The pipe, and any other way in, ends in `receive`; no sockets or HTTP in here.

A mail's raw bytes are stored first, in a transaction of their own, and then processed in a second. What can't be
processed stays stored as held, with the reason; what wasn't processed because the database went away is processed when
the sender tries again.
"""

import hashlib
import logging
import re
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models.functions import Now

from contacts.models import Contact
from gopimi.embedded import EmbeddedError
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL
from gopimi.workspaces.models import Workspace
from tickets import attachments, mailboxes, mailparse, mailthreads
from tickets.mailguards import LONGEST_HEAD, TooMuch
from tickets.messageids import digest
from tickets.models import Conversation, Mailbox, Message, MessageId, RawMail, Ticket

logger = logging.getLogger(__name__)
NO_SUBJECT = "(no subject)"
EMPTY = "The mail is empty."
FAILED = "It couldn't be processed"
AWAY = (DatabaseError, InterfaceError, OSError, EmbeddedError)  # raised while the database or the storage is away
NO_SENDER = "Neither From, Sender nor Reply-To names a usable address."


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
        address = mailboxes.find(recipient)
        raw_mail = _keep(raw, address, recipient)
        if raw_mail.state != RawMail.State.RECEIVED:
            with workspace(address.workspace):
                return _original(address.workspace, raw_mail)
        return process(address.workspace, raw_mail.pk, raw)
    except AWAY as error:
        raise TryAgain(f"The mail can't be stored now: {error}") from error


def process(target: Workspace, raw_mail_id: int, raw: bytes) -> Result:
    """Make a stored mail a message, unless that has been done. Raises OperationalError where it may be tried again."""
    stored: list[str] = []
    try:
        mail = mailparse.parse(raw)
        with workspace(target):
            return _file(target, raw_mail_id, mail, raw, stored)
    except (OperationalError, InterfaceError, OSError):
        _discard(stored)
        raise
    except TooMuch as error:
        with workspace(target):
            return _end(target, raw_mail_id, RawMail.State.HELD, reason=str(error))
    except Exception as error:  # whatever a mail did to us, it is kept, and the next one is taken in
        logger.exception("A mail is held: workspace %s, raw mail %s", target.slug, raw_mail_id)
        _discard(stored)
        with workspace(target):
            return _end(target, raw_mail_id, RawMail.State.HELD, reason=f"{FAILED}: {type(error).__name__}: {error}")


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


def _keep(raw: bytes, address: mailboxes.MailboxAddress, recipient: str) -> RawMail:
    """The stored mail, by now or since an earlier delivery. Deliveries at the same time wait for one another here."""
    with workspace(address.workspace):
        box = {"workspace_id": address.workspace_id, "mailbox_id": address.mailbox_id, "fingerprint": fingerprint(raw)}
        RawMail.objects.bulk_create([RawMail(**box, recipient=recipient[:320], data=raw)], ignore_conflicts=True)
        return RawMail.objects.for_workspace(address.workspace).defer("data").get(**box)


def _file(target: Workspace, raw_mail_id: int, mail: mailparse.Mail, raw: bytes, stored: list[str]) -> Result:
    target = target.lock()  # before any other row, like all who create contacts or tickets
    raw_mails = RawMail.objects.for_workspace(target).defer("data").select_related("mailbox")
    raw_mail = raw_mails.select_for_update(of=("self",)).get(pk=raw_mail_id)
    if raw_mail.state not in (RawMail.State.RECEIVED, RawMail.State.HELD):
        return _original(target, raw_mail)
    thread = mailthreads.find(target, mail)
    if mail.automatic and thread is None:
        return _end(target, raw_mail_id, RawMail.State.AUTOMATIC, mail, mail.automatic)
    if mail.sender is None and not mail.automatic:
        return _end(target, raw_mail_id, RawMail.State.HELD, mail, NO_SENDER if raw.strip() else EMPTY)
    contact = _contact(target, mail)
    outcome = "appended"
    if thread is None:
        thread, outcome = _open(target, raw_mail.mailbox, contact, mail), "created"
    else:
        type(thread).objects.for_workspace(target).filter(pk=thread.pk).update(updated_at=Now())
        if not mail.automatic:
            thread.reopen(EMAIL)
    message = _message(thread, raw_mail, contact, mail)
    for file in mail.files:
        content = ContentFile(file.data)
        attachment = attachments.attach(message, content, file.name, file.content_type, file.content_id)
        stored.append(str(attachment.file.name))
    _end(target, raw_mail_id, RawMail.State.DONE, mail)
    kind = "ticket" if isinstance(thread, Ticket) else "conversation"
    return _result(f"{kind}_{outcome}", target, message)


def _contact(target: Workspace, mail: mailparse.Mail) -> Contact | None:
    """Who wrote. A machine's mail makes no contact, but may come from one."""
    contacts = Contact.objects.for_workspace(target)
    if mail.sender is None:
        return None
    if mail.automatic:
        return contacts.filter(email_key=mail.sender.key).first()
    return contacts.by_mail(mail.sender.email, mail.sender.name)[0]


def _open(target: Workspace, mailbox: Mailbox, contact: Contact | None, mail: mailparse.Mail) -> Ticket | Conversation:
    assert mail.sender is not None, "a machine's mail opens nothing"
    common = {"subject": mail.subject[:500] or NO_SUBJECT, "contact": contact, "mailbox": mailbox}
    thread: Ticket | Conversation
    if mailbox.purpose == Mailbox.Purpose.TICKET:
        thread = Ticket.objects.for_workspace(target).create(number=target.next_ticket_number(), **common)
    else:
        who = {"from_name": mail.sender.name[:200], "from_email": mail.sender.email}
        thread = Conversation.objects.for_workspace(target).create(**common, **who)
    thread.record(EMAIL, "opened")
    return thread


def _message(
    thread: Ticket | Conversation, raw_mail: RawMail, contact: Contact | None, mail: mailparse.Mail
) -> Message:
    message = Message.objects.for_workspace(thread.workspace_id).create(
        ticket=thread if isinstance(thread, Ticket) else None,
        conversation=thread if isinstance(thread, Conversation) else None,
        direction=Message.Direction.INBOUND,
        state=Message.State.RECEIVED,
        author_type=Message.Author.CONTACT,
        author_contact=contact,
        author_name=(mail.sender.name or (contact.name if contact else "") if mail.sender else mail.from_text)[:200],
        author_email=mail.sender.email if mail.sender else "",
        to=mail.to,
        cc=mail.cc,
        body_text=mail.text,
        body_html=mail.html,
        message_id=mail.message_id,
        in_reply_to=" ".join(mail.in_reply_to),
        references=" ".join(mail.references),
        attribution=f"{mail.sender_header}: {mail.sender.email}" if mail.sender else "",
        raw_mail=raw_mail,
        mailbox=raw_mail.mailbox,
    )
    if mail.message_id:
        MessageId.objects.for_workspace(thread.workspace_id).create(digest=digest(mail.message_id), message=message)
    return message


def _end(
    target: Workspace, raw_mail_id: int, state: RawMail.State, mail: mailparse.Mail | None = None, reason: str = ""
) -> Result:
    read = {}
    if mail is not None:
        sender = mail.sender.email if mail.sender else mail.from_text
        read = {"sender": sender[:320], "subject": mail.subject[:500]}
    RawMail.objects.for_workspace(target).filter(pk=raw_mail_id).update(state=state, reason=reason, **read)
    return Result(state.value, target.slug)


def _original(target: Workspace, raw_mail: RawMail) -> Result:
    messages = Message.objects.for_workspace(target).select_related("ticket")
    message = messages.filter(raw_mail=raw_mail).first()
    return _result("duplicate", target, message) if message else Result("duplicate", target.slug)


def _result(result: str, target: Workspace, message: Message) -> Result:
    return Result(
        result=result,
        workspace=target.slug,
        contact_id=message.author_contact_id,
        ticket=message.ticket.number if message.ticket else None,
        conversation=message.conversation_id,
        message_id=message.pk,
    )


def _discard(stored: list[str]) -> None:
    for path in stored:
        default_storage.delete(path)
