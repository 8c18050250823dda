"""Text of one line, as names, labels and values are: the same cleaning at every door."""

import re
import unicodedata

BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")


class InvalidText(ValueError):
    """A character that can't be kept; the text says which, for people."""


def one_line(text: str) -> str:
    """The text trimmed, with each run of line breaks and tabs as one space. Raises InvalidText.

    Other control characters, NUL and lone surrogates are refused: PostgreSQL or a reader's terminal can't bear them.
    """
    line = BREAKS.sub(" ", text.strip()).strip()
    for letter in line:
        if unicodedata.category(letter) in ("Cc", "Cs"):
            raise InvalidText(f"The character U+{ord(letter):04X} can't be kept. Remove it.")
    return line
