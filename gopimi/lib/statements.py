"""Statements of the hot paths, written by hand: no SQL is put together for them, and the server plans them once."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from gopimi.lib import arrays


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows. Parameters are bound by the server: cast those whose type doesn't show, and
    lists, which go as array literals (`gopimi.lib.arrays`)."""
    given = [arrays.literal(one) if isinstance(one, list) else one for one in parameters]
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, given)
        return cursor.fetchall()  # type: ignore[no-any-return]


def columns(model: type[models.Model], alias: str) -> str:
    """All columns of a table, for a statement whose rows `instance` makes objects of."""
    return ", ".join(f'"{alias}"."{field.column}"' for field in model._meta.concrete_fields)


def instance(model: type[models.Model], row: Sequence[Any]) -> Any:
    """A row of `columns` as an object of the model."""
    return model.from_db(connection.alias, [field.attname for field in model._meta.concrete_fields], row)
