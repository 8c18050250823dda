"""Whose turn it is to compute: Python lets one thread at a time, and lets them all go on in equal parts.

What writes to the database must never wait for that. The threads that read ahead and that make contacts findable have
time enough while the server is busy, and would otherwise take two thirds of the writer's.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, TypeVar

from django.db import connection

Row = TypeVar("Row")


class Turns:
    """The writer's thread comes `first`; the others compute row by row, `after` it."""

    def __init__(self) -> None:
        self._free = Event()
        self._free.set()

    @contextmanager
    def first(self) -> Iterator[None]:
        """The others wait, but for the time that a statement of this thread takes."""
        self._free.clear()
        try:
            with connection.execute_wrapper(self._execute):
                yield
        finally:
            self._free.set()

    def _execute(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self._free.set()
        try:
            return execute(*statement)
        finally:
            self._free.clear()

    def after(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, each when there is time for it."""
        for row in rows:
            self._free.wait()
            yield row
