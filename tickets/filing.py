"""The rows of a mail that comes in, written by as few statements as there can be: mail comes in bursts.

What a mail opens looks like what is opened by hand (`ThreadQuerySet.open`); a test holds the two together.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import OperationalError

from contacts import finding
from contacts.models import Contact
from gopimi.lib import addresses, arrays
from gopimi.lib.statements import fetch, insertion, instance
from gopimi.lib.tenancy import LAZILY, at_once, workspace
from gopimi.workspaces.actor import EMAIL, ActorKind
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
SELECT kept.id, kept.state, (
    SELECT purpose FROM tickets_mailbox WHERE workspace_id = address.id AND id = address.mailbox_id
), address.* FROM address LEFT JOIN kept ON true
"""  # noqa: S608
# The subquery, which locks rows and so stays one, runs for the workspace's row: after that is locked, and entered.
LOCK = f"""
entered AS MATERIALIZED ({LOCK_AND_ENTER}),
locked AS (
    SELECT entered.*, raw.state FROM entered CROSS JOIN LATERAL (
        SELECT state FROM tickets_rawmail WHERE workspace_id = entered.id AND id = %(raw_mail)s FOR NO KEY UPDATE
    ) AS raw
)
"""  # noqa: S608

LOCKED = f"WITH {LOCK} SELECT state, locked.* FROM locked"  # noqa: S608

