"""Statements over many rows at once: each column goes as one array, which `unnest` makes rows of again.

A parameter for each cell, as Django's bulk_create sends them, takes about four times as long, and psycopg's own arrays,
which ask for every element's type, twice as long.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection


def execute(sql: str, constants: Iterable[Any], rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Run a statement with these parameters, then an array for each column; answers with what it returns.

    The server binds them: constants that may be None need a cast. Without rows nothing is run.
    """
    return execute_columns(sql, constants, list(zip(*rows, strict=True)))


@contextmanager
def hashing() -> Iterator[None]:
    """For statements that join arrays to a table whose rows they have named by ANY: by hashing, whatever the server's
    statistics say. To them a new workspace has one row, and for each of its thousands the arrays would be read anew.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def execute_columns(sql: str, constants: Iterable[Any], columns: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The same, with the rows' columns."""
    if not columns or not columns[0]:
        return []
    return execute_literals(sql, constants, map(literal, columns))


def execute_literals(sql: str, constants: Iterable[Any], literals: Iterable[str]) -> list[tuple[Any, ...]]:
    """The same, with the columns as array literals."""
    with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, [*constants, *literals])
        return cursor.fetchall() if cursor.description else []


def literal(values: Sequence[Any]) -> str:
    """PostgreSQL's array literal of texts, numbers, dates or booleans, with None among them.

    For rows that have an array each: unnest() would make one table of an array of arrays, so each goes as its text.
    """
    return f"{{{inside(values)}}}"


def inside(values: Sequence[Any]) -> str:
    """What stands between a literal's braces, to be joined with commas."""
    try:
        joined = '","'.join(values)
    except TypeError:  # not texts alone
        if None not in values:
            return ",".join(map(str, values))
        return ",".join(["NULL" if value is None else _element(value) for value in values])
    if values and "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):  # nothing to be escaped
        return f'"{joined}"'
    return ",".join(map(_element, values))


def repeated(value: int | None, times: int) -> str:
    """The inside of a literal of one number, or of None, again and again."""
    return ",".join(["NULL" if value is None else str(value)] * times)


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
