"""One message of a thread: how far its sending is, and sending it again."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from gopimi.lib import htmx
from tickets import outbound
from tickets.models import Message
from tickets.pages import find


@require_GET
def message(request: Any, message_id: int) -> HttpResponse:
    """Its state, for a page that is waiting for it; its place in the thread for anybody else."""
    return show(request, get_object_or_404(_messages(request), pk=message_id))


@require_POST
def retry(request: Any, message_id: int) -> HttpResponse:
    """Send a reply again that failed, or of which nobody knows whether it went out."""
    replies = _messages(request).filter(direction=Message.Direction.OUTBOUND)
    reply = get_object_or_404(replies, pk=message_id)
    outbound.retry(reply)
    return show(request, reply)


def show(request: Any, message: Message) -> HttpResponse:
    if htmx.wants(request, f"state-{message.pk}"):
        return htmx.fragment(request, "tickets/_state.html", {"message": message})
    page = find(request, message.ticket.number if message.ticket else None, message.conversation_id)
    return HttpResponseRedirect(f"{page.url}#message-{message.pk}")


def _messages(request: Any) -> Any:
    return Message.objects.for_workspace(request.workspace).select_related("ticket", "conversation")
