"""GoPimi on one machine: everything that it needs, in one command."""

import errno
import os
import socket
import sys
import time
import urllib.request
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from gopimi.lib.processes import Stopped, Supervisor, stoppable
from gopimi.workspaces import static
from gopimi.workspaces.models import Workspace

HOST = "127.0.0.1"
WEB_PROCESSES, WEB_THREADS = 2, 4
MEMORY = Path("/dev/shm")  # noqa: S108 -- Linux: a web process writes down several times a request that it is alive


class Command(BaseCommand):
    help = (
        "Migrates, loads the demo workspace into a fresh embedded database, then serves web and worker until Ctrl-C. "
        "PORT is the port (8000), GOPIMI_DATA_DIR the data directory (.data). When a process dies, all stop: exit 1."
    )
    requires_system_checks = []  # `prepare` runs all of them, those of the database included

    def handle(self, *args: Any, **options: Any) -> None:
        begin = time.monotonic()
        port = free_port(os.environ.get("PORT", "8000"))
        try:
            with stoppable():
                self.prepare()
                ended = Supervisor(self.commands(port)).run(
                    healthy=lambda: answers(port), on_healthy=lambda: self.welcome(port, time.monotonic() - begin)
                )
        except Stopped:
            self.stdout.write("Stopped.")
            return
        raise CommandError(f"{ended} Everything is stopped.")

    def prepare(self) -> None:
        call_command("migrate", verbosity=0, skip_checks=True)
        self.check(databases=["default"])  # refuses to start where row-level security doesn't hold
        if settings.EMBEDDED and settings.DEMO and not Workspace.objects.exists():
            self.stdout.write("Loading the demo workspace …")
            logins = StringIO()
            with transaction.atomic():
                call_command("loaddemo", stdout=logins)
            demo_logins().write_text(logins.getvalue())
        static.collect()
        connection.close()

    def commands(self, port: int) -> dict[str, list[str]]:
        manage = str(settings.BASE_DIR / "manage.py")
        web = [
            sys.executable, "-m", "gunicorn", "gopimi.wsgi", f"--bind={HOST}:{port}", "--worker-class=gthread",
            f"--workers={WEB_PROCESSES}", f"--threads={WEB_THREADS}", "--preload", "--no-control-socket",
            "--limit-request-line=8190",  # a filter by many values makes a long address
            "--keep-alive=10",  # open pages ask every few seconds what is new
            "--log-level=warning", "--graceful-timeout=10", f"--chdir={settings.BASE_DIR}",
            *([f"--worker-tmp-dir={MEMORY}"] if os.access(MEMORY, os.W_OK | os.X_OK) else []),
        ]  # fmt: skip
        return {"web": web, "worker": [sys.executable, manage, "worker"]}

    def welcome(self, port: int, seconds: float) -> None:
        self.stdout.write(f"GoPimi is ready after {seconds:.1f} s: http://{HOST}:{port}/")
        if demo_logins().exists():
            self.stdout.write(demo_logins().read_text().rstrip())
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()  # into a file or a pipe, too


def free_port(text: str) -> int:
    """PORT as a number, after trying that it is free; a CommandError says what to do where it isn't."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT is {text!r}, and should be a number from 1 to 65535.")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, int(text)))
        except OSError as error:
            why = (
                "is in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"can't be used: {error.strerror}"
            )
            raise CommandError(f"Port {text} {why}. Choose another: PORT=8001 make run") from error
    return int(text)


def answers(port: int) -> bool:
    """Whether the web processes and the database do their work."""
    host = next((name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))), HOST)
    request = urllib.request.Request(f"http://{HOST}:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=2) as response:  # noqa: S310 -- our own address
            return response.status == 200
    except OSError:
        return False


def demo_logins() -> Path:
    """What `loaddemo` printed, kept to be shown at every start."""
    return settings.DATA_DIR / "demo-logins.txt"
