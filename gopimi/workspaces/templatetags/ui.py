"""Small parts that every page is made of. A builtin library: no `{% load %}` needed."""

import zlib
from datetime import datetime
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from gopimi.lib import figures, kept
from gopimi.workspaces.models import Workspace

register = template.Library()
HUES = 8
CAPITALS = {"de"}  # languages that write nouns with a capital letter
REMEMBERED = 4_096  # pictures of names: a table has a hundred


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: what it means is said in words beside it."""
    css = f"icon {size}".strip()
    url = static("icons/icons.svg")
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}" /></svg>', css, url, name)


@register.simple_tag(takes_context=True)
def page_url(context: Any, name: str, *args: Any) -> str:
    """The address of a page of this workspace: `{% page_url 'contacts:detail' contact.id %}`."""
    return context["request"].workspace.url(name, *args)


@register.simple_tag(takes_context=True)
def standing(context: Any, template: str) -> SafeString:
    """A part of a page that is the same for everybody who reads it in a workspace and a language: rendered once."""
    rendered = _standing.__wrapped__ if settings.DEBUG else _standing  # while a template is worked at it is read anew
    return rendered(template, context["request"].workspace.slug, get_language())


@lru_cache(REMEMBERED)
def _standing(template: str, slug: str, language: str | None) -> SafeString:
    return render_to_string(template, {"request": SimpleNamespace(workspace=Workspace(slug=slug))})


@register.filter
def initials(name: Any) -> str:
    words = [word for word in str(name or "").replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(name: Any) -> int:
    """A colour for a name, always the same one (classes `hue-0` to `hue-7`)."""
    return zlib.crc32(str(name or "").lower().encode()) % HUES


@register.simple_tag
def avatar(name: Any, size: str = "") -> SafeString:
    return _avatar(str(name or ""), size)


@lru_cache(REMEMBERED)
def _avatar(name: str, size: str) -> SafeString:
    css = f"av {size}".strip()
    return format_html('<span class="{} hue-{}" aria-hidden="true">{}</span>', css, hue(name), initials(name))


@register.simple_tag
@lru_cache(REMEMBERED)
def mark(name: str, size: str = "") -> SafeString:
    """An organization's square: one letter, and the colour of its whole name."""
    css = f"av sq {size}".strip()
    return format_html('<span class="{} hue-{}" aria-hidden="true">{}</span>', css, hue(name), name[:1].upper())


@register.filter
def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """When something was, as briefly as one says it: "2 min ago", "Yesterday", "12 Nov", "4 Mar 2025".

    `now` is the reader's own time, for those who say it a hundred times.
    """
    if moment is None:
        return ""
    now = now or timezone.localtime()
    moment = moment.astimezone(now.tzinfo)
    seconds = (now - moment).total_seconds()
    days = (now.date() - moment.date()).days
    if 0 <= seconds < 60:
        return gettext("just now")
    if 0 <= seconds < 3600:
        return gettext("{number} min ago").format(number=int(seconds // 60))
    if 0 <= seconds < 86400 and days == 0:
        return gettext("{number} h ago").format(number=int(seconds // 3600))
    if days == 1:
        return gettext("Yesterday")
    if 1 < days < 7:
        return gettext("{number} days ago").format(number=days)
    return figures.month_day(moment) if moment.year == now.year else figures.day(moment)


@register.filter
def moment(when: datetime) -> str:
    """A day and a time, as a thread needs them: "Today 09:14", "Yesterday 18:02", "12 Nov 08:30"."""
    when, today = timezone.localtime(when), timezone.localtime().date()
    days = (today - when.date()).days
    if days in (0, 1):
        said = gettext("Yesterday {time}") if days else gettext("Today {time}")
        return said.format(time=figures.minute(when))
    return figures.month_day_and_minute(when) if when.year == today.year else figures.day_and_minute(when)


register.filter("day", figures.day)
register.filter("month_day", figures.month_day)
register.filter("kept", kept.told)


@register.filter
def inside(word: Any) -> str:
    """A word as it stands within a sentence: with a small letter, but where nouns have a large one anywhere."""
    return str(word) if get_language() in CAPITALS else str(word).lower()
