"""The rows of a mail that comes in, written by as few statements as there can be: mail comes in bursts.

What a mail opens looks like what is opened by hand (`ThreadQuerySet.open`); a test holds the two together.
"""

from typing import Any, NamedTuple

from django.db import OperationalError

from contacts.models import Contact
from gopimi.lib.statements import fetch, insertion, instance
from gopimi.lib.tenancy import LAZILY, at_once, workspace
from gopimi.workspaces.actor import ActorKind
from gopimi.workspaces.models import LOCK_AND_ENTER, Workspace
from tickets import mailboxes, notifying
from tickets.mailparse import Mail
from tickets.messageids import digest
from tickets.models import Conversation, Event, Mailbox, Message, MessageId, RawMail, Ticket

NO_SUBJECT = "(no subject)"

FIND = """
SELECT id, state FROM tickets_rawmail
WHERE workspace_id = %(workspace)s AND mailbox_id = %(mailbox)s AND fingerprint = %(fingerprint)b
"""
RAW_MAIL = insertion(
    RawMail,
    {
        "workspace_id": "address.id",
        "mailbox_id": "address.mailbox_id",
        "recipient": "%(recipient)s",
        "data": "%(data)b",
        "fingerprint": "%(fingerprint)b",
    },
    "FROM address",
)
# Row-level security looks at a new row once the one of `address` is there, and that enters the workspace.
KEEP = f"""
WITH address AS MATERIALIZED ({mailboxes.ENTER}),
kept AS (
    {RAW_MAIL} ON CONFLICT (workspace_id, mailbox_id, fingerprint) DO NOTHING RETURNING id, state
)
SELECT kept.id, kept.state, address.* FROM address LEFT JOIN kept ON true
"""  # noqa: S608
# The subquery, which locks rows and so stays one, runs for the workspace's row: after that is locked, and entered.
LOCK = f"""
WITH workspace AS MATERIALIZED ({LOCK_AND_ENTER})
SELECT raw.*, workspace.* FROM workspace CROSS JOIN LATERAL (
    SELECT raw.id AS raw_mail, raw.state, mailbox.id AS mailbox, mailbox.purpose FROM tickets_rawmail AS raw
    JOIN tickets_mailbox AS mailbox ON mailbox.workspace_id = raw.workspace_id AND mailbox.id = raw.mailbox_id
    WHERE raw.workspace_id = workspace.id AND raw.id = %s FOR NO KEY UPDATE OF raw
) AS raw
"""  # noqa: S608

OPENED = {"workspace_id": "%(workspace)s", "what": "'opened'", "actor_kind": f"'{ActorKind.EMAIL}'"}
THREAD = {
    "workspace_id": "%(workspace)s",
    "subject": "%(subject)s",
    "contact_id": "%(contact)s::bigint",
    "mailbox_id": "%(mailbox)s",
}
WRITER = {"from_name": "%(from_name)s", "from_email": "%(author_email)s"}
MESSAGE = {
    "workspace_id": "%(workspace)s",
    "direction": f"'{Message.Direction.INBOUND}'",
    "state": f"'{Message.State.RECEIVED}'",
    "author_type": f"'{Message.Author.CONTACT}'",
    "author_contact_id": "%(contact)s::bigint",
    "author_name": "%(author_name)s",
    "author_email": "%(author_email)s",
    "to": "%(to)s",
    "cc": "%(cc)s",
    "body_text": "%(text)s",
    "body_html": "%(html)s",
    "message_id": "%(message_id)s",
    "in_reply_to": "%(in_reply_to)s",
    "references": "%(references)s",
    "attribution": "%(attribution)s",
    "raw_mail_id": "%(raw_mail)s",
    "mailbox_id": "%(mailbox)s",
}
KNOWN = insertion(
    MessageId,
    {"workspace_id": "%(workspace)s", "digest": "%(digest)b", "message_id": "message.id"},
    "FROM message WHERE %(message_id)s::text <> ''",
)
DONE = f"""
UPDATE tickets_rawmail SET state = '{RawMail.State.DONE}', reason = '', sender = %(sender)s, subject = %(raw_subject)s
WHERE workspace_id = %(workspace)s AND id = %(raw_mail)s
"""  # noqa: S608


TOLD = f"ARRAY({notifying.WANTED})"


def _written(thread: str, column: str) -> str:
    """The message's rows, for a statement in which `thread` is a table of one id."""
    return f"""
        message AS ({insertion(Message, {**MESSAGE, column: "thread.id"}, f"FROM {thread} AS thread RETURNING id")}),
        known AS ({KNOWN}), done AS ({DONE})
    """


