"""Counts: several in one statement, since each trip to the database costs, and in words."""

from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, Model, QuerySet, Subquery
from django.utils.translation import ngettext

from gopimi.lib.figures import figure


class Counted(Subquery):
    """How many rows a queryset has, inside another statement."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def capped_counts(row: Model, cap: int, **querysets: QuerySet) -> dict[str, int]:
    """How many rows each queryset has, at most one more than `cap`. They are read beside `row`, which exists."""
    return beside(row, **{name: capped(rows, cap) for name, rows in querysets.items()})


def capped(rows: QuerySet, cap: int) -> Counted:
    """How many rows a queryset has, at most one more than `cap`."""
    return Counted(rows.order_by().values("pk")[: cap + 1])


def beside(row: Model, **expressions: Any) -> dict[str, Any]:
    """What these expressions give, read in one statement beside `row`, which exists."""
    return type(row)._default_manager.filter(pk=row.pk).values(**expressions).get()


@dataclass(frozen=True)
class Total:
    """How many rows there are: so many, or `more` than that where counting them all would be dear."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return figure(self.number) + ("+" if self.more else "")


def total(rows: QuerySet, cap: int | None = None) -> Total:
    """How many rows a queryset has; counting stops at `cap`, where one is given."""
    if cap is None:
        return Total(rows.order_by().count())
    number = rows.order_by()[: cap + 1].count()
    return Total(min(number, cap), more=number > cap)


def counted(number: int, one: str, many: str, **values: Any) -> str:
    """In words: `counted(3, "{number} contact", "{number} contacts")`. Both are messages of the catalog."""
    return ngettext(one, many, number).format(number=figure(number), **values)
