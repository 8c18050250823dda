"""Statements of the hot paths, written by hand: no SQL is put together for them, and the server plans them once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from psycopg import sql

from gopimi.lib import arrays


def fetch(statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows. Parameters are bound by the server: cast those whose type doesn't show, and
    lists, which go as array literals (`gopimi.lib.arrays`)."""
    given: Any = parameters
    if not isinstance(parameters, Mapping):
        given = [arrays.literal(one) if isinstance(one, list) else one for one in parameters]
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement, given)
        return cursor.fetchall()  # type: ignore[no-any-return]


def columns(model: type[models.Model], alias: str) -> str:
    """All columns of a table, for a statement whose rows `instance` makes objects of."""
    return ", ".join(f'"{alias}"."{field.column}"' for field in model._meta.concrete_fields)


def instance(model: type[models.Model], row: Sequence[Any]) -> Any:
    """A row that begins with `columns` as an object of the model."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, row[: len(names)])


def insertion(model: type[models.Model], given: Mapping[str, str], source: str = "") -> str:
    """INSERT … SELECT of `given`, SQL by column, from `source`, SQL too; other columns get the model's defaults."""
    expressions = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column in given:
            expressions[column] = given[column]
        elif not (
            field.generated or field.null or field.db_default is not NOT_PROVIDED or isinstance(field, models.AutoField)
        ):
            expressions[column] = sql.Literal(field.get_default()).as_string()
    names = ", ".join(f'"{name}"' for name in expressions)
    return f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(expressions.values())} {source}'