OPEN_TICKET = f"""
WITH numbered AS (
    UPDATE workspaces_workspace SET last_ticket_number = last_ticket_number + 1 WHERE id = %(workspace)s
    RETURNING last_ticket_number AS number
),
opened AS ({insertion(Ticket, {**THREAD, "number": "number"}, "FROM numbered RETURNING id, number")}),
event AS ({insertion(Event, {**OPENED, "ticket_id": "opened.id"}, "FROM opened")}),
{_written("opened", "ticket_id")}
SELECT opened.number, NULL::bigint, message.id, {TOLD} FROM opened, message
"""  # noqa: S608
OPEN_CONVERSATION = f"""
WITH opened AS ({insertion(Conversation, {**THREAD, **WRITER}, "RETURNING id")}),
event AS ({insertion(Event, {**OPENED, "conversation_id": "opened.id"}, "FROM opened")}),
{_written("opened", "conversation_id")}
SELECT NULL::int, opened.id, message.id, {TOLD} FROM opened, message
"""  # noqa: S608
THREAD_ID = "(SELECT %(thread)s::bigint AS id)"
APPEND = {
    column: f"WITH {_written(THREAD_ID, column)} SELECT message.id, {TOLD} FROM message"  # noqa: S608
    for column in ("ticket_id", "conversation_id")
}


class Kept(NamedTuple):
    """A stored mail: where, its id, and how far it is."""

    workspace: Workspace
    raw_mail: int
    state: str


class Waiting(NamedTuple):
    """A stored mail whose row is locked."""

    id: int
    state: str
    mailbox: int
    purpose: str


class Filed(NamedTuple):
    """Where a mail has its message: the ticket's number or the conversation's id, and the message's id. With the ids of
    the members who want to be told of it."""

    ticket: int | None
    conversation: int | None
    message: int
    told: list[int]


def keep(recipient: str, data: bytes, fingerprint: bytes) -> Kept:
    """Store a mail's bytes in the workspace that the recipient belongs to, now or by an earlier delivery.

    By one statement, a transaction of its own that isn't waited for (`tenancy.workspace`): what is made of the mail is
    waited for, and takes it along. Deliveries of the same mail at the same time wait for one another here. Raises
    UnknownRecipient.
    """
    given = {
        "address": mailboxes.key_of(recipient),
        "recipient": recipient[:320],
        "data": data,
        "fingerprint": fingerprint,
    }
    with at_once() as alone:
        rows = fetch(KEEP.format(more=LAZILY * alone), given)
    if not rows:
        raise mailboxes.UnknownRecipient(recipient)
    raw_mail, state, mailbox, *target = rows[0]
    kept = Kept(instance(Workspace, target), raw_mail, state)
    return kept if raw_mail else _found(kept.workspace, mailbox, fingerprint)


def _found(target: Workspace, mailbox: int, fingerprint: bytes) -> Kept:
    """What another delivery has committed before, or while this one waited for it."""
    with workspace(target):
        rows = fetch(FIND, {"workspace": target.pk, "mailbox": mailbox, "fingerprint": fingerprint})
    if not rows:
        raise OperationalError("The mail was deleted while it came in again.")
    return Kept(target, *rows[0])


def lock(target: Workspace, raw_mail_id: int) -> tuple[Workspace, Waiting]:
    """Enter the workspace, lock its row before any other (`Workspace.lock`), and lock the stored mail's.

    Raises RawMail.DoesNotExist where that was deleted meanwhile.
    """
    rows = fetch(LOCK, [target.pk, raw_mail_id])
    if not rows:
        raise RawMail.DoesNotExist("The mail was deleted.")
    return instance(Workspace, rows[0][4:]), Waiting(*rows[0][:4])


def open_thread(workspace_id: int, raw_mail: Waiting, contact: Contact | None, mail: Mail) -> Filed:
    """Open a ticket or a conversation, as the mailbox says, whose first message the mail is."""
    statement = OPEN_TICKET if raw_mail.purpose == Mailbox.Purpose.TICKET else OPEN_CONVERSATION
    return Filed(*fetch(statement, _given(workspace_id, raw_mail, contact, mail))[0])


def append(thread: Ticket | Conversation, raw_mail: Waiting, contact: Contact | None, mail: Mail) -> Filed:
    """Make the mail a message of a thread that is there."""
    given = _given(thread.workspace_id, raw_mail, contact, mail)
    given |= {"thread": thread.pk, "assignee": thread.assignee_id}
    if isinstance(thread, Ticket):
        return Filed(thread.number, None, *fetch(APPEND["ticket_id"], given)[0])
    return Filed(None, thread.pk, *fetch(APPEND["conversation_id"], given)[0])


def _given(workspace_id: int, raw_mail: Waiting, contact: Contact | None, mail: Mail) -> dict[str, Any]:
    sender = mail.sender
    email = sender.email if sender else ""
    name = (sender.name or (contact.name if contact else "")) if sender else mail.from_text
    return {
        "workspace": workspace_id,
        "raw_mail": raw_mail.id,
        "mailbox": raw_mail.mailbox,
        "subject": mail.subject[:500] or NO_SUBJECT,
        "raw_subject": mail.subject[:500],
        "sender": (email or mail.from_text)[:320],
        "from_name": sender.name[:200] if sender else "",
        "contact": contact and contact.pk,
        "author_name": name[:200],
        "author_email": email,
        "author": email.lower(),
        "assignee": None,
        "to": mail.to,
        "cc": mail.cc,
        "text": mail.text,
        "html": mail.html,
        "message_id": mail.message_id,
        "digest": digest(mail.message_id),
        "in_reply_to": " ".join(mail.in_reply_to),
        "references": " ".join(mail.references),
        "attribution": f"{mail.sender_header}: {email}" if sender else "",
    }
