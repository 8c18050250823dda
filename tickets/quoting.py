"""Where in a mail's text the quoted mails before it begin, so that they can be folded. Nothing is ever cut away."""

import re
from itertools import islice
from typing import NamedTuple

QUOTED = re.compile(r"[ \t]*>")
# "On Monday, Dana wrote:", "Am Montag schrieb Dana:", "Le lundi, Dana a écrit :" … up to three lines long.
INTRODUCTION = re.compile(
    r"(?:on|am|le|el|il|op|em|den|dnia|dne|в|on behalf of)\b.{4,300}"
    r"\b(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał\(a\)|napsal\(a\)|пишет|написал)\b.{0,80}[:：]",
    re.IGNORECASE,
)
DIVIDER = re.compile(
    r"-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|mensagem original)[ \t]*-{2,}|_{20,}",
    re.IGNORECASE,
)
FIELD = re.compile(
    r"\*?(?:from|von|de|da|van|от|sent|gesendet|date|datum|to|an|à|para|subject|betreff|objet)\*?[ \t]?:", re.I
)
FROM = re.compile(r"\*?(?:from|von|de|da|van|от)\*?[ \t]?:", re.I)
LONGEST_INTRODUCTION = 3  # lines
LONGEST_TEXT = 1_000_000  # characters; nobody reads beyond
LONGEST_SIGNATURE = 10  # lines
LONGEST_HEADER = 12  # lines, blank ones included


class Split(NamedTuple):
    """`visible` and what is folded (`quoted`) together are the text."""

    visible: str
    quoted: str


def split(text: str) -> Split:
    """A mail's text in what is new and what it quotes at its end. A mail that is all quotation, or that answers between
    the quoted lines, is visible as a whole."""
    if len(text) > LONGEST_TEXT:
        return Split(text, "")
    lines = text.splitlines(keepends=True)
    tail = _signature(lines)  # from here on every line before the signature is quoted or blank
    while tail and (QUOTED.match(lines[tail - 1]) or not lines[tail - 1].strip()):
        tail -= 1
    start = next((number for number in range(len(lines)) if _begins_quotation(lines, number, tail)), len(lines))
    visible = "".join(lines[:start])
    return Split(visible, "".join(lines[start:])) if visible.strip() else Split(text, "")


def split_signature(text: str) -> Split:
    """A text in what it says and the signature at its end, which a line of "-- " divides (RFC 3676, 4.3)."""
    lines = text.splitlines(keepends=True)
    start = _signature(lines)
    visible = "".join(lines[:start])
    return Split(visible, "".join(lines[start:])) if visible.strip() else Split(text, "")


def _signature(lines: list[str]) -> int:
    """Where the signature begins that a mail ends with, or the end: some programs put it under the quotation."""
    last = range(len(lines) - 1, max(-1, len(lines) - 1 - LONGEST_SIGNATURE), -1)
    return next((number for number in last if lines[number].rstrip() == "--"), len(lines))


def _begins_quotation(lines: list[str], start: int, tail: int) -> bool:
    line = lines[start].strip()
    if not line:
        return False
    if QUOTED.match(line):
        return start >= tail
    if DIVIDER.fullmatch(line) and _has_header(lines, start + 1):
        return True
    if FROM.match(line) and _has_header(lines, start):
        return True
    for end in range(start + 1, min(start + LONGEST_INTRODUCTION, len(lines)) + 1):
        if INTRODUCTION.fullmatch(" ".join(part.strip() for part in lines[start:end])):
            following = next((line for line in lines[end:] if line.strip()), "")
            return end >= tail or not QUOTED.match(following)
    return False


def _has_header(lines: list[str], start: int) -> bool:
    """Whether here begins the header of a mail as mail programs write it: three fields or more in six lines."""
    first = islice((line.strip() for line in lines[start : start + LONGEST_HEADER] if line.strip()), 6)
    return sum(FIELD.match(line) is not None for line in first) >= 3
