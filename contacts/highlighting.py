"""What a search found, marked in the texts that it was found in."""

import html
import re
from collections.abc import Callable

from django.utils.safestring import SafeString, mark_safe

from contacts.searching import words
from gopimi.lib.folding import fold
from gopimi.lib.markup import escape

Highlight = Callable[[str], SafeString]


def highlighter(query: str) -> Highlight:
    """A function that marks the query's words in a text, found as search finds them: without regard to case or accents.

    Made once for a whole page. What it gives is safe to show; without words it only escapes.
    """
    found = sorted(set(words(query)), key=len, reverse=True)  # so that of two that begin alike the longer one is taken
    if not found:
        return escape
    pattern = re.compile("|".join(map(re.escape, found)))

    def highlight(text: str) -> SafeString:
        folded, origins = _folded(text)
        matches = [(origins[match.start()], origins[match.end() - 1] + 1) for match in pattern.finditer(folded)]
        marked, end = "", 0
        for start, after in _joined(matches):
            marked += f"{html.escape(text[end:start])}<mark>{html.escape(text[start:after])}</mark>"
            end = after
        return mark_safe(marked + html.escape(text[end:]))  # noqa: S308  each part was escaped

    return highlight


def _folded(text: str) -> tuple[str, range | list[int]]:
    """The text as search compares it, and for each of its letters the place in the text that it comes from."""
    if text.isascii():
        return fold(text), range(len(text))
    pieces = [fold(letter) for letter in text]
    return "".join(pieces), [place for place, piece in enumerate(pieces) for _ in piece]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch or overlap as one: two words may be found side by side, or both in one letter, as in ǆ."""
    joined: list[tuple[int, int]] = []
    for start, after in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(after, joined[-1][1])
        else:
            joined.append((start, after))
    return joined
