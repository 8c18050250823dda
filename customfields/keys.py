"""A field's key: the name that programs, CSV files and URLs know it by. Made once, never changed."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count

KEY_LENGTH = 63
KEY_SHAPE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)


def is_key(text: str) -> bool:
    return len(text) <= KEY_LENGTH and KEY_SHAPE.fullmatch(text) is not None


def key_from(label: str, taken: Collection[str] = ()) -> str:
    """A key for a label: lower case, accents stripped, all else `_`, `f_` before a digit, `_2` where it is taken."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", label) if not unicodedata.combining(letter))
    key = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "field"
    key = (f"f_{key}" if key[0].isdigit() else key)[:KEY_LENGTH].rstrip("_")
    return next(one for one in _numbered(key) if one not in taken)


def _numbered(key: str) -> Iterator[str]:
    yield key
    for number in count(2):
        ending = f"_{number}"
        yield key[: KEY_LENGTH - len(ending)].rstrip("_") + ending
