"""The addresses of a From, Sender, Reply-To or To header, as they are written in real mail.

The standard library's two parsers won't do: `email.headerregistry` raises on some headers of real mail, and
`email.utils.getaddresses` answers nothing at all, or something else with each patch release, where one address of
a list is broken.
"""

import re
from dataclasses import dataclass

from gopimi.lib import addresses, charsets
from tickets.encodedwords import decode_words

# What an address list is made of (RFC 5322, 3.4), each piece tolerant of a missing end.
PIECES = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"?'
    r"|<(?P<angle>[^<>]*)>?"
    r"|(?P<comment>\()"
    r"|(?P<mark>[,;:])"
    r"|(?P<space>\s+)"
    r'|(?P<atom>[^\s"<(,;:]+|.)',
    re.DOTALL,
)
ADDRESS = re.compile(
    r"""(?:"(?:[^"\\]|\\.){0,250}"|[^\s"'<>(),:;@\[\]][^\s"<>(),:;@\[\]]{0,250})"""  # quoted or plain
    r"""@(?:\[[^\]\s]{0,250}\]|[^\s"'<>(),:;@\[\]]{1,250})"""
)
COMMENT = re.compile(r"\([^()]*\)")
AROUND_DOTS = re.compile(r" ?([@.]) ?")
QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
LONGEST = 1000  # characters of what may be an address


@dataclass(frozen=True, slots=True)
class Person:
    """A display name, possibly empty, and a valid address: as it was given, and what says who it is."""

    name: str
    email: str
    key: str


def people(header: str) -> list[Person]:
    """Everybody that a header names by a valid address, in order and without repeats.

    Encoded words may still be in it: a comma inside of one is part of a name (RFC 2047, 5).
    """
    found = [person for entry in _entries(header) if (person := _person(*entry))]
    if not found and "=?" in header:  # some systems encode the address too
        found = [person for entry in _entries(decode_words(header)) if (person := _person(*entry))]
    return list({person.key: person for person in reversed(found)}.values())[::-1]


def _person(words: str, angle: str | None, comment: str) -> Person | None:
    name = words
    if angle is None:
        match = ADDRESS.search(words)
        angle, name = (match[0], words[: match.start()]) if match else ("", "")
    address = _valid(decode_words(angle).strip())
    if address is None:
        return None
    name = _tidy(decode_words(name)) or _tidy(decode_words(comment))
    return Person("" if name.lower() == address.given.lower() else name, address.given, address.key)


def _valid(text: str) -> addresses.Address | None:
    """The address in it, also in obsolete forms (RFC 5322, 4.4: routes, comments, spaces), or with a dot too many."""
    if len(text) > LONGEST:
        return None
    if text.startswith("@"):
        text = text.rpartition(":")[2]
    bare = AROUND_DOTS.sub(r"\1", " ".join(COMMENT.sub("", text).removeprefix("mailto:").split()))
    for candidate in (text, bare.rstrip(".")):
        try:
            return addresses.parse(candidate)
        except addresses.InvalidAddress:
            continue
    return None


def _tidy(name: str) -> str:
    return " ".join(charsets.printable(name).split()).strip('"<> ')


def _entries(header: str) -> list[tuple[str, str | None, str]]:
    """The list's entries as (words before the brackets, what is in them or None, comment).

    A comma ends an entry only where an address was already seen: "Foo, Bar <foo@bar>" is one person. "group: a, b;"
    is its members.
    """
    entries: list[tuple[str, str | None, str]] = []
    words: list[str] = []
    angle: str | None = None
    comments: list[str] = []
    complete = False  # an address was seen

    def end() -> None:
        nonlocal angle, complete
        if complete:
            entries.append(("".join(words), angle, " ".join(comments)))
        words.clear()
        comments.clear()
        angle, complete = None, False

    position = 0
    while piece := PIECES.match(header, position):
        position = piece.end()
        match piece.lastgroup:
            case "quoted":
                local_part = header.startswith("@", position)
                words.append(piece[0] if local_part else QUOTED_PAIR.sub(r"\1", piece["quoted"]))
            case "angle":
                if angle is not None:
                    end()
                angle, complete = piece["angle"], True
            case "comment":
                comment, position = _comment(header, position)
                comments.append(comment)
            case "mark" if piece["mark"] == ":":
                words.clear()  # a group's name
            case "mark" if complete:
                end()
            case _:
                if angle is not None and "@" in piece[0]:
                    end()  # no comma between two
                words.append(piece[0])
                complete = complete or "@" in piece[0]
    end()
    return entries


def _comment(header: str, position: int) -> tuple[str, int]:
    """The comment that was opened before `position`, and where it ends; comments nest."""
    depth, start = 1, position
    while position < len(header):
        character = header[position]
        position += 1
        if character == "\\":
            position += 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return header[start : position - 1], position
    return header[start:], position
