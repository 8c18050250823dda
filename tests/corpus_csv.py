"""Every CSV file of a corpus through a dry run and the import, twice: `python -m tests.corpus_csv DIR`.

Prints a table, and ends with 1 where the counts don't add up to the file's rows or to the database, or where a dry run
said otherwise. Beside some files lies a JSON file with what is in them; where it says otherwise (one has another number
in it than its CSV file), that is told, for a look by eye.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django


def known_rows(path: Path) -> list[list[str]] | None:
    """What the file holds, the header first, without blank lines; None where nobody says so."""
    beside = path.parent.parent / "json" / f"{path.stem}.json"
    if not beside.exists():
        return None
    rows = json.loads(beside.read_text())
    rows = rows if isinstance(rows, list) else [rows]
    if rows and isinstance(rows[0], dict):
        rows = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    return without_returns([row for row in rows if row != [""]])


def without_returns(rows: list[list[str]]) -> list[list[str]]:
    """The rows with one kind of line ends, which a version control may have changed."""
    return [[cell.replace("\r\n", "\n") for cell in row] for row in rows]


def check(path: Path) -> tuple[str, list[str]]:
    """A line for the table, and what is wrong."""
    from django.core.files import File

    from contacts.importing import files, running, starting
    from contacts.importing.files import Unreadable
    from contacts.models import Contact, Import, ImportRow
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.actor import SYSTEM
    from gopimi.workspaces.models import Workspace

    misses: list[str] = []
    target = Workspace.objects.create(name=path.name)

    def run(dry: bool) -> Import:
        with workspace(target), path.open("rb") as file:
            one = starting.receive(target, SYSTEM, File(file), path.name)
            if "email" not in one.mapping.values():  # a file of something else: every row fails for want of an address
                starting.configure(one, mapping={next(header for header in one.headers if header): "email"})
            starting.start(one, dry_run=dry)
        assert running.run(target.pk, one.pk)
        with workspace(target):
            one.refresh_from_db()
            failed = ImportRow.objects.for_workspace(target).filter(run=one).count()
        if sum(one.counts.values()) != one.rows or failed != one.failed:
            misses.append(f"{path}: {one.rows} rows, {one.counts}, {failed} kept as failed")
        return one

    try:
        dry, real, again = run(True), run(False), run(False)
    except Unreadable as error:
        return f"refused: {error}", misses
    with workspace(target):
        contacts = Contact.objects.for_workspace(target).count()
    if contacts != real.created or dry.counts != real.counts or again.unchanged != real.created:
        misses.append(f"{path}: {contacts} contacts, {real.counts}; dry {dry.counts}, again {again.counts}")
    with path.open("rb") as file:
        written = files.detect(file)
        try:
            rows = [record.cells for record in files.read(file, written)]
        except Unreadable as error:
            return f"failed: {error}", misses
    expected = known_rows(path)
    same = expected is None or without_returns(rows) in (expected, [["foo", "bar", "baz"], *expected])
    agrees = "" if expected is None else ", as its JSON says" if same else ", not as its JSON says"
    counts = ", ".join(f"{count} {name}" for name, count in real.counts.items() if count)
    return f"{real.rows} rows ({counts or 'none'}), {written.encoding}, {written.delimiter!r}{agrees}", misses


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
    django.setup()
    from django.db import connection
    from django.test.utils import override_settings, setup_databases, teardown_databases

    from gopimi.lib.roles import as_owner

    folder = Path(sys.argv[1]) / "csv"
    misses: list[str] = []
    with as_owner(connection):
        configuration: Any = setup_databases(verbosity=0, interactive=False)
    try:
        with TemporaryDirectory() as uploads, override_settings(MEDIA_ROOT=uploads):
            paths = sorted(folder.rglob("*.csv"))
            for path in paths:
                line, wrong = check(path)
                misses += wrong
                print(f"{path.name:<40} {line}")
    finally:
        connection.close()
        with as_owner(connection):
            teardown_databases(configuration, verbosity=0)
    print(f"\n{len(paths)} files, {len(misses)} misses", *misses, sep="\n  ")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
