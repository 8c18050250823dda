"""`manage.py run`: everything starts together, and nothing outlives the rest."""

import os
import re
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import PATIENCE, Installation, postmaster, wait_until


def child(parent: int, word: str) -> int:
    """The process id of the child whose command line has this word."""
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return int(pid)
    raise LookupError(word)


@pytest.fixture(autouse=True)
def nothing_is_left(installation: Installation) -> Iterator[None]:
    yield
    if installation.process and installation.process.poll() is None:
        installation.process.terminate()
    wait_until(installation.is_silent)


def test_nothing_outlives_a_killed_supervisor_and_database(installation: Installation) -> None:
    process = installation.start_and_wait()
    os.kill(postmaster(installation.data), signal.SIGKILL)
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_until(installation.is_silent)


def test_it_serves_styled_pages_until_ctrl_c(installation: Installation) -> None:
    process = installation.start_and_wait()
    address = f"http://127.0.0.1:{installation.port}"
    page = urllib.request.urlopen(f"{address}/accounts/login/").read().decode()
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert assets
    assert {installation.get(asset) for asset in assets} == {200}
    said = next(line for line in process.stdout if "ready" in line)  # which may be after it answers us
    assert address in said
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert installation.is_silent()


def test_a_killed_worker_stops_all(installation: Installation) -> None:
    process = installation.start_and_wait()
    os.kill(child(process.pid, "worker"), signal.SIGKILL)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "The worker process ended (killed by SIGKILL). Everything is stopped." in output
    assert installation.is_silent()


def test_a_port_in_use_is_named(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        process = installation.start()
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"Port {installation.port} is in use by another program." in output
