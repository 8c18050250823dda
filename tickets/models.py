"""What customers ask: tickets and conversations with their messages, and the mail that they came by."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext, gettext_lazy

from contacts.models import Contact, Tag
from gopimi.lib.folding import Fold, key_field
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from tickets.attention import Draft, DraftFile, Seen, Viewing
from tickets.bulkedits.records import ThreadEdit
from tickets.events import Event
from tickets.searching import ConversationSearch, TicketSearch
from tickets.signing import ATTACHMENTS
from tickets.storedfiles import StoredFile
from tickets.threads import Thread, ThreadQuerySet, TicketQuerySet

__all__ = [
    "Attachment", "Conversation", "ConversationSearch", "Draft", "DraftFile", "Event", "Mailbox", "MailboxAddress",
    "Message", "MessageId", "Priority", "RawMail", "Seen", "Status", "ThreadEdit", "Ticket", "TicketSearch",
    "TicketTag", "Viewing",
]  # fmt: skip


def new_secret() -> str:
    """43 letters that nobody can guess, fit for an address with a password in it."""
    return secrets.token_urlsafe(32)


class Mailbox(TenantModel):
    """An address of a workspace; `purpose` says whether mail to it opens tickets or conversations."""

    class Purpose(models.TextChoices):
        TICKET = "ticket", gettext_lazy("Tickets")
        INBOX = "inbox", gettext_lazy("Inbox")

    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=8, choices=Purpose)
    signature = models.TextField(blank=True)
    # What a provider's webhook must know (tickets.webhooks): ours, and the key that Mailgun signs with.
    webhook_secret = models.CharField(max_length=64, default=new_secret)
    webhook_signing_key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="mailbox_workspace_id"),
            models.CheckConstraint(condition=Q(purpose__in=["ticket", "inbox"]), name="mailbox_purpose_known"),
            models.CheckConstraint(condition=~Q(webhook_secret=""), name="mailbox_has_webhook_secret"),
        ]
        verbose_name_plural = "mailboxes"

    @property
    def opens_tickets(self) -> bool:
        """What mail to it opens: tickets, or conversations."""
        return self.purpose == self.Purpose.TICKET

    def __str__(self) -> str:
        return self.address


class MailboxAddress(models.Model):
    """Which workspace an address belongs to: a global table, read before the workspace is known."""

    key = models.TextField(db_collation="C", primary_key=True)  # gopimi.lib.addresses.email_key of the address
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    mailbox_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "mailbox_id"], name="mailbox_address_mailbox")]

    def __str__(self) -> str:
        return self.key


class Status(models.TextChoices):
    OPEN = "open", gettext_lazy("Open")
    PENDING = "pending", gettext_lazy("Pending")
    RESOLVED = "resolved", gettext_lazy("Resolved")
    CLOSED = "closed", gettext_lazy("Closed")


class Priority(models.IntegerChoices):
    LOW = 1, gettext_lazy("Low")
    NORMAL = 2, gettext_lazy("Normal")
    HIGH = 3, gettext_lazy("High")
    URGENT = 4, gettext_lazy("Urgent")


class Ticket(Thread):
    CHANGEABLE = Thread.CHANGEABLE | {"priority", "tags", "add_tag", "remove_tag"}

    number = models.PositiveIntegerField(editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    contact = CompositeForeignKey(Contact, related_name="tickets")
    search_key = models.GeneratedField(expression=Fold("subject"), output_field=key_field(), db_persist=True)

    tags = models.ManyToManyField(Tag, through="TicketTag", related_name="tickets")

    objects = TicketQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="ticket_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "number"], name="ticket_number_unique"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="ticket_status_known"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="ticket_priority_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "updated_at", "id"], name="ticket_updated"),
            models.Index(fields=["workspace", "status", "updated_at", "id"], name="ticket_status"),
            models.Index(fields=["workspace", "assignee", "status", "updated_at", "id"], name="ticket_assignee"),
            models.Index(fields=["workspace", "contact", "updated_at", "id"], name="ticket_contact"),
            models.Index(fields=["workspace", "created_at", "id"], name="ticket_created"),
            models.Index(fields=["workspace", "last_message_at", "id"], name="ticket_last_message"),
            models.Index(fields=["workspace", "priority", "id"], name="ticket_priority"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    def set_tags(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Have exactly these tags, made where they are new; answers with the names before and after."""
        return Tag.objects.for_workspace(self.workspace_id).put_on(TicketTag, "ticket", self, names)


