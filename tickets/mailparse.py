"""A mail read: from raw bytes to what a ticket needs, without database, network or an error.

The standard library's parser finds the parts. What it is asked for is guarded: a header is its source's text, decoded
here, since the library's own header objects raise on some headers of real mail.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from gopimi.lib import charsets
from tickets import mailautomatic, mailguards, mailhtml
from tickets.encodedwords import decode_words
from tickets.htmltext import to_text
from tickets.mailaddresses import Person, people
from tickets.messageids import ids_in

FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
SPACE_BEFORE_COLON = re.compile(rb"^([!-9;-~]+)[ \t]+:")
KNOWN_FIELD = re.compile(
    rb"(from|sender|reply-to|to|cc|subject|date|message-id|in-reply-to|references|received|return-path|delivered-to"
    rb"|mime-version|content-type|content-transfer-encoding|auto-submitted)[ \t]*:",
    re.IGNORECASE,
)
SOUND = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)+")  # a header that is fields alone
BLANK_LINE = re.compile(rb"\n\r?\n|\r\r")
FOLD = re.compile(r"[\r\n]+(?=[ \t])")
LONGEST_HEADER = 100_000  # characters of one that are read
LONGEST_TEXT = 2 * 1024 * 1024  # bytes of a text that people read; a longer one is a file
SENDERS = ("From", "Sender", "Reply-To")


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as its sender named it: `name` may be empty. `content_id` has no angle brackets."""

    name: str
    content_type: str
    content_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as people see it. Ids have no angle brackets; what is missing is empty.

    `automatic` says why a machine must have written it, and is empty where it may have been a person.
    `about` are the ids of the mails that a machine's mail reports on.
    """

    sender: Person | None
    sender_header: str  # the header that named the sender
    from_text: str
    to: str
    cc: str
    subject: str
    date: datetime | None
    message_id: str
    in_reply_to: list[str]
    references: list[str]
    about: list[str]
    text: str
    html: str  # safe (mailhtml.sanitize)
    files: list[File] = field(default_factory=list)
    automatic: str = ""


def parse(raw: bytes) -> Mail:
    """Read a mail. What can't be understood is empty or kept as it is; nothing that is in a mail raises, but for
    TooMuch where that would take more than a mail may."""
    mailguards.check(split(raw)[0], raw)
    mended, budget = mend(raw), mailguards.Budget()
    try:
        return _mail(mailguards.parsed(mended, budget), raw, budget)
    except (RecursionError, AssertionError, AttributeError, LookupError, TypeError, ValueError):
        # What the library raises on parts nested too deep, and on parameters that contradict each other.
        return _mail(mailguards.parsed(_flat(mended), budget), raw, budget)


def _mail(message: Message, raw: bytes, budget: mailguards.Budget) -> Mail:
    headers = Headers(message)
    body = Body(message, budget)
    sender, sender_header = _sender(headers)
    automatic = mailautomatic.reason(message, headers.sources, sender)
    return Mail(
        sender=sender,
        sender_header=sender_header,
        from_text=headers.text("From"),
        to=headers.text("To"),
        cc=headers.text("Cc"),
        subject=headers.text("Subject"),
        date=_date(headers.text("Date")),
        message_id=next(iter(ids_in(headers.source("Message-ID"))), ""),
        in_reply_to=ids_in(headers.source("In-Reply-To")),
        references=ids_in(headers.source("References")),
        about=mailautomatic.reported_ids(split(raw)[1]) if automatic else [],
        text=body.text,
        html=body.html,
        files=body.files,
        automatic=automatic,
    )


def mend(raw: bytes) -> bytes:
    """The mail with a header that the parser reads to its end.

    Blank lines before the header go, and so does a line inside it that is no field, where well-known fields follow: the
    parser takes the first such line for the body's start. So it does with a space before the colon.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    header, body = split(raw)
    if len(header) > mailguards.LONGEST_HEAD or SOUND.fullmatch(header):
        return raw
    lines = header.splitlines(keepends=True)
    end = max((index + 1 for index, line in enumerate(lines) if KNOWN_FIELD.match(line)), default=0)
    mended = [line for line in lines[:1] if line.startswith(b"From ") and not FIELD.match(line)]  # as in an mbox
    inside = True
    for line in lines[len(mended) : end]:
        inside = FIELD.match(line) is not None or (inside and line.startswith((b" ", b"\t")))
        if inside:
            mended.append(SPACE_BEFORE_COLON.sub(rb"\1:", line))
    return raw if mended == lines[:end] else b"".join(mended + lines[end:]) + body


def split(raw: bytes) -> tuple[bytes, bytes]:
    """A mail's header and the rest, which begins with the blank line."""
    blank = BLANK_LINE.search(raw)
    end = blank.start() + 1 if blank else len(raw)
    return raw[:end], raw[end:]


def _flat(raw: bytes) -> bytes:
    """The mail as one text: the parts aren't looked for."""
    header, body = split(raw)
    return re.sub(rb"(?im)^(content-[\w-]+[ \t]*:)", rb"x-\1", header) + body


