"""What stands behind a message: the mail that it came as, and why it is this contact's."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from gopimi.lib import htmx
from tickets import attribution, originals
from tickets.models import Message, RawMail
from tickets.views.attachments import to_save


@require_GET
def original(request: Any, message_id: int) -> HttpResponse:
    message, mail = _find(request, message_id)
    context = {"message": message, "mail": mail, "text": originals.text(mail), "shown": originals.SHOWN}
    return htmx.page(request, "tickets/original.html", {**context, **_place(request, message)})


@require_GET
def download(request: Any, message_id: int) -> HttpResponseBase:
    _, mail = _find(request, message_id)
    if mail.size is None:  # type: ignore[attr-defined]
        raise Http404(gettext("The original isn't kept any more."))
    return to_save(originals.file(mail), originals.filename(mail), originals.CONTENT_TYPE)


@require_GET
def why(request: Any, message_id: int) -> HttpResponse:
    """Which header said who wrote a message, and whether the contact was known."""
    messages = Message.objects.for_workspace(request.workspace).exclude(attribution="")
    shown = messages.select_related("author_contact", "ticket__contact", "conversation__contact")
    message = get_object_or_404(shown, pk=message_id)
    context = {"why": attribution.explain(message), "message": message, **_place(request, message)}
    return htmx.dialog(request, "tickets/_why.html", gettext("Why this contact?"), context)


def _find(request: Any, message_id: int) -> tuple[Message, RawMail]:
    messages = Message.objects.for_workspace(request.workspace).filter(raw_mail__isnull=False)
    message = get_object_or_404(messages.select_related("ticket", "conversation", "mailbox"), pk=message_id)
    mails = originals.sized(RawMail.objects.for_workspace(request.workspace))
    return message, mails.get(pk=message.raw_mail_id)


def _place(request: Any, message: Message) -> dict[str, str]:
    """Where in the workspace the message stands, for the rail and the way back."""
    if message.ticket:
        url, section = request.workspace.url("tickets:detail", message.ticket.number), "tickets"
    else:
        url, section = request.workspace.url("tickets:conversation", message.conversation_id), "inbox"
    return {"back": f"{url}#message-{message.pk}", "section": section}
