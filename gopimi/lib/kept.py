"""Sentences that are stored, such as why a mail is held or a row failed, in the reader's language.

They are stored in English, as the API has them, with values in their places. Each was made from a message of the
catalog: `told` finds it by its shape, and says it again with the same values.
"""

import re
from functools import cache, lru_cache

from django.conf import settings
from django.utils.translation import get_language, gettext, trans_real

from gopimi.lib.figures import figure

PLACE = re.compile(r"\{(\w+)\}")
GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)  # a number as English writes it


def told(sentence: str) -> str:
    """The sentence in the reader's language; what isn't one of ours stays as it is."""
    language = get_language() or settings.LANGUAGE_CODE
    return sentence if language == settings.LANGUAGE_CODE or not sentence else _told(sentence, language)


@lru_cache(4_096)
def _told(sentence: str, language: str) -> str:
    simple = gettext(sentence)
    if simple != sentence:
        return simple
    for shape, message in _shapes(language):
        if found := shape.fullmatch(sentence):
            return gettext(message).format(**{name: _value(text) for name, text in found.groupdict().items()})
    return sentence


def _value(text: str) -> str:
    """A value may be a number, or a sentence itself."""
    return figure(int(text.replace(",", ""))) if GROUPED.fullmatch(text) else told(text)


@cache
def _shapes(language: str) -> list[tuple[re.Pattern[str], str]]:
    """What each message with places in it looks like when they are filled; those that say the most come first."""
    catalog = trans_real.translation(language)._catalog  # type: ignore[attr-defined]  # as Django's own JavaScript catalog does
    messages = [key for key, _ in catalog.items() if isinstance(key, str) and PLACE.search(key) and "\x04" not in key]
    messages.sort(key=lambda message: -len(PLACE.sub("", message)))
    return [(_shape(message), message) for message in messages]


def _shape(message: str) -> re.Pattern[str]:
    parts = PLACE.split(message)
    seen: set[str] = set()
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
    parts[::2] = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(parts), re.DOTALL)
