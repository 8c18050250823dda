"""Mail as it came, in which somebody was named who isn't to be named any more: read for that, and written anew.

What is kept byte for byte has its texts encoded as its sender chose. A mail is written anew only as far as it must be;
attached files that are no texts stay as they are.
"""

import base64
from collections.abc import Callable, Iterator
from email.header import Header
from email.message import Message

from gopimi.lib import charsets
from tickets import mailguards
from tickets.encodedwords import decode_words
from tickets.mailguards import Budget, TooMuch
from tickets.mailparse import FOLD, mend, parameter, payload, repaired

UNREADABLE = (TooMuch, RecursionError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
Change = Callable[[str], str]


def text(raw: bytes) -> str:
    """What there is to read in a mail: headers and texts, decoded, after the bytes themselves."""
    found = [_plain(raw)]
    try:
        for part in _parts(raw):
            found += [_shown(value, part) for _, value in part.raw_items()]
            found.append(_content(part))
    except UNREADABLE:
        pass  # the bytes are there
    return "\n".join(found)


def without(raw: bytes, change: Change) -> bytes:
    """The mail with its texts as `change` makes them: in its bytes, and in what is encoded, where there is any."""
    raw = change(_plain(raw)).encode("latin-1", "replace")
    if change(text(raw)) == text(raw):
        return raw
    try:
        root, *others = list(_parts(raw))
        for part in (root, *others):
            _change_headers(part, change)
            _change_content(part, change)
        return root.as_bytes(policy=mailguards.POLICY)
    except UNREADABLE:
        return raw


def _plain(raw: bytes) -> str:
    return raw.decode("latin-1")


def _parts(raw: bytes) -> Iterator[Message]:
    budget = Budget()
    mailguards.check(raw[: mailguards.LONGEST_HEAD], raw)
    for part in mailguards.parsed(mend(raw), budget).walk():
        budget.part()
        yield part


def _shown(value: str, part: Message) -> str:
    return decode_words(repaired(FOLD.sub("", value), parameter(part, "Content-Type", "charset")))


def _content(part: Message) -> str:
    if part.is_multipart() or part.get_content_maintype() != "text":
        return ""
    return charsets.decode(payload(part), parameter(part, "Content-Type", "charset"))


def _change_headers(part: Message, change: Change) -> None:
    fields = [(name, value, _shown(value, part)) for name, value in part.raw_items()]
    if all(change(shown) == shown for _, _, shown in fields):
        return
    for name in {name for name, _, _ in fields}:
        del part[name]
    for name, value, shown in fields:  # as they are: the library's own way reads them, and raises on those of real mail
        new = change(shown)
        part.set_raw(name, value if new == shown else new if new.isascii() else Header(new, "utf-8", 0).encode())


def _change_content(part: Message, change: Change) -> None:
    content = _content(part)
    if (new := change(content)) == content:
        return
    others = [(name, value) for name, value in part.get_params([])[1:] if isinstance(value, str) and name != "charset"]
    kind = "; ".join([part.get_content_type(), *(f'{name}="{value}"' for name, value in others), 'charset="utf-8"'])
    for name, value in (("Content-Type", kind), ("Content-Transfer-Encoding", "base64")):
        del part[name]
        part.set_raw(name, value)
    part.set_payload(base64.encodebytes(new.encode()).decode())
