"""The live server's door: what comes after a test's end is turned away, and what is inside is waited for.

A page that is left still sends what it has to (a draft, "no longer viewing"), at a time that only the browser knows.
Without a door that request meets the tables while they are emptied, or the next test's rows.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from unittest import mock

from django.core.servers.basehttp import ServerHandler

CLOSED = "503 Service Unavailable"


class Door:
    """Counts the requests from before their view until their connection to the database is given back."""

    def __init__(self, patience: float = 30) -> None:
        self.patience = patience  # seconds
        self._changed = threading.Condition()
        self._inside = 0
        self._open = False

    def open(self) -> None:
        with self._changed:
            self._open = True

    def shut(self) -> None:
        """Let nobody in, and wait until everybody is out."""
        with self._changed:
            self._open = False
            if not self._changed.wait_for(lambda: self._inside == 0, self.patience):
                raise TimeoutError(f"{self._inside} requests are still being answered after {self.patience} s.")

    def guards(self) -> Any:
        """As a context: every live server of this process stands behind this door."""
        serve = ServerHandler.run

        def run(handler: ServerHandler, application: Callable[..., Iterable[bytes]]) -> None:
            with self._changed:
                enters = self._open
                self._inside += enters
            if not enters:
                return serve(handler, turned_away)
            try:
                return serve(handler, application)
            finally:
                with self._changed:
                    self._inside -= 1
                    self._changed.notify_all()

        return mock.patch.object(ServerHandler, "run", run)


def turned_away(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response(CLOSED, [("Content-Length", "0")])
    return [b""]
