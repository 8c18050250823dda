"""How statuses, priorities and sortable columns of tickets and conversations look."""

from typing import Any

from django import template
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from gopimi.workspaces.templatetags.ui import icon
from tickets import mailhtml, quoting
from tickets.looks import PRIORITIES, STATUSES

register = template.Library()
FOLDED = '<details class="quote"><summary aria-label="Show quoted text">•••</summary>', "</details>"


@register.simple_tag
def status_badge(thread: Any) -> SafeString:
    name, colour, _ = STATUSES[thread.status]
    return format_html('<span class="badge {}">{}{}</span>', colour, icon(name, "sm"), thread.get_status_display())


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
    """What a message says, with what it quotes folded. HTML was made safe before it was stored."""
    if message.body_html:
        url = context["request"].workspace.url
        pictures = {
            file.content_id: url("tickets:attachment", file.pk) for file in message.attachments.all() if file.content_id
        }
        shown = mailhtml.fold_quotes(mailhtml.with_pictures(message.body_html, pictures), *FOLDED)
        return format_html('<div class="html">{}</div>', mark_safe(shown))  # noqa: S308
    own, quoted = quoting.split(message.body_text)
    text = linebreaks(urlize(own, nofollow=True, autoescape=True), autoescape=False)
    if quoted:
        text += FOLDED[0] + linebreaks(quoted, autoescape=True) + FOLDED[1]
    return mark_safe(text)  # noqa: S308  each part was escaped
