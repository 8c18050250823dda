"""Keyset paging: a page starts after the last row of the one before, so page 20,000 costs what page 1 costs.

An order is a list of `Key`s, the last of them unique. Empty values come last, ascending and descending. A cursor is the
last row's key values, and works in both directions; it is opaque to who uses it, and signed, so that what it holds is
ours.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from django.core.signing import BadSignature, Signer
from django.db import connection, models
from django.db.models import ExpressionWrapper, F, Q
from django.utils.translation import gettext

ANY: Any = object()
WINDOWS = (2_000, 20_000)  # rows among which a page is looked for, before it is among all of them
SIGNER = Signer(sep=".", salt="gopimi.keyset")


class BadCursor(ValueError):
    """The cursor wasn't made by this list."""


@dataclass(frozen=True)
class Key:
    """One column of an order. `name` is a field or an annotation of the queryset, never NULL but for `empty`.

    `empty` is of the first key alone: the rows that it has no value for. They come last both ways, in the order of the
    last key. So is `values`: the few that it can have, in ascending order, where no column has that order. The rows of
    each are read by themselves.
    """

    name: str
    descending: bool = False
    empty: Q | None = None
    values: Sequence[Any] | None = None

    def order(self, reverse: bool) -> Any:
        return F(self.name).desc() if self.descending != reverse else F(self.name).asc()

    def after(self, value: Any, reverse: bool, inclusive: bool = False) -> Q:
        """Rows that come after this value in the direction of reading."""
        return Q(**{f"{self.name}__{'lt' if self.descending != reverse else 'gt'}{'e' * inclusive}": value})


class Among:
    """A condition that many rows meet and the planner takes for a rare one, as a fragment of a text is under row-level
    security, which hides the statistics.

    It is tested on the first rows of the order, and on more of them while too few are found.
    """

    def __init__(self, condition: Q) -> None:
        self.condition = condition

    def find(self, rows: models.QuerySet, number: int) -> list[Any]:
        """The first rows that meet it."""
        for window in WINDOWS:
            statement, parameters = within(rows, self.condition, window)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pk FROM {statement} WHERE met LIMIT {number}", parameters)  # noqa: S608
                ids = [pk for (pk,) in cursor.fetchall()]
            if len(ids) == number:
                return list(rows.filter(pk__in=ids))
        return list(rows.filter(self.condition)[:number])


@dataclass
class Page:
    """Rows in the list's order, and the cursors of the pages beside it (None where there is none)."""

    rows: list[Any]
    next: str | None
    previous: str | None


def paginate(
    queryset: models.QuerySet,
    keys: Sequence[Key],
    limit: int,
    cursor: str | None = None,
    among: Among | None = None,
) -> Page:
    """One page of at most `limit` rows, of those that are `among` others, if that is given. Raises BadCursor."""
    reverse, values = _decode(cursor, keys) if cursor else (False, None)
    rows: list[Any] = []
    for part in _parts(queryset, keys, reverse, values):
        rows += first(part, limit + 1 - len(rows), among)
        if len(rows) > limit:
            break
    more, rows = len(rows) > limit, rows[:limit]
    if reverse:
        rows.reverse()
    has_next, has_previous = (cursor is not None, more) if reverse else (more, cursor is not None)
    return Page(
        rows=rows,
        next=_encode(rows[-1], keys, False) if rows and has_next else None,
        previous=_encode(rows[0], keys, True) if rows and has_previous else None,
    )


def first(rows: models.QuerySet, number: int, among: Among | None = None) -> list[Any]:
    """The first rows of an order, of those that are `among` others, if that is given."""
    return list(rows[:number]) if among is None else among.find(rows, number)


def within(rows: models.QuerySet, among: Q, window: int) -> tuple[str, Sequence[Any]]:
    """The first rows of an order as something to select from, with its parameters: `pk`, and whether the condition is
    `met`.

    The limit within keeps the planner from testing the condition before the order, so that whoever reads on stops where
    enough was found.
    """
    met = ExpressionWrapper(among, models.BooleanField())
    statement, parameters = rows.annotate(met=met).values("pk", "met")[:window].query.sql_with_params()
    return f"({statement}) AS first_rows", parameters


