"""Templates that are filled a hundred times for one page, such as a row of a table: rendered once, then only joined."""

import re
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

MARK = "\x00{}\x00"


def fill(template: str, values: Mapping[str, str]) -> SafeString:
    """What the template renders with these values, which are HTML. No condition in it can depend on one of them."""
    pattern = _pattern.__wrapped__ if settings.DEBUG else _pattern  # while a template is worked at it is read each time
    return SafeString(pattern(template, tuple(values), get_language()) % values)


@cache
def _pattern(template: str, names: tuple[str, ...], language: str | None) -> str:
    """The template's HTML for Python's own formatting, in the language of the reader."""
    rendered = render_to_string(template, {name: SafeString(MARK.format(name)) for name in names})
    return re.sub(MARK.format(r"(\w+)"), r"%(\1)s", rendered.replace("%", "%%"))
