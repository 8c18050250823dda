"""What a thread shows of each of its messages.

Made here and not in a template for each, which took most of a long thread's time.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from gopimi.lib import stencils
from gopimi.lib.markup import escape, span
from gopimi.workspaces.templatetags.ui import avatar, moment
from tickets import mailhtml, quoting, signing
from tickets.models import Message

CSS = {Message.Direction.OUTBOUND: "msg out", Message.Direction.NOTE: "msg note"}
FOLDED, FOLDED_END = '<details class="quote"><summary aria-label="{}">•••</summary>', "</details>"
NOFOLLOW, ELSEWHERE = ' rel="nofollow"', ' target="_blank" rel="noopener noreferrer nofollow"'
PICTURES = {"image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp", "image/avif", "image/bmp"}


class Bubbles:
    """Fills the messages of one page for its reader. They were read with their authors, mailboxes and attachments."""

    def __init__(self, request: Any, page: Any) -> None:
        self.request, self.page, self.workspace = request, page, request.workspace

    def fill(self, message: Message) -> SafeString:
        return stencils.fill("tickets/_message.html", self.values(message))

    def values(self, message: Message) -> Mapping[str, str]:
        """What the template names, as HTML."""
        writer, files = message.writer, list(message.attachments.all())
        return {
            "pk": str(message.pk),
            "css": CSS.get(Message.Direction(message.direction), "msg"),
            "picture": avatar(writer, "md"),
            "writer": escape(writer),
            "at": message.created_at.isoformat(timespec="seconds"),
            "moment": escape(moment(message.created_at)),
            "way": self._way(message),
            "why": self._link("why", message) if message.attribution else "",
            "original": self._link("original", message) if message.raw_mail_id else "",
            "body": self._html(message, files) if message.body_html else _text(message),
            "files": self._files(files) if files else "",
        }

    def _way(self, message: Message) -> SafeString:
        """Where it came in or went, and how far that is."""
        if message.direction == Message.Direction.NOTE:
            return span("badge amber sq", gettext("Internal note"))
        to = gettext("to {address}")
        if message.direction == Message.Direction.INBOUND:
            return span("via", to.format(address=message.mailbox.address)) if message.mailbox else SafeString()
        copies = {gettext("Cc {addresses}"): message.cc, gettext("Bcc {addresses}"): message.bcc}
        said = [span("via", to.format(address=message.to))] if message.to else []
        said += [span("via copy", words.format(addresses=given)) for words, given in copies.items() if given]
        return SafeString(f'{"".join(said)}<div class="outcome" role="status">{self._outcome(message)}</div>')

    def _outcome(self, message: Message) -> str:
        if message.went_to_all:
            return stencils.fill("tickets/_sent.html", {"pk": str(message.pk)})
        return render_to_string("tickets/_state.html", {"message": message}, self.request)

    def _link(self, page: str, message: Message) -> SafeString:
        return stencils.fill(f"tickets/_to_{page}.html", {"url": self.workspace.url(f"tickets:{page}", message.pk)})

    def _files(self, files: Sequence[Any]) -> SafeString:
        filled = [
            stencils.fill(
                "tickets/_attachment.html",
                {
                    "url": self.workspace.url("tickets:attachment", file.signed),
                    "name": escape(file.filename),
                    "size": escape(filesizeformat(file.size)),
                },
            )
            for file in files
        ]
        return SafeString(f'<div class="files">{"".join(filled)}</div>')

    def _html(self, message: Message, files: Sequence[Any]) -> SafeString:
        """HTML was made safe before it was stored."""
        pictures = {
            file.content_id: self.workspace.url("tickets:attachment", file.signed)
            for file in files
            if file.content_id and file.content_type in PICTURES
        }
        key = signing.IMAGES.sign(str(message.pk))
        asked = self.request.GET.get("images") == key
        shown = mailhtml.fold(
            mailhtml.with_pictures(message.body_html, pictures, remote=asked), _folded_quote(), _folded_signature()
        )
        body = format_html('<div class="html">{}</div>', mark_safe(shown))  # noqa: S308
        if asked or not mailhtml.has_remote_pictures(message.body_html):
            return body
        url = f"{self.page.asking(images=key)}#message-{message.pk}"
        said, show = gettext("Images from elsewhere are not loaded."), gettext("Show images")
        return body + format_html('<p class="muted">{} <a href="{}">{}</a></p>', said, url, show)


def _text(message: Message) -> SafeString:
    """A text with its links, and with what it quotes and its signature folded."""
    own, quoted = quoting.split(message.body_text)
    own, signature = quoting.split_signature(own)
    text = linebreaks(urlize(own, nofollow=True, autoescape=True), autoescape=False).replace(NOFOLLOW, ELSEWHERE)
    for (opening, closing), part in ((_folded_signature(), signature), (_folded_quote(), quoted)):
        text += opening + linebreaks(part, autoescape=True) + closing if part.strip() else ""
    return mark_safe(text)  # noqa: S308  each part was escaped


def _folded_quote() -> tuple[str, str]:
    """What stands around quoted text, which is folded."""
    return format_html(FOLDED, gettext("Show quoted text")), FOLDED_END


def _folded_signature() -> tuple[str, str]:
    return format_html(FOLDED, gettext("Show signature")), FOLDED_END
