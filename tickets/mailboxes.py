"""Mailboxes and their addresses: each address of the installation leads to one mailbox.

A mailbox has its own address, which replies come from, and any number of others that lead to it. One that is stopped
has none left: it keeps its tickets, conversations and mail, and takes no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from gopimi.lib import addresses, statements, tenancy
from gopimi.lib.counting import Counted
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tickets.models import Conversation, Mailbox, MailboxAddress, Message, RawMail, Ticket, new_secret

RECENT = timedelta(days=30)
MOST_COUNTED = 10_000

FIND = f"""
SELECT address.mailbox_id, {statements.columns(Workspace, "workspace")}{{more}} FROM tickets_mailboxaddress AS address
JOIN workspaces_workspace AS workspace ON workspace.id = address.workspace_id WHERE address.key = %(address)s
"""  # noqa: S608
# The same, and its workspace is entered (`tenancy.entering`).
ENTER = FIND.format(more=f", {tenancy.ENTER.format('workspace.id')} AS entered{{more}}")


class UnknownRecipient(LookupError):
    """No mailbox has this address."""

    def __init__(self, recipient: str) -> None:
        super().__init__(f"No mailbox has the address {recipient}.")


class AddressInUse(ValueError):
    """Another mailbox has this address, of this workspace or of another one."""

    def __init__(self, address: str) -> None:
        super().__init__(gettext("A mailbox with the address {address} exists already.").format(address=address))
        self.address = address


class InUse(ValueError):
    """The mailbox can't be deleted: mail came in by it, or threads are its."""


@dataclass(frozen=True)
class Listed:
    """A mailbox, the addresses beside its own that lead to it, and whether its own does."""

    mailbox: Any
    others: list[str]
    receiving: bool


def find(recipient: str) -> MailboxAddress:
    """Where mail to this address goes. Raises UnknownRecipient."""
    key = key_of(recipient)
    rows = statements.fetch(FIND.format(more=""), {"address": key})
    if not rows:
        raise UnknownRecipient(recipient)
    mailbox_id, *target = rows[0]
    return MailboxAddress(key=key, workspace=statements.instance(Workspace, target), mailbox_id=mailbox_id)


def key_of(recipient: str) -> str:
    """The address as `MailboxAddress.key` has it. Raises UnknownRecipient for what isn't one."""
    try:
        return addresses.email_key(recipient)
    except addresses.InvalidAddress as error:
        raise UnknownRecipient(recipient) from error


def create(target: Workspace, address: str, purpose: str, name: str = "", others: Iterable[str] = ()) -> Mailbox:
    """Give a workspace a mailbox. Raises InvalidAddress and AddressInUse."""
    parsed = addresses.parse(address)
    with workspace(target), transaction.atomic():
        mailbox = Mailbox.objects.for_workspace(target).create(address=parsed.given, purpose=purpose, name=name)
        lead(mailbox, others)
    return mailbox


def renew_secret(mailbox: Mailbox) -> None:
    """Give it another secret: what still knows the old one is refused from now on."""
    mailbox.webhook_secret = new_secret()
    mailbox.save(update_fields=["webhook_secret"])


def lead(mailbox: Mailbox, others: Iterable[str]) -> None:
    """Let the mailbox's own address and exactly these lead to it. Raises InvalidAddress and AddressInUse."""
    wanted = {addresses.email_key(address): address for address in (mailbox.address, *others)}
    theirs = MailboxAddress.objects.filter(workspace=mailbox.workspace_id, mailbox_id=mailbox.pk)
    with transaction.atomic():
        theirs.exclude(key__in=wanted).delete()
        known = set(theirs.values_list("key", flat=True))
        for key, address in sorted(wanted.items()):  # in one order: two who want the same don't deadlock
            if key not in known:
                _claim(mailbox, key, address)


