"""The numbers beside Inbox and Tickets in the rail."""

from typing import Any

from django import template

from gopimi.lib.counting import capped_counts
from tickets.models import Conversation, Status, Ticket

register = template.Library()
CAP = 999


@register.simple_tag(takes_context=True)
def open_counts(context: Any) -> dict[str, str]:
    """How much is open; "999+" where there is more."""
    workspace = context["request"].workspace
    tickets = Ticket.objects.for_workspace(workspace).filter(status=Status.OPEN)
    conversations = Conversation.objects.for_workspace(workspace).filter(status=Conversation.Status.OPEN)
    counts = capped_counts(workspace, CAP, tickets=tickets, conversations=conversations)
    return {name: f"{CAP}+" if count > CAP else str(count or "") for name, count in counts.items()}
