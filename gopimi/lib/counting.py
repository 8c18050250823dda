"""Counts: several in one statement, since each trip to the database costs, and in words."""

from django.db.models import IntegerField, Model, QuerySet, Subquery


class Counted(Subquery):
    """How many rows a queryset has, inside another statement."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def capped_counts(row: Model, cap: int, **querysets: QuerySet) -> dict[str, int]:
    """How many rows each queryset has, at most one more than `cap`. They are read beside `row`, which exists."""
    counts = {name: Counted(rows.order_by().values("pk")[: cap + 1]) for name, rows in querysets.items()}
    return type(row)._default_manager.filter(pk=row.pk).values(**counts).get()


def counted(number: int, one: str, many: str = "") -> str:
    """In words: "1 contact", "12,431 contacts"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
