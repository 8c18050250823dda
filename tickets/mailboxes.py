"""Mailboxes and their addresses: each address of the installation leads to one mailbox."""

from django.db import IntegrityError, transaction

from gopimi.lib import addresses, statements
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tickets.models import Mailbox, MailboxAddress

FIND = f"""
SELECT address.mailbox_id, {statements.columns(Workspace, "workspace")} FROM tickets_mailboxaddress AS address
JOIN workspaces_workspace AS workspace ON workspace.id = address.workspace_id WHERE address.key = %s
"""  # noqa: S608


class UnknownRecipient(LookupError):
    """No mailbox has this address."""


class AddressInUse(ValueError):
    """Another mailbox has this address, of this workspace or of another one."""


def find(recipient: str) -> MailboxAddress:
    """Where mail to this address goes. Raises UnknownRecipient."""
    try:
        key = addresses.email_key(recipient)
    except addresses.InvalidAddress as error:
        raise UnknownRecipient(f"{recipient!r} isn't an email address.") from error
    rows = statements.fetch(FIND, [key])
    if not rows:
        raise UnknownRecipient(f"No mailbox has the address {recipient}.")
    mailbox_id, *target = rows[0]
    return MailboxAddress(key=key, workspace=statements.instance(Workspace, target), mailbox_id=mailbox_id)


def create(target: Workspace, address: str, purpose: str, name: str = "") -> Mailbox:
    """Give a workspace a mailbox. Raises InvalidAddress and AddressInUse."""
    parsed = addresses.parse(address)
    try:
        with workspace(target), transaction.atomic():
            mailbox = Mailbox.objects.for_workspace(target).create(address=parsed.given, purpose=purpose, name=name)
            MailboxAddress.objects.create(key=parsed.key, workspace=target, mailbox_id=mailbox.pk)
    except IntegrityError as error:
        raise AddressInUse(f"A mailbox with the address {parsed.given} exists already.") from error
    return mailbox
