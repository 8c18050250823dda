"""Django's PostgreSQL backend that starts the embedded server before the first connection, where one is used."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from gopimi import embedded

_started = False


def ensure_server(again: bool = False) -> None:
    """Start or join the embedded server, once in this process or `again`; nothing to do with a DATABASE_URL."""
    global _started
    if settings.EMBEDDED and (again or not _started):
        embedded.start(settings.DATA_DIR)
        _started = True


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ensure_server()
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            if not settings.EMBEDDED:
                raise
            ensure_server(again=True)  # somebody killed it
            return super().get_new_connection(conn_params)
