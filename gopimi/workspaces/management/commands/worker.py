"""The background jobs of all workspaces."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

from gopimi.workspaces.tasks import STALLED_AFTER

GRACE = 10  # seconds for the jobs in hand when asked to stop; what isn't done by then is done again later
HEARTBEAT = 3  # seconds between two signs of life
# How many jobs of a queue at once. What takes its time has queues of its own: imports, and mail to a slow mail server.
QUEUES = {"default": 1, "imports": 2, "mail": 4}


class Command(BaseCommand):
    help = (
        "Runs background jobs until SIGTERM or Ctrl-C. It needs a direct connection to PostgreSQL (LISTEN): behind "
        "PgBouncer, give it a DATABASE_URL of its own that leads past it."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(databases=["default"])  # refuses to start where row-level security doesn't hold
        connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
        with app.replace_connector(connector) as worker:
            asyncio.run(_work(worker))


async def _work(worker: Any) -> None:
    """A worker for each queue, until the first of them ends or a signal asks for it: then all end in order."""
    async with worker.open_async():
        workers = [asyncio.create_task(_queue(worker, name, at_once)) for name, at_once in QUEUES.items()]

        def stop() -> None:
            for one in workers:
                one.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
        stop()
        ended = await asyncio.gather(*workers, return_exceptions=True)
        for reason in ended:
            if isinstance(reason, Exception):
                raise reason


async def _queue(worker: Any, name: str, at_once: int) -> None:
    await worker.run_worker_async(
        name=name,
        queues=[name],
        concurrency=at_once,
        shutdown_graceful_timeout=GRACE,
        delete_jobs="successful",
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=STALLED_AFTER,
        install_signal_handlers=False,
    )
