"""GoPimi as an operator runs it: commands of their own, on a data directory and a port of their own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from gopimi import embedded

PATIENCE = 180  # seconds, on a busy machine
# Joins the server's users, says so, and leaves when its standard input ends. With a folder of PostgreSQL's programs it
# does so as in a container, where there are no user namespaces.
USE = """
import sys
from pathlib import Path
from gopimi import embedded
data, *programs = map(Path, sys.argv[1:])
if programs:
    embedded._namespace = lambda: []
    embedded.binaries = lambda: programs[0]
print(embedded.start(data), flush=True)
sys.stdin.read()
"""


class Installation:
    """Nothing of the tests' own environment reaches it: no DATABASE_URL, no data directory."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.data = data
        self.process: subprocess.Popen[str] | None = None
        self.environment = {
            **os.environ,
            "DJANGO_ALLOW_ASYNC_UNSAFE": "",  # set for browser tests
            "GOPIMI_DATA_DIR": str(data), "PORT": str(self.port), "DATABASE_URL": "", "DATABASE_OWNER_URL": "",
        }  # fmt: skip

    def manage(self, *arguments: str, expect: int = 0, **environment: str) -> str:
        """Run a command of manage.py and return all that it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env={**self.environment, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout
        return done.stdout

    def start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run"], cwd=settings.BASE_DIR, env=self.environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return self.process

    def start_and_wait(self) -> subprocess.Popen[str]:
        process = self.start()
        wait_until(lambda: process.poll() is not None or self.get("/healthz") == 200)
        assert process.poll() is None, process.stdout.read()  # type: ignore[union-attr]
        return process

    def get(self, path: str) -> int | None:
        """The status of a page; None where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def is_silent(self) -> bool:
        return self.get("/healthz") is None and not embedded._ready(embedded.socket_directory(self.data))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"nothing happened for {PATIENCE} seconds"
        time.sleep(0.1)


class Use:
    """A process that uses the server of a data directory."""

    def __init__(self, data: Path, *programs: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USE, data, *programs],
            cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        self.socket = self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0

    def die(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


@contextmanager
def using(data: Path, *programs: Path) -> Iterator[Use]:
    use = Use(data, *programs)
    yield use
    use.leave()


def postmaster(data: Path) -> int:
    """The process id of the embedded server of a data directory."""
    return int((data / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
