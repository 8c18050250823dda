"""The background jobs of all workspaces."""

from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

GRACE = 10  # seconds for the jobs in hand when asked to stop; what isn't done by then is done again later


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
            worker.run_worker(concurrency=1, shutdown_graceful_timeout=GRACE, delete_jobs="successful")