def after(row: Any, keys: Sequence[Key]) -> str:
    """The cursor of what comes after this row, for pages that are put together of several querysets."""
    return _encode(row, keys, False)


def around(queryset: models.QuerySet, keys: Sequence[Key], cursor: str) -> tuple[models.QuerySet, models.QuerySet]:
    """The rows before the one that a cursor is of, and those after it, the nearest first. For orders without empty
    values. Raises BadCursor."""
    _, values = _decode(cursor, keys)
    before, after = (
        queryset.order_by(*(key.order(reverse) for key in keys)).filter(_after(keys, values, reverse))
        for reverse in (True, False)
    )
    return before, after


def whole(queryset: models.QuerySet, keys: Sequence[Key]) -> Iterator[models.QuerySet]:
    """All rows in the order that pages have, as querysets to be read one after the other."""
    return _parts(queryset, keys, False, None)


def _parts(
    queryset: models.QuerySet, keys: Sequence[Key], reverse: bool, values: Sequence[Any] | None
) -> Iterator[models.QuerySet]:
    """What is to be read one after the other: the rows with a value for the first key, and those without.

    Apart, each of them is in an index's order, which NULLS LAST isn't when it is read backwards.
    """
    steps = _steps(keys)
    if reverse:
        steps.reverse()
    if values is not None:
        steps = steps[_step_of(values[0], steps) :]
    for step in steps:
        order = step.keys
        ordered = queryset.filter(step.rows).order_by(*(key.order(reverse) for key in order))
        if values is not None and step is steps[0]:
            ordered = ordered.filter(_after(order, values[len(keys) - len(order) :], reverse))
        yield ordered


class Step(NamedTuple):
    """Rows that are read by themselves, in the order of `keys`, the last ones of the whole order.

    Of the first key they have this value; ANY where it is one of the keys.
    """

    rows: Q
    keys: Sequence[Key]
    value: Any


def _steps(keys: Sequence[Key]) -> list[Step]:
    first = keys[0]
    if first.values is not None:
        values = reversed(first.values) if first.descending else first.values
        steps = [Step(Q(**{first.name: value}), keys[1:], value) for value in values]
    else:
        steps = [Step(~first.empty if first.empty else Q(), keys, ANY)]
    return steps + ([Step(first.empty, keys[-1:], None)] if first.empty else [])


def _step_of(value: Any, steps: Sequence[Step]) -> int:
    """Where a cursor's value is to be found. Raises BadCursor where it is none any more."""
    for place, step in enumerate(steps):
        if value == step.value or (step.value is ANY and value is not None):
            return place
    raise BadCursor(gettext("What this cursor stands at isn't there any more."))


def _after(keys: Sequence[Key], values: Sequence[Any], reverse: bool) -> Q:
    condition = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        condition |= same & key.after(value, reverse)
        same &= Q(**{key.name: value})
    return condition & keys[0].after(values[0], reverse, inclusive=True)  # one range of the leading column's index


def _encode(row: Any, keys: Sequence[Key], reverse: bool) -> str:
    values = [_pack(row[key.name] if isinstance(row, dict) else getattr(row, key.name)) for key in keys]
    first = keys[0]
    if first.empty is not None and (values[0] == "" or (first.values is not None and values[0] not in first.values)):
        values[0] = None
    document = orjson.dumps([int(reverse), _names(keys), values])
    return SIGNER.sign(base64.urlsafe_b64encode(document).rstrip(b"=").decode())


def _decode(cursor: str, keys: Sequence[Key]) -> tuple[bool, list[Any]]:
    try:
        text = SIGNER.unsign(cursor)
    except BadSignature as error:
        raise BadCursor(gettext("This cursor isn't one of this list's.")) from error
    reverse, names, packed = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if names != _names(keys):
        raise BadCursor(gettext("This cursor belongs to another order of the list."))
    return bool(reverse), [_unpack(value) for value in packed]


def _names(keys: Sequence[Key]) -> list[str]:
    return [key.name + "-" * key.descending for key in keys]


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
    if not isinstance(value, dict):
        return value
    ((letter, text),) = value.items()
    return _UNPACK[letter](text)
