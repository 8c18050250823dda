"""How statuses, priorities and sortable columns of tickets and conversations look."""

from typing import Any

from django import template
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from gopimi.workspaces.templatetags.ui import icon
from tickets import mailhtml, quoting, signing
from tickets.looks import PRIORITIES, STATUSES

register = template.Library()
FOLDED, FOLDED_END = '<details class="quote"><summary aria-label="{}">•••</summary>', "</details>"
NOFOLLOW, ELSEWHERE = ' rel="nofollow"', ' target="_blank" rel="noopener noreferrer nofollow"'
PICTURES = {"image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp", "image/avif", "image/bmp"}


@register.simple_tag
def status_badge(thread: Any) -> SafeString:
    return badge(type(thread), thread.status)


def badge(model: Any, status: str) -> SafeString:
    """A status of tickets or of conversations, in colour, with its icon and in words."""
    name, colour, _ = STATUSES[status]
    return format_html('<span class="badge {}">{}{}</span>', colour, icon(name, "sm"), model.statuses()[status])


@register.simple_tag
def status_icon(status: str) -> SafeString:
    name, _, colour = STATUSES[status]
    return icon(name, f"sm {colour}".strip())


@register.simple_tag
def priority_icon(priority: int) -> SafeString:
    name, colour = PRIORITIES[priority]
    return icon(name, f"sm {colour}".strip())


@register.inclusion_tag("tickets/_sortable.html", takes_context=True)
def sortable(context: Any, name: str, label: str, css: str) -> dict[str, Any]:
    """The head of a column that the list can be sorted by: a link, which turns the order round where it is active."""
    threads = context["list"]
    active = threads.filter.sort == name
    descending = active and threads.filter.descending
    url = threads.url(sort=name if descending else f"-{name}")
    return {"label": label, "css": css, "active": active, "descending": descending, "url": url}


@register.simple_tag(takes_context=True)
def message_body(context: Any, message: Any) -> SafeString:
    """What a message says, with what it quotes and its signature folded. HTML was made safe before it was stored."""
    if message.body_html:
        return _html_body(context, message)
    own, quoted = quoting.split(message.body_text)
    own, signature = quoting.split_signature(own)
    text = linebreaks(urlize(own, nofollow=True, autoescape=True), autoescape=False).replace(NOFOLLOW, ELSEWHERE)
    for (opening, closing), part in ((_signature(), signature), (_quote(), quoted)):
        text += opening + linebreaks(part, autoescape=True) + closing if part.strip() else ""
    return mark_safe(text)  # noqa: S308  each part was escaped


def _html_body(context: Any, message: Any) -> SafeString:
    pictures = {
        file.content_id: context["request"].workspace.url("tickets:attachment", file.signed)
        for file in message.attachments.all()
        if file.content_id and file.content_type in PICTURES
    }
    key = signing.IMAGES.sign(str(message.pk))
    asked = context["request"].GET.get("images") == key
    shown = mailhtml.with_pictures(message.body_html, pictures, remote=asked)
    body = format_html('<div class="html">{}</div>', mark_safe(mailhtml.fold(shown, _quote(), _signature())))  # noqa: S308
    if asked or not mailhtml.has_remote_pictures(message.body_html):
        return body
    url = f"{context['page'].asking(images=key)}#message-{message.pk}"
    said, show = gettext("Images from elsewhere are not loaded."), gettext("Show images")
    return body + format_html('<p class="muted">{} <a href="{}">{}</a></p>', said, url, show)


def _quote() -> tuple[str, str]:
    """What stands around quoted text, which is folded."""
    return format_html(FOLDED, gettext("Show quoted text")), FOLDED_END


def _signature() -> tuple[str, str]:
    return format_html(FOLDED, gettext("Show signature")), FOLDED_END
