"""Cells that a spreadsheet would take for a formula: made harmless in what we write, and taken back as they were.

`harmless` and `original` are each other's inverse for every text. Cells of number columns need neither: there a minus
is a minus, and `original` changes no number.
"""

import re

STARTS = "=+-@\t\r"  # OWASP, CSV Injection
DANGEROUS = re.compile(f"'*[{re.escape(STARTS)}]")
PREFIXED = re.compile(f"'+[{re.escape(STARTS)}]")


def harmless(text: str) -> str:
    """The text with an apostrophe in front where it begins like a formula, or like what this function makes of one."""
    return f"'{text}" if DANGEROUS.match(text) else text


def original(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text[:1] == "'" and PREFIXED.match(text) else text
