"""What an operator does beside running: look whether the set-up is safe, back up, restore."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gopimi import embedded
from tests.installation import Installation, using


def server(installation: Installation, role: str) -> dict[str, str]:
    """The settings of a production on this installation's server, with the application under this role."""
    socket = embedded.socket_directory(installation.data)
    return {
        "DATABASE_URL": f"postgres://{role}@/{socket}/{embedded.DATABASE}",
        "DATABASE_OWNER_URL": f"postgres://{embedded.OWNER_ROLE}@/{socket}/{embedded.DATABASE}",
    }


@pytest.fixture
def database(installation: Installation) -> Iterator[Installation]:
    """The installation, whose server runs because somebody uses it."""
    with using(installation.data):
        yield installation


def test_check_deploy_is_clean_in_production(database: Installation) -> None:
    words = database.manage("check", "--deploy", "--fail-level=WARNING", "--database=default",
                            **server(database, embedded.APP_ROLE))  # fmt: skip
    assert "no issues" in words


@pytest.mark.parametrize(
    ("command", "role", "reason"),
    [
        (["check", "--database=default"], "postgres", "bypasses row-level security"),
        (["worker"], embedded.OWNER_ROLE, "owns contacts_"),
    ],
    ids=["a superuser", "the owner"],
)
def test_nothing_starts_where_workspaces_are_not_kept_apart(
    database: Installation, command: list[str], role: str, reason: str
) -> None:
    words = database.manage(*command, expect=1, **server(database, role))
    assert reason in words
    assert "CREATE ROLE gopimi_app" in words


def test_a_backup_brings_everything_back(installation: Installation, tmp_path: Path) -> None:
    upload = installation.data / "uploads" / "one" / "letter.txt"
    upload.parent.mkdir(parents=True)
    upload.write_text("Dear Acme")
    backup = tmp_path / "backup.zip"
    installation.manage("backup", str(backup))
    assert backup.stat().st_mode & 0o077 == 0

    other = Installation(tmp_path / "other")
    other.manage("restore", str(backup))
    assert (other.data / "uploads" / "one" / "letter.txt").read_text() == "Dear Acme"
    assert (other.data / "secret-key").read_text() == (installation.data / "secret-key").read_text()
    other.manage("createtoken", "--workspace=acme", "--name=x", "--scopes=contacts:read")

    assert "isn't empty" in other.manage("restore", str(backup), expect=1)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    file, empty = tmp_path / "backup.zip", Installation(tmp_path / "empty")
    file.write_text("nonsense")
    assert "backup.zip can't be read" in empty.manage("restore", str(file), expect=1)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "Hello")
    assert "but no backup of GoPimi" in empty.manage("restore", str(file), expect=1)
