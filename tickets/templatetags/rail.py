"""The numbers beside Inbox and Tickets in the rail."""

from typing import Any

from django import template
from django.db.models import QuerySet

from tickets.models import Conversation, Status, Ticket

register = template.Library()
CAP = 999


@register.simple_tag(takes_context=True)
def open_counts(context: Any) -> dict[str, str]:
    """How much is open; "999+" where there is more."""
    workspace = context["request"].workspace
    tickets = Ticket.objects.for_workspace(workspace).filter(status=Status.OPEN)
    conversations = Conversation.objects.for_workspace(workspace).filter(status=Conversation.Status.OPEN)
    return {"tickets": _capped(tickets), "conversations": _capped(conversations)}


def _capped(rows: QuerySet) -> str:
    count = rows.order_by()[: CAP + 1].count()
    return f"{CAP}+" if count > CAP else str(count or "")
