"""Keyset paging: a page starts after the last row of the one before, so page 20,000 costs what page 1 costs.

An order is a list of `Key`s, the last of them unique. Empty values come last, ascending and descending. A cursor is the
last row's key values, and works in both directions; it is opaque to who uses it.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.db import models
from django.db.models import F, Q


class BadCursor(ValueError):
    """The cursor wasn't made by this list."""


@dataclass(frozen=True)
class Key:
    """One column of an order. `name` is a field or an annotation of the queryset."""

    name: str
    descending: bool = False
    nullable: bool = False

    def order(self, reverse: bool) -> Any:
        descending = self.descending != reverse
        expression = F(self.name).desc if descending else F(self.name).asc
        if not self.nullable:
            return expression()
        return expression(nulls_first=True) if reverse else expression(nulls_last=True)

    def after(self, value: Any, reverse: bool) -> Q:
        """Rows that come strictly after this value in the direction of reading."""
        descending = self.descending != reverse
        if value is None:  # empty ones stand last
            return Q(**{f"{self.name}__isnull": False}) if reverse else Q(pk__in=[])
        condition = Q(**{f"{self.name}__{'lt' if descending else 'gt'}": value})
        if self.nullable and not reverse:
            condition |= Q(**{f"{self.name}__isnull": True})
        return condition

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


@dataclass
class Page:
    """Rows in the list's order, and the cursors of the pages beside it (None where there is none)."""

    rows: list[Any]
    next: str | None
    previous: str | None


def paginate(queryset: models.QuerySet, keys: Sequence[Key], limit: int, cursor: str | None = None) -> Page:
    """One page of at most `limit` rows. Raises BadCursor."""
    reverse, values = _decode(cursor, keys) if cursor else (False, None)
    ordered = queryset.order_by(*(key.order(reverse) for key in keys))
    if values is not None:
        ordered = ordered.filter(_after(keys, values, reverse))
    rows = list(ordered[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    if reverse:
        rows.reverse()
    has_next, has_previous = (cursor is not None, more) if reverse else (more, cursor is not None)
    return Page(
        rows=rows,
        next=_encode(rows[-1], keys, False) if rows and has_next else None,
        previous=_encode(rows[0], keys, True) if rows and has_previous else None,
    )


def _after(keys: Sequence[Key], values: Sequence[Any], reverse: bool) -> Q:
    condition = Q(pk__in=[])
    for position, key in enumerate(keys):
        same = Q()
        for earlier, value in zip(keys[:position], values, strict=False):
            same &= earlier.same(value)
        condition |= same & key.after(values[position], reverse)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable:  # one range on the leading column, for the index
        condition &= Q(**{f"{first.name}__{'lte' if first.descending != reverse else 'gte'}": value})
    return condition


def _encode(row: Any, keys: Sequence[Key], reverse: bool) -> str:
    values = [_pack(row[key.name] if isinstance(row, dict) else getattr(row, key.name)) for key in keys]
    document = orjson.dumps([int(reverse), [key.name + ("-" if key.descending else "") for key in keys], values])
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def _decode(cursor: str, keys: Sequence[Key]) -> tuple[bool, list[Any]]:
    try:
        document = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        reverse, names, packed = document
        values = [_unpack(value) for value in packed]
    except (ValueError, TypeError, KeyError, ArithmeticError, binascii.Error) as error:
        raise BadCursor("This cursor isn't one of this list's.") from error
    if names != [key.name + ("-" if key.descending else "") for key in keys] or len(values) != len(keys):
        raise BadCursor("This cursor belongs to another order of the list.")
    return bool(reverse), values


# How values travel in a cursor: exactly, with a letter for what JSON has no type for.
def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return value


_UNPACK: dict[str, Any] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal}


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        ((letter, text),) = value.items()
        return _UNPACK[letter](text)
    if isinstance(value, list):
        raise ValueError("a list is no value")
    return value