def _claim(mailbox: Mailbox, key: str, address: str) -> None:
    try:
        with transaction.atomic():
            MailboxAddress.objects.create(key=key, workspace_id=mailbox.workspace_id, mailbox_id=mailbox.pk)
    except IntegrityError as error:
        raise AddressInUse(address) from error


def stop(mailbox: Mailbox) -> None:
    """Take no more mail: its addresses are unknown from now on, and free. What there is stays."""
    MailboxAddress.objects.filter(workspace=mailbox.workspace_id, mailbox_id=mailbox.pk).delete()


def has_mail(mailbox: Mailbox) -> bool:
    """Whether any mail came in by it."""
    return RawMail.objects.for_workspace(mailbox.workspace_id).filter(mailbox=mailbox).exists()


def is_unused(mailbox: Mailbox) -> bool:
    """Whether nothing came in or went out by it, so that it can be deleted without a trace."""
    tables: list[Any] = [Ticket, Conversation, Message]
    rows = [table.objects.for_workspace(mailbox.workspace_id).filter(mailbox=mailbox) for table in tables]
    return not has_mail(mailbox) and not any(found.exists() for found in rows)


def delete(mailbox: Mailbox) -> None:
    """Delete one that is unused. Raises InUse."""
    try:
        with transaction.atomic():
            if not is_unused(mailbox):
                raise InUse(gettext("Mail came in by it meanwhile."))
            stop(mailbox)
            Mailbox.objects.for_workspace(mailbox.workspace_id).filter(pk=mailbox.pk).delete()
    except IntegrityError as error:  # a mail came in this moment
        raise InUse(gettext("Mail came in by it meanwhile.")) from error


def listed(target: Workspace) -> list[Listed]:
    """All of a workspace's by address, each mailbox with `last_mail` and `recent`: how many mails came in 30 days, at
    most one more than MOST_COUNTED."""
    mails = RawMail.objects.for_workspace(target).filter(mailbox=OuterRef("pk")).order_by("-received_at")
    since = mails.filter(received_at__gte=timezone.now() - RECENT).order_by()
    boxes = Mailbox.objects.for_workspace(target).annotate(
        last_mail=mails.values("received_at")[:1], recent=Counted(since.values("received_at")[: MOST_COUNTED + 1])
    )
    keys: dict[int, list[str]] = {}
    for address in MailboxAddress.objects.filter(workspace=target).order_by("key"):
        keys.setdefault(address.mailbox_id, []).append(address.key)
    return [_listed(box, keys.get(box.pk, [])) for box in boxes.order_by("address", "id")]


def leading(mailbox: Mailbox) -> Listed:
    """A mailbox with the addresses that lead to it."""
    keys = MailboxAddress.objects.filter(workspace=mailbox.workspace_id, mailbox_id=mailbox.pk)
    return _listed(mailbox, list(keys.order_by("key").values_list("key", flat=True)))


def receiving(boxes: QuerySet) -> QuerySet:
    """The mailboxes with `receiving`: whether any address leads to them."""
    leads = MailboxAddress.objects.filter(workspace=OuterRef("workspace"), mailbox_id=OuterRef("pk"))
    return boxes.annotate(receiving=Exists(leads))


def answering(thread: Ticket | Conversation) -> Mailbox | None:
    """Where a reply in this thread goes out from, so that the answer to it comes back.

    The thread's own mailbox while it takes mail; else one of the thread's kind that does, else any.
    """
    purpose = Mailbox.Purpose.TICKET if isinstance(thread, Ticket) else Mailbox.Purpose.INBOX
    boxes = receiving(Mailbox.objects.for_workspace(thread.workspace_id)).order_by("id")
    return min(
        boxes,
        key=lambda box: (not box.receiving, box.pk != thread.mailbox_id, box.purpose != purpose, box.pk),
        default=None,
    )


def _listed(mailbox: Mailbox, keys: list[str]) -> Listed:
    own = addresses.email_key(mailbox.address)
    return Listed(mailbox, [key for key in keys if key != own], own in keys)