class Headers:
    """The header of a mail, its fields as text whatever bytes they are made of."""

    def __init__(self, message: Message) -> None:
        self.charset = parameter(message, "Content-Type", "charset")
        self.fields: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self.fields.setdefault(name.strip().lower(), []).append(value)

    def sources(self, name: str) -> list[str]:
        """Every field of this name: unfolded, raw 8-bit repaired, encoded words not yet read."""
        values = self.fields.get(name.lower(), [])
        return [repaired(FOLD.sub("", value[:LONGEST_HEADER]), self.charset) for value in values]

    def source(self, name: str) -> str:
        """The first field of this name, "" without one."""
        return next(iter(self.sources(name)), "")

    def text(self, name: str) -> str:
        """What people read in the first field of this name: one line."""
        return " ".join(charsets.printable(decode_words(self.source(name))).split())


def repaired(value: str, charset: str = "") -> str:
    """A header's value of which the parser kept raw 8-bit bytes as surrogates."""
    return charsets.decode(value.encode("utf-8", "surrogateescape"), charset)


def _sender(headers: Headers) -> tuple[Person | None, str]:
    """Who wrote, and which header said so: the From; where that is no one person, Sender, then Reply-To.

    A From of several persons without either stands for its first.
    """
    authors = people(", ".join(headers.sources("From")))
    if len(authors) == 1:
        return authors[0], "From"
    for name in SENDERS[1:]:
        if named := people(headers.source(name)):
            return named[0], name
    return (authors[0], "From") if authors else (None, "")


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


class Body:
    """What there is to read in a mail, and its attachments, in the order in which they stand."""

    def __init__(self, message: Message, budget: mailguards.Budget) -> None:
        self.budget = budget
        self.files: list[File] = []
        self.text, self.html = self._read(message, root=True)
        self.html = mailhtml.sanitize(self.html) if self.html else ""
        if not self.text.strip() and self.html:
            self.text = to_text(self.html)

    def _read(self, part: Message, root: bool = False) -> tuple[str, str]:
        """The text and the HTML of a part; either is "" where there is none."""
        self.budget.part()
        main, kind = part.get_content_maintype(), part.get_content_type()
        if part.is_multipart() and main != "message":
            children = [self._read(child) for child in parts(part)]
            if part.get_content_subtype() != "alternative":
                return self._joined([(text, html) for text, html in children if text.strip() or html])
            text = next((text for text, html in children if text.strip()), "")
            return text, next((html for text, html in reversed(children) if html), "")
        attached = bool(filename(part)) or part.get_content_disposition() == "attachment"
        readable = kind in ("text/plain", "text/html") and not attached
        if readable or main == "multipart" or (root and main in ("text", "message")):  # a multipart without parts
            data = payload(part)
            if len(data) > LONGEST_TEXT or (kind == "text/html" and mailguards.is_costly(data)):
                return self._file(part, kind, data)
            content = charsets.decode(data, parameter(part, "Content-Type", "charset"))
            content = content.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
            return ("", content) if kind == "text/html" else (content, "")
        return self._file(part, kind, payload(part))

    def _file(self, part: Message, kind: str, data: bytes) -> tuple[str, str]:
        content_id = charsets.printable(repaired(part.get("Content-ID", ""))).strip("<> ")
        self.files.append(File(filename(part), charsets.printable(repaired(kind)), content_id, data))
        return "", ""

    @staticmethod
    def _joined(children: list[tuple[str, str]]) -> tuple[str, str]:
        """Parts one after another: what only one kind has is put into the other."""
        text = html = ""
        if any(text for text, _ in children):
            text = "\n\n".join(text or to_text(mailhtml.sanitize(html)) for text, html in children)
        if any(html for _, html in children):
            html = "\n".join(html or mailhtml.from_text(text) for text, html in children)
        return text, html


def payload(part: Message) -> bytes:
    """The bytes of a part, also of one that is itself a mail."""
    if part.is_multipart():
        return b"\n".join(child.as_bytes(unixfrom=False, policy=mailguards.POLICY) for child in parts(part))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def parts(message: Message) -> list[Message]:
    """The parts of a message that has any, the outermost alone."""
    return [part for part in message.get_payload() if isinstance(part, Message)]


def filename(part: Message) -> str:
    """The attachment's own name, from either header, encoded in any of the ways in use; "" without one."""
    name = parameter(part, "Content-Disposition", "filename") or parameter(part, "Content-Type", "name")
    return charsets.printable(decode_words(name)).strip()


def parameter(part: Message, header: str, name: str) -> str:
    """A parameter of a header, "" where it hasn't got it. RFC 2231's own encoding is read."""
    value = part.get_param(name, "", header)
    if isinstance(value, tuple):  # (charset, language, text), in which each byte is a Latin-1 character
        charset, _, text = value
        return charsets.decode(text.encode("latin-1", "surrogateescape"), charset or "")
    return repaired(value)
