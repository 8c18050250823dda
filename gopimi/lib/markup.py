"""HTML of small parts that are made by the hundred for one page, where a template each would take most of its time."""

import html

from django.utils.safestring import SafeString


def escape(text: str) -> SafeString:
    """A text as HTML; what is safe already stays as it is. Django's own asks whether the text is lazy, which takes
    longer than to escape it."""
    return text if isinstance(text, SafeString) else SafeString(html.escape(text))


def span(css: str, *contents: str) -> SafeString:
    return SafeString(f'<span class="{css}">{"".join(map(escape, contents))}</span>')


def who(picture: SafeString, name: str) -> SafeString:
    """Somebody's picture and name side by side."""
    return span("who", picture, span("truncate", name))
