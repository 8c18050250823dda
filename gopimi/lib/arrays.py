"""Statements over many rows at once: each column goes as one array, which `unnest` makes rows of again.

A parameter for each cell, as Django's bulk_create sends them, takes about four times as long.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection


def execute(sql: str, constants: Iterable[Any], rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Run a statement with these parameters, then an array for each column; answers with what it returns.

    Without rows nothing is run.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    if not columns:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, [*constants, *columns])
        return cursor.fetchall() if cursor.description else []
