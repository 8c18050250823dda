"""How statuses, priorities and sortable columns of tickets and conversations look."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gopimi.workspaces.templatetags.ui import icon
from tickets.bubbles import Bubbles
from tickets.looks import PRIORITIES, STATUSES

register = template.Library()


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
def bubble(context: Any, message: Any) -> SafeString:
    return Bubbles(context["request"], context.get("page")).fill(message)
