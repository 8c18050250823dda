"""Encoded words (RFC 2047) in headers and file names, also where they are malformed.

`email.header.decode_header` raises on bad base64 and cuts characters that a sender split between two words.
"""

import base64
import binascii
import re

from gopimi.lib import charsets

WORD = re.compile(
    r"=\?([^?\s]{1,80})\?([bBqQ])\?(.{0,2000}?)\?=(?:[ \t\r\n]+(?==\?[^?\s]{1,80}\?[bBqQ]\?))?", re.DOTALL
)
NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decode_words(text: str) -> str:
    """The text with its encoded words read; what isn't one stays as it is."""
    if "=?" not in text:
        return text
    output: list[str] = []
    pending: list[bytes] = []  # words in one charset, side by side: one character may be split between them
    charset = ""

    def flush() -> None:
        output.append(charsets.decode(b"".join(pending), charset))
        pending.clear()

    position = 0
    for word in WORD.finditer(text):
        its_charset = word[1].split("*")[0]  # "utf-8*en" names a language too (RFC 2231, 5)
        if pending and (word.start() > position or its_charset.lower() != charset.lower()):
            flush()
        output.append(text[position : word.start()])
        charset = its_charset
        pending.append(_decoded(word[2], word[3]))
        position = word.end()
    flush()
    return charsets.clean("".join(output) + text[position:])


def _decoded(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    letters = NOT_BASE64.sub(b"", data)
    if len(letters) % 4 == 1:
        letters = letters[:-1]  # one letter alone is no byte
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))
