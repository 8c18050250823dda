"""The fields of a form as the bytes that they came in.

Django makes text of them, and changes what isn't valid in the form's charset; a raw mail in a form may have any.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

MOST_FIELDS = 500
NAME = re.compile(rb'^content-disposition:.*?[;\s]name="([^"]*)"', re.IGNORECASE | re.MULTILINE)
BOUNDARY = re.compile(r'boundary="?([^";]{1,200})', re.IGNORECASE)
SLICE = 1024 * 1024  # bytes unquoted at once: each escape costs some memory meanwhile


def fields(content_type: str, body: bytes) -> dict[str, bytes]:
    """The form's fields; of those with the same name the last. Raises ValueError where it is no form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        pairs = (pair.partition(b"=") for pair in body.split(b"&", MOST_FIELDS))
        return {_unquoted(name).decode("utf-8", "replace"): _unquoted(value) for name, _, value in pairs}
    boundary = BOUNDARY.search(content_type)
    if kind != "multipart/form-data" or boundary is None:
        raise ValueError(f"{content_type or 'Nothing'} is no form.")
    return dict(_parts(body, b"--" + boundary[1].encode("latin-1", "replace")))


def _unquoted(text: bytes) -> bytes:
    output = bytearray()
    start = 0
    while start < len(text):
        end = start + SLICE
        while b"%" in text[max(start, end - 2) : end]:  # no escape is cut in two
            end -= 1
        output += unquote_to_bytes(text[start:end].replace(b"+", b" "))
        start = end
    return bytes(output)


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[str, bytes]]:
    """The parts of a multipart form that have a name (RFC 7578)."""
    start = body.find(delimiter)
    for _ in range(MOST_FIELDS):
        end = body.find(b"\r\n" + delimiter, start)
        if start < 0 or end < 0:
            return
        blank = body.find(b"\r\n\r\n", start, end)
        name = NAME.search(body[start:blank]) if blank >= 0 else None
        if name:
            yield name[1].decode("utf-8", "replace"), body[blank + 4 : end]
        start = end + 2
