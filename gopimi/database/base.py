"""Django's PostgreSQL backend, which starts the embedded server before the first connection, where one is used.

It also has cursors whose statements the server plans once for a connection, for the hot paths
(`gopimi.lib.statements`).
"""

import select
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base, operations

from gopimi import embedded

TIMES = psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT)
_started = False


def ensure_server(again: bool = False) -> None:
    """Start or join the embedded server, once in this process or `again`; nothing to do with a DATABASE_URL."""
    global _started
    if settings.EMBEDDED and (again or not _started):
        embedded.start(settings.DATA_DIR)
        _started = True


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """What a log of queries says: of a prepared one the statement, since its parameters went apart from it."""
        return super().last_executed_query(cursor, sql, params) or sql  # type: ignore[no-any-return]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ensure_server()
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            if not settings.EMBEDDED:
                raise
            ensure_server(again=True)  # somebody killed it
            return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Whether the server is there, asked at the beginning of a request. One that goes away closes its side of the
        socket, which shows without a statement; only where something came, or went wrong, it is asked."""
        known = self.connection
        if known is None or known.closed or self.errors_occurred or _has_news(known.fileno()):
            return super().is_usable()  # type: ignore[no-any-return]
        return True

    def create_cursor(self, name: str | None = None) -> Any:
        return self._reading_times(super().create_cursor(name))

    def prepared_cursor(self) -> Any:
        """A cursor that leaves parameters to the server, so that psycopg prepares what is run again and again: for
        statements written by hand, since Django's own have parameters whose types the server can't tell."""
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = self._reading_times(base.ServerBindingCursor(self.connection))  # type: ignore[call-arg]
        return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    def _reading_times(self, cursor: Any) -> Any:
        """The session's time zone is UTC, so what psycopg reads is right as it is: Django's own reader of times, in
        Python, takes eight times as long."""
        cursor.adapters.register_loader("timestamptz", TIMES)
        return cursor


def _has_news(descriptor: int) -> bool:
    """Whether something was sent that nobody has read, or the other side is closed."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
