"""Text of one line, as names, labels and values are: the same cleaning at every door."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from django.utils.translation import gettext

BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


class InvalidText(ValueError):
    """A character that can't be kept; the text says which, for people."""


def one_line(text: str) -> str:
    """The text trimmed, with each run of line breaks and tabs as one space. Raises InvalidText.

    Other control characters, NUL and lone surrogates are refused: PostgreSQL or a reader's terminal can't bear them.
    """
    line = text.strip()
    if line.isprintable():  # so no character is a break or of the categories below
        return line
    line = BREAKS.sub(" ", line).strip()
    for letter in line:
        if unicodedata.category(letter) in ("Cc", "Cs"):
            refused = gettext("The character {character} can't be kept. Remove it.")
            raise InvalidText(refused.format(character=f"U+{ord(letter):04X}"))
    return line


def split(text: str) -> list[str]:
    """The parts of a text that lists several, such as the labels or tags in one cell: at semicolons, else at commas.

    A part in double quotes may hold either. Raises InvalidText.
    """
    rows = csv.reader(text.splitlines(), delimiter=";" if ";" in text else ",", skipinitialspace=True)
    try:
        return [part for row in rows for part in row]
    except csv.Error as error:
        raise InvalidText(gettext("Put a semicolon between two of them.")) from error


def join(parts: Iterable[str]) -> str:
    """What `split` reads back."""
    text, parts = io.StringIO(), list(parts)
    alone = len(parts) == 1 and "," in parts[0]  # without a semicolon it would be split there
    csv.writer(text, delimiter=";", lineterminator="", quoting=csv.QUOTE_ALL if alone else csv.QUOTE_MINIMAL).writerow(
        parts
    )
    return text.getvalue()