OPENED = {"workspace_id": "%(workspace)s", "what": "'opened'", "actor_kind": f"'{ActorKind.EMAIL}'"}
THREAD = {
    "workspace_id": "%(workspace)s",
    "subject": "%(subject)s",
    "contact_id": "writer.id",
    "mailbox_id": "%(mailbox)s",
}
FROM = {"from_name": "%(from_name)s", "from_email": "%(author_email)s"}
MESSAGE = {
    "workspace_id": "%(workspace)s",
    "direction": f"'{Message.Direction.INBOUND}'",
    "state": f"'{Message.State.RECEIVED}'",
    "author_type": f"'{Message.Author.CONTACT}'",
    "author_contact_id": "writer.id",
    "author_name": "coalesce(nullif(%(author_name)s, ''), writer.name)",
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
FROM message WHERE workspace_id = %(workspace)s AND tickets_rawmail.id = %(raw_mail)s
"""  # noqa: S608
TOLD = f"ARRAY({notifying.WANTED})"


def _written(thread: str, column: str) -> str:
    """The message's rows, for a statement in which `thread` is a table of one id."""
    rows = f"FROM {thread} AS thread CROSS JOIN writer RETURNING id"
    written = insertion(Message, {**MESSAGE, column: "thread.id"}, rows)
    return f"message AS ({written}), known_id AS ({KNOWN}), done AS ({DONE})"


TICKET = f"""
numbered AS (
    UPDATE workspaces_workspace SET last_ticket_number = last_ticket_number + 1
    FROM writer WHERE workspaces_workspace.id = %(workspace)s RETURNING last_ticket_number AS number
),
opened AS ({insertion(Ticket, {**THREAD, "number": "number"}, "FROM numbered CROSS JOIN writer RETURNING id, number")}),
event AS ({insertion(Event, {**OPENED, "ticket_id": "opened.id"}, "FROM opened")}),
{_written("opened", "ticket_id")}
SELECT opened.number, NULL::bigint, message.id, {TOLD}, writer.id FROM opened, message, writer
"""  # noqa: S608
CONVERSATION = f"""
opened AS ({insertion(Conversation, {**THREAD, **FROM}, "FROM writer RETURNING id")}),
event AS ({insertion(Event, {**OPENED, "conversation_id": "opened.id"}, "FROM opened")}),
{_written("opened", "conversation_id")}
SELECT NULL::int, opened.id, message.id, {TOLD}, writer.id FROM opened, message, writer
"""  # noqa: S608
# Who wrote: who was found before, or whom the statement itself finds or makes.
WRITER = "writer AS (SELECT %(contact)s::bigint AS id, %(contact_name)s::text AS name)"
NEW_WRITER = f"""
{LOCK},
workspace AS (
    SELECT id FROM locked
    WHERE state = ANY(%(waiting)s::text[]) AND (contact_quota IS NULL OR contact_count < contact_quota)
),
{finding.FIND_OR_MAKE},
writer AS (SELECT id, name FROM made UNION ALL SELECT id, name FROM known WHERE deleted_at IS NULL)
"""  # noqa: S608
OPEN: dict[str, str] = {
    Mailbox.Purpose.TICKET: f"WITH {WRITER}, {TICKET}",
    Mailbox.Purpose.INBOX: f"WITH {WRITER}, {CONVERSATION}",
}
OPEN_AT_ONCE: dict[str, str] = {
    Mailbox.Purpose.TICKET: f"WITH {NEW_WRITER}, {TICKET}",
    Mailbox.Purpose.INBOX: f"WITH {NEW_WRITER}, {CONVERSATION}",
}
THREAD_ID = "(SELECT %(thread)s::bigint AS id)"
APPEND = {
    column: f"WITH {WRITER}, {_written(THREAD_ID, column)} SELECT message.id, {TOLD}, writer.id FROM message, writer"  # noqa: S608
    for column in ("ticket_id", "conversation_id")
}


class Kept(NamedTuple):
    """A stored mail: where, its id, how far it is, and the mailbox that it came in by, with its purpose."""

    workspace: Workspace
    raw_mail: int
    state: str
    mailbox: int
    purpose: str


class Filed(NamedTuple):
    """Where a mail has its message: the ticket's number or the conversation's id, and the message's id. With the ids of
    the members who want to be told of it, and the contact who wrote."""

    ticket: int | None
    conversation: int | None
    message: int
    told: list[int]
    contact: int | None
    outcome: str = "created"


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
    raw_mail, state, purpose, mailbox, *target = rows[0]
    kept = Kept(instance(Workspace, target), raw_mail, state, mailbox, purpose)
    return kept if raw_mail else _found(kept, fingerprint)


def _found(kept: Kept, fingerprint: bytes) -> Kept:
    """What another delivery has committed before, or while this one waited for it."""
    with workspace(kept.workspace):
        given = {"workspace": kept.workspace.pk, "mailbox": kept.mailbox, "fingerprint": fingerprint}
        rows = fetch(FIND, given)
    if not rows:
        raise OperationalError("The mail was deleted while it came in again.")
    raw_mail, state = rows[0]
    return kept._replace(raw_mail=raw_mail, state=state)


def open_at_once(kept: Kept, mail: Mail, waiting: Collection[str]) -> Filed | None:
    """Open a thread with a mail that names none, by one statement that also locks and finds or makes who wrote.

    So is most mail. None where it takes more: the mail isn't one of the `waiting` any more, the contact is in the
    trash or was made since the statement began, or the quota is full. Nothing is done then.
    """
    if mail.sender is None:
        return None
    address = addresses.parse(mail.sender.email)
    given = _given(kept, mail) | finding.given(kept.workspace.pk, EMAIL, address, mail.sender.name, "email")
    rows = fetch(OPEN_AT_ONCE[kept.purpose], given | {"waiting": arrays.literal(list(waiting))})
    return Filed(*rows[0]) if rows else None


def lock(kept: Kept) -> tuple[Workspace, str]:
    """Enter the workspace, lock its row before any other (`Workspace.lock`), and lock the stored mail's: its state.

    Raises RawMail.DoesNotExist where that was deleted meanwhile.
    """
    rows = fetch(LOCKED, {"workspace": kept.workspace.pk, "raw_mail": kept.raw_mail})
    if not rows:
        raise RawMail.DoesNotExist("The mail was deleted.")
    state, *target = rows[0]
    return instance(Workspace, target), state


def open_thread(kept: Kept, contact: Contact | None, mail: Mail) -> Filed:
    """Open a ticket or a conversation, as the mailbox says, whose first message the mail is."""
    return Filed(*fetch(OPEN[kept.purpose], _given(kept, mail, contact))[0])


def append(thread: Ticket | Conversation, kept: Kept, contact: Contact | None, mail: Mail) -> Filed:
    """Make the mail a message of a thread that is there."""
    given = _given(kept, mail, contact) | {"thread": thread.pk, "assignee": thread.assignee_id}
    if isinstance(thread, Ticket):
        filed = Filed(thread.number, None, *fetch(APPEND["ticket_id"], given)[0])
    else:
        filed = Filed(None, thread.pk, *fetch(APPEND["conversation_id"], given)[0])
    return filed._replace(outcome="appended")


def _given(kept: Kept, mail: Mail, contact: Contact | None = None) -> dict[str, Any]:
    sender = mail.sender
    email = sender.email if sender else ""
    return {
        "workspace": kept.workspace.pk,
        "raw_mail": kept.raw_mail,
        "mailbox": kept.mailbox,
        "subject": mail.subject[:500] or NO_SUBJECT,
        "raw_subject": mail.subject[:500],
        "sender": (email or mail.from_text)[:320],
        "from_name": sender.name[:200] if sender else "",
        "contact": contact and contact.pk,
        "contact_name": contact.name if contact else "",
        "author_name": (sender.name if sender else mail.from_text)[:200],
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
