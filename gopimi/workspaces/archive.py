"""A backup: one zip file with the database (pg_dump's custom format), the uploads and the kept secret key.

The key is in it since Message-IDs are signed with it: with another, replies to older mails would open new tickets.
"""

import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from gopimi import embedded
from gopimi.lib.roles import as_owner

DUMP, UPLOADS, SECRET = "database.dump", "uploads", "secret-key"


class ArchiveError(Exception):
    """The backup can't be made or restored; the text says why."""


def write(target: Path) -> None:
    """Back up into this file, which is there under its name only when it is complete."""
    draft = target.with_name(f"{target.name}.part")
    draft.touch(mode=0o600)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, zipfile.ZipFile(draft, "w") as archive:
            dump = Path(folder) / DUMP
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
            archive.write(dump, DUMP)
            # The files after the dump: all that it names are there, and one too many does no harm.
            for source, name in _files():
                for path in [source, *source.rglob("*")]:
                    if path.is_file():
                        archive.write(path, Path(name) / path.relative_to(source))
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


def restore(source: Path) -> None:
    """Restore into an empty database, bring it to this version's schema, and grant the application its rights."""
    with as_owner(connection):
        if connection.introspection.table_names():
            raise ArchiveError(
                "The database isn't empty, and nothing was changed. Restore into a new one: with another "
                "GOPIMI_DATA_DIR, or a DATABASE_URL of a database without tables."
            )
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(source) as archive:
            archive.extractall(folder)
            dump = Path(folder) / DUMP
            if not dump.exists():
                raise ArchiveError(f"{source} is a zip file, but no backup of GoPimi.")
            for target, name in _files():
                _put_back(Path(folder) / name, target)
            _run("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", str(dump))
    except (zipfile.BadZipFile, OSError) as error:
        raise ArchiveError(f"{source} can't be read: {error}") from error
    call_command("migrate", verbosity=0)


def _files() -> list[tuple[Path, str]]:
    return [(Path(settings.MEDIA_ROOT), UPLOADS), (settings.DATA_DIR / SECRET, SECRET)]


def _put_back(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=0o600)
        shutil.copyfile(source, target)


def _run(tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools as the owner. The password goes by the environment, where `ps` doesn't show it."""
    connection.ensure_connection()  # starts the embedded server
    with as_owner(connection):
        command, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    _, *login, database = command
    done = subprocess.run(
        [str(embedded.binaries() / tool), *login, f"--dbname={database}", "--no-password", *arguments],
        env={**os.environ, **(environment or {})}, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        raise ArchiveError(f"{tool} failed: {done.stderr.strip()}")