class TicketTag(TenantModel):
    pk = models.CompositePrimaryKey("workspace_id", "ticket_id", "tag_id")
    ticket = CompositeForeignKey(Ticket, related_name="+")
    tag = CompositeForeignKey(Tag, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["workspace", "tag", "ticket"], name="ticket_tag")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.ticket_id}"


class Conversation(Thread):
    """A thread of the inbox. Its contact is optional: `from_name` and `from_email` say who wrote."""

    class Status(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        CLOSED = "closed", gettext_lazy("Closed")

    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    contact = CompositeForeignKey(Contact, null=True, blank=True, related_name="conversations")
    from_name = models.CharField(max_length=200, blank=True)
    from_email = models.CharField(max_length=320, blank=True)
    search_key = models.GeneratedField(
        expression=Fold(Concat("subject", Value(" "), "from_name", Value(" "), "from_email")),
        output_field=key_field(),
        db_persist=True,
    )

    objects = ThreadQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="conversation_workspace_id"),
            models.CheckConstraint(condition=Q(status__in=["open", "closed"]), name="conversation_status_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "updated_at", "id"], name="conversation_updated"),
            models.Index(fields=["workspace", "status", "updated_at", "id"], name="conversation_status"),
            models.Index(fields=["workspace", "assignee", "status", "updated_at", "id"], name="conversation_assignee"),
            models.Index(
                fields=["workspace", "contact", "updated_at", "id"],
                name="conversation_contact",
                condition=Q(contact__isnull=False),
            ),
            models.Index(fields=["workspace", "created_at", "id"], name="conversation_created"),
            models.Index(fields=["workspace", "last_message_at", "id"], name="conversation_last_message"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def writer(self) -> str:
        """Who wrote: the contact, or as the mail has it."""
        return str(self.contact or self.from_name or self.from_email)

    @property
    def wrote(self) -> dict[str, str]:
        return {self.from_email: self.from_name} if self.from_email else {}

    @property
    def reply_address(self) -> str:
        return super().reply_address if self.contact else self.from_email


class RawMail(TenantModel):
    """A mail byte for byte as it came, stored before anything is read of it.

    `fingerprint` says what "the same mail" is (`inbound.fingerprint`). The result is kept, so that the same mail again
    can name the original; the row stays, too, when its bytes are forgotten (`originals.forget`).
    """

    class State(models.TextChoices):
        RECEIVED = "received", gettext_lazy("Received")  # stored, not yet processed
        DONE = "done", gettext_lazy("Done")
        AUTOMATIC = "automatic", gettext_lazy("Automatic")  # a machine's mail that names no thread
        HELD = "held", gettext_lazy("Held")  # couldn't be processed; `reason` says why

    mailbox = CompositeForeignKey(Mailbox, related_name="+")
    recipient = models.CharField(max_length=320)
    data = models.BinaryField(null=True)  # None: forgotten; an empty mail's are b""
    fingerprint = models.BinaryField(max_length=32)  # SHA-256
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    reason = models.TextField(blank=True)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="raw_mail_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "mailbox", "fingerprint"], name="raw_mail_unique"),
            models.CheckConstraint(
                condition=Q(state__in=["received", "done", "automatic", "held"]), name="raw_mail_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "mailbox", "received_at"], name="raw_mail_mailbox"),
            models.Index(
                fields=["workspace", "received_at"],
                name="raw_mail_to_forget",
                condition=Q(state__in=["done", "automatic"], data__isnull=False),
            ),
            models.Index(
                fields=["workspace", "state", "received_at", "id"],
                name="raw_mail_waiting",
                condition=Q(state__in=["received", "automatic", "held"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"


class Message(TenantModel):
    """One message of a ticket or of a conversation: a customer's, an agent's reply, or a note that stays inside."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", gettext_lazy("Inbound")
        OUTBOUND = "outbound", gettext_lazy("Outbound")
        NOTE = "note", gettext_lazy("Internal note")

    class Author(models.TextChoices):
        CONTACT = "contact", gettext_lazy("Contact")
        AGENT = "agent", gettext_lazy("Agent")
        API = "api", "API"

    class State(models.TextChoices):
        RECEIVED = "received", gettext_lazy("Received")
        QUEUED = "queued", gettext_lazy("Sending")
        SENT = "sent", gettext_lazy("Sent")
        FAILED = "failed", gettext_lazy("Failed")
        UNKNOWN = "unknown", gettext_lazy("Unknown")  # it may have gone out or not: never sent twice by itself

    ticket = CompositeForeignKey(Ticket, null=True, blank=True, related_name="messages")
    conversation = CompositeForeignKey(Conversation, null=True, blank=True, related_name="messages")
    direction = models.CharField(max_length=8, choices=Direction)
    state = models.CharField(max_length=8, choices=State)
    failure = models.TextField(blank=True)  # why it isn't sent; of one that is, who was refused
    # How an outbound one goes out (tickets/sending.py).
    tries = models.PositiveSmallIntegerField(default=0)  # that ended in a temporary failure
    retry_at = models.DateTimeField(null=True, blank=True)  # it is queued until then
    sending_since = models.DateTimeField(null=True, blank=True)  # a worker has it in hand, or had when it died
    author_type = models.CharField(max_length=8, choices=Author)
    author_user = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, blank=True, related_name="+")
    author_contact = CompositeForeignKey(Contact, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    author_email = models.CharField(max_length=320, blank=True)
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)  # of an outbound one; in no mail's header
    body_text = models.TextField(blank=True)
    body_html = models.TextField(blank=True)  # made safe before it is stored
    # Threading (RFC 5322, 3.6.4): the ids without angle brackets. `message_id` of an outbound one is signed.
    message_id = models.TextField(blank=True)
    in_reply_to = models.TextField(blank=True)
    references = models.TextField(blank=True)
    # Which header named the contact, in words for "Why this contact?".
    attribution = models.TextField(blank=True)
    raw_mail = CompositeForeignKey(RawMail, null=True, blank=True, related_name="messages")
    mailbox = CompositeForeignKey(Mailbox, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="message_workspace_id"),
            models.UniqueConstraint(
                fields=["workspace", "raw_mail"], condition=Q(raw_mail__isnull=False), name="message_raw_mail_unique"
            ),
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, conversation__isnull=True)
                | Q(ticket__isnull=True, conversation__isnull=False),
                name="message_in_one_thread",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=["inbound", "outbound", "note"]), name="message_direction_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["received", "queued", "sent", "failed", "unknown"]), name="message_state_known"
            ),
            models.CheckConstraint(
                condition=Q(author_type__in=["contact", "agent", "api"]), name="message_author_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "ticket", "created_at", "id"],
                name="message_ticket",
                condition=Q(ticket__isnull=False),
            ),
            models.Index(
                fields=["workspace", "conversation", "created_at", "id"],
                name="message_conversation",
                condition=Q(conversation__isnull=False),
            ),
            models.Index(
                fields=["workspace", "author_contact"],
                name="message_author_contact",
                condition=Q(author_contact__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} of {self.author_name}"

    @property
    def thread(self) -> Any:
        """The ticket or the conversation: a constraint sees to it that there is one."""
        return self.ticket or self.conversation

    @property
    def went_to_all(self) -> bool:
        """Whether it was sent, and nobody was refused."""
        return self.state == self.State.SENT and not self.failure

    @property
    def is_machines(self) -> bool:
        """Whether a machine sent it that is no contact, like a mail server that couldn't deliver."""
        return self.direction == self.Direction.INBOUND and not self.author_contact_id and bool(self.mailbox_id)

    @property
    def writer(self) -> str:
        """What its author is called now; a contact or a member who is gone, as the message has it."""
        author = self.author_contact or self.author_user
        return str(author or self.author_name or self.author_email or gettext("Somebody"))


class MessageId(TenantModel):
    """The Message-IDs by which a thread is found: ours that went out, and those that came in.

    Real systems send one Message-ID over different contents, so an id may lead to several messages; the newest counts.
    Their SHA-256 is the key: ids have no length limit.
    """

    pk = models.CompositePrimaryKey("workspace_id", "digest", "message_id")
    digest = models.BinaryField(max_length=32)
    message = CompositeForeignKey(Message, related_name="message_ids")

    def __str__(self) -> str:
        return f"Message-ID of {self.message_id}"


class Attachment(StoredFile):
    message = CompositeForeignKey(Message, related_name="attachments")
    content_id = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "message", "id"], name="attachment_message")]

    @property
    def signed(self) -> str:
        """What its address names it by: nobody can guess it."""
        return ATTACHMENTS.sign(str(self.pk))
