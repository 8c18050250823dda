"""The numbers beside Inbox and Tickets in the rail, and on the tabs of Settings."""

from typing import Any

from django import template

from gopimi.lib.counting import capped_counts
from tickets.models import Conversation, Mailbox, RawMail, Status, Ticket

register = template.Library()
CAP = 999


@register.simple_tag(takes_context=True)
def open_counts(context: Any) -> dict[str, str]:
    """How much is open; "999+" where there is more."""
    workspace = context["request"].workspace
    tickets = Ticket.objects.for_workspace(workspace).filter(status=Status.OPEN)
    conversations = Conversation.objects.for_workspace(workspace).filter(status=Conversation.Status.OPEN)
    counts = capped_counts(workspace, CAP, tickets=tickets, conversations=conversations)
    return _shown(counts)


@register.simple_tag(takes_context=True)
def mail_counts(context: Any) -> dict[str, str]:
    """How many mailboxes there are and how much mail is held; "999+" where there is more."""
    workspace = context["request"].workspace
    mailboxes = Mailbox.objects.for_workspace(workspace)
    held = RawMail.objects.for_workspace(workspace).filter(state=RawMail.State.HELD)
    return _shown(capped_counts(workspace, CAP, mailboxes=mailboxes, held=held))


def _shown(counts: dict[str, int]) -> dict[str, str]:
    return {name: f"{CAP}+" if count > CAP else str(count or "") for name, count in counts.items()}
