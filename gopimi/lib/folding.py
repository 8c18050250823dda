"""Case and accents put aside, for search and sort: "jose" finds José, and Å sorts with A.

`fold` and `Fold` are the same rule in Python and in SQL, whatever the server's locale. An email address never goes
through here: it decides who somebody is.
"""

import unicodedata
from typing import Any

from django.db import models
from django.db.models import Func


class Fold(Func):
    """The folded form of a text, as an immutable SQL expression that generated columns can use."""

    template = (
        "regexp_replace(normalize(lower(%(expressions)s COLLATE \"pg_c_utf8\"), NFKD), '[\u0300-\u036f]+', '', 'g')"
    )
    arity = 1
    output_field = models.TextField()


class Lower(Func):
    """Lower case by Unicode's simple rules, the same on every server."""

    template = 'lower(%(expressions)s COLLATE "pg_c_utf8")'
    arity = 1
    output_field = models.TextField()


def lower(text: str) -> str:
    """Lower case, letter by letter as PostgreSQL does: Python's own lower() looks at neighbours."""
    if text.isascii():
        return text.lower()
    return "".join(letter.lower() for letter in text)


def fold(text: str) -> str:
    """The folded form of a text."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", lower(text))
    return "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")


def key_field(**options: Any) -> models.TextField:
    """The output of a generated key column: compared byte by byte, which row-level security lets an index do."""
    return models.TextField(db_collation="C", **options)
