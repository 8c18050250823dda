"""What reading a mail may cost: 2 seconds of a processor, and so many headers and parts.

A mail that was made to hurt goes beyond, and is held instead of being read. The bounds are on what makes the parsers
slow; time is the last of them, and is measured on this thread alone, so that a busy machine holds no mail.
"""

import re
import time
from email import feedparser, policy
from email.message import Message
from typing import Any

from django.utils.translation import gettext_noop

SECONDS = 2
LONGEST_HEAD = 2 * 1024 * 1024  # bytes of a mail's header
MOST_HEADER_LINES = 20_000
MOST_LINES = 1_500_000  # each takes memory while it is parsed; 50 MB of base64 are 700,000
LONGEST_CONTENT_FIELD = 20_000  # characters of Content-Type and its like: the library takes their square in time
MOST_PARTS = 1_000
PIECE = 64 * 1024  # bytes parsed between two looks at the clock
# The cleaner's time goes with the tags and references in HTML, and with the square of the attributes of one tag.
MOST_TAGS, MOST_REFERENCES, MOST_ATTRIBUTES = 50_000, 200_000, 2_000
LONG_TAG = re.compile(rb"<[^<>]{%d,}" % MOST_ATTRIBUTES)
VALUE = re.compile(rb"""=\s*(?:"[^"]*"|'[^']*')""")


class TooMuch(Exception):
    """Reading this mail takes more than a mail may; says what of it."""


# Why a mail is held, in English as it is kept
TOO_LONG = gettext_noop("Its {name} has more than {number} characters.")
HEAD_TOO_LONG = gettext_noop("Its header has more than {number} lines.")


class Budget:
    """What is left for one mail."""

    def __init__(self) -> None:
        self.end = time.thread_time() + SECONDS
        self.parts = 0

    def check(self) -> None:
        if time.thread_time() > self.end:
            raise TooMuch(gettext_noop("It takes longer than {number} seconds to read.").format(number=SECONDS))

    def part(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise TooMuch(gettext_noop("It has more than {number} parts.").format(number=f"{MOST_PARTS:,}"))
        self.check()


class Policy(policy.EmailPolicy):
    """The library's, but headers stay their source's text, and each one costs."""

    budget: Any = None

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        self.budget.check()
        name, value = super().header_source_parse(sourcelines)
        if len(value) > LONGEST_CONTENT_FIELD and name[:8].lower() == "content-":
            raise TooMuch(TOO_LONG.format(name=name[:40], number=f"{LONGEST_CONTENT_FIELD:,}"))
        return name, value


POLICY = Policy(header_factory=lambda _, value: value, refold_source="none")


def check(header: bytes, raw: bytes) -> None:
    """Raises TooMuch where a mail and its header are too much to begin with."""
    if len(header) > LONGEST_HEAD:
        raise TooMuch(gettext_noop("Its header has more than {number} MB.").format(number=LONGEST_HEAD // 1024**2))
    if _lines(header) > MOST_HEADER_LINES:
        raise TooMuch(HEAD_TOO_LONG.format(number=f"{MOST_HEADER_LINES:,}"))
    if _lines(raw) > MOST_LINES:
        raise TooMuch(gettext_noop("It has more than {number} lines.").format(number=f"{MOST_LINES:,}"))


def _lines(raw: bytes) -> int:
    return max(raw.count(b"\n"), raw.count(b"\r"))


def parsed(raw: bytes, budget: Budget) -> Message:
    """The mail as the standard library's parser understands it. Raises TooMuch."""
    parser = feedparser.BytesFeedParser(policy=POLICY.clone(budget=budget))  # type: ignore[call-arg]
    for start in range(0, len(raw), PIECE):
        parser.feed(raw[start : start + PIECE])
        budget.check()
    return parser.close()


def is_costly(html: bytes) -> bool:
    """Whether cleaning this HTML takes too long to be done."""
    if html.count(b"<") > MOST_TAGS or html.count(b"&") > MOST_REFERENCES:
        return True
    if max(map(len, html.split(b"<"))) < MOST_ATTRIBUTES:  # no tag is as long
        return False
    return any(len(re.split(rb"[\s/]+", VALUE.sub(b"", tag[0]))) > MOST_ATTRIBUTES for tag in LONG_TAG.finditer(html))
