"""GoPimi with data in it, as the measurements need it: a directory of its own, and web servers of one worker."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg

ROOT = Path(__file__).resolve().parents[2]
START = 60  # seconds that a server may take to answer


def set_up(directory: str = "") -> None:
    """Set Django up on a migrated embedded database, with the static files in their places: one in this directory, or
    one that is gone afterwards, empty or a copy of the one in BENCH_WORLD (`tests.bench.world`).

    To be called once in a process, before all else.
    """
    if not directory:
        directory = tempfile.mkdtemp(prefix="gopimi-bench-")
        atexit.register(shutil.rmtree, directory)  # the last to go: the server stops before, being registered later
        if world := os.environ.get("BENCH_WORLD"):
            shutil.copytree(world, directory, dirs_exist_ok=True)
    Path(directory, "static").mkdir(parents=True, exist_ok=True)
    os.environ.update(GOPIMI_DATA_DIR=directory, DJANGO_SETTINGS_MODULE="gopimi.settings", GOPIMI_API_RATE="0")
    os.environ.pop("DATABASE_URL", None)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def owner() -> Iterator[psycopg.Cursor]:
    """The owner's role, which row-level security doesn't hold: for peers that know nothing of it, and for COPY."""
    with psycopg.connect(**_address(owner=True)) as connection:
        yield connection.cursor()


def analyze() -> None:
    """What autovacuum does within a minute: tell the planner what is there now."""
    with owner() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def raw(workspace_id: int) -> Iterator[psycopg.Cursor]:
    """The application's role on a bare connection, inside a workspace: the floor under everything that Django does."""
    with psycopg.connect(**_address(owner=False)) as connection:
        connection.execute("SELECT set_config('app.workspace_id', %s, false)", [str(workspace_id)])
        yield connection.cursor()


def _address(owner: bool) -> dict[str, Any]:
    from django.conf import settings

    known = settings.DATABASES["default"]
    user = settings.DATABASE_OWNER["USER"] if owner else settings.DATABASE_ROLE
    return {"host": known["HOST"], "user": user, "dbname": known["NAME"]}


@contextmanager
def serving(application: str = "gopimi.wsgi", workers: int = 1, **environment: str) -> Iterator[int]:
    """Workers of gunicorn, of which `make run` starts two; gives their port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}", "--worker-class=gthread",
            f"--workers={workers}", "--threads=4", "--no-control-socket", "--log-level=warning", "--keep-alive=1800",
        ],
        cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server didn't start.")
