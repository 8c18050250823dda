"""The import of a CSV file beside a bare COPY of the same rows, and beside django-import-export.

Each row has an organization and four values (text, number, date, select). COPY, which row-level security refuses to the
application's role, runs as the owner, with rows that are parsed already: into the product's own tables with their
indexes, keys and triggers, and with what search finds the contacts by, made already, too.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.bench import sizes
from tests.bench.desk import ROOT, owner
from tests.bench.tables import Measured

ROWS, PEER_ROWS = sizes.IMPORTED, 2_000
ORGANIZATIONS = 2_000
PLANS = ["Free", "Basic", "Pro", "Enterprise"]
TABLES = "contacts_contact, contacts_tag, contacts_import, organizations_organization, customfields_field"
HEADER = "name,email,organization,account,amount,since,plan\n"
CONTACT = "id, workspace_id, name, email, email_key, organization_id, source"
VALUE = "workspace_id, contact_id, field_id, kind, value_key, text_value, number_value, date_value, option_id"
# Runs an import in a process of its own, and prints its seconds and the most memory that it had, in KiB: as the kernel
# counts it for this program alone, while getrusage() begins with what its parent had.
RUN = """
import re, time, django; django.setup()
from pathlib import Path
from contacts.importing import running
began = time.perf_counter(); running.run({workspace}, {run})
print(time.perf_counter() - began, *re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()))
"""
Person = tuple[str, str, str, str, Decimal, date, str]


def person(n: int) -> Person:
    return (
        f"Firstname{n % 313} Lastname{n % 7919}", f"Person.{n}@d{n % 977}.example",
        f"Organization {n % ORGANIZATIONS}", f"Account {n * 7919 % 1_000_003}", Decimal(n) / 100,
        date(2020, 1, 1) + timedelta(n % 2500), PLANS[n % 4],
    )  # fmt: skip


def write(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(",".join(map(str, person(n))) + "\n" for n in range(rows))


class Target:
    """A workspace with the fields, and nothing else in any."""

    def __init__(self) -> None:
        from customfields import values
        from customfields.models import Field
        from gopimi.lib.tenancy import workspace
        from gopimi.workspaces.models import Workspace

        with owner() as cursor:
            cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        self.workspace, _ = Workspace.objects.get_or_create(slug="benchcsv", defaults={"name": "Bench"})
        with workspace(self.workspace):
            fields = Field.objects.for_workspace(self.workspace)
            kinds = {"Account": "text", "Amount": "number", "Since": "date"}
            for label, kind in kinds.items():
                fields.define(label=label, type=kind)
            fields.define(label="Plan", type="select", options=PLANS)
            self.fields = values.fields_of(self.workspace)

    def run(self, path: Path) -> tuple[float, float]:
        """Import the file; answers with the seconds, and the process's peak memory in MiB."""
        from django.core.files import File

        from contacts.importing import starting
        from contacts.importing.records import Import
        from gopimi.lib.tenancy import workspace
        from gopimi.workspaces.actor import SYSTEM

        with workspace(self.workspace), path.open("rb") as file:
            one = starting.receive(self.workspace, SYSTEM, File(file), path.name)
            Import.objects.for_workspace(self.workspace).filter(pk=one.pk).update(status="queued")
        code = RUN.format(workspace=self.workspace.pk, run=one.pk)
        printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
        seconds, memory = map(float, printed.stdout.split())
        return seconds, memory / 1024


def measure() -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "people.csv")
        write(path, ROWS)
        turns = [turn(path) for _ in range(sizes.TURNS)]
    times = {name: statistics.median(one[name] for one in turns) for name in turns[0]}
    ours = times["GoPimi, from the file"]
    ratios = {
        "of COPY's time (at most 2)": ours / times["COPY into the same tables"],
        "of COPY's time with search": ours / times["COPY, with what search needs, made before"],
        "times the rows of django-import-export (at least 8)": times["django-import-export, use_bulk=True"] / ours,
    }
    yield Measured(f"Import {ROWS:,} rows, each", times, ratios)


def turn(path: Path) -> dict[str, float]:
    """Seconds for a row, once each way. A turn takes minutes, and few machines are as fast in one as in the next."""
    times = {"COPY into the same tables": by_copy(Target(), found=False)}
    times["COPY, with what search needs, made before"] = by_copy(Target(), found=True)
    target = Target()
    times["GoPimi, from the file"], _ = target.run(path)
    times["GoPimi, the same file again"], _ = target.run(path)
    return {name: seconds / ROWS for name, seconds in times.items()} | {
        "django-import-export, use_bulk=True": by_peer() / PEER_ROWS
    }


def measure_large() -> Iterator[Measured]:
    """Of many rows: the time of each beside that of few, and the worker's memory."""
    times, memory = {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "people.csv")
        for rows in (sizes.IMPORTED_FEW, sizes.IMPORTED_MANY):
            write(path, rows)
            seconds, memory = Target().run(path)
            times[f"of {rows:,} rows, each"] = seconds / rows
    few, many = times.values()
    ratios = {"of the time of few (at most 1.5)": many / few}
    others = {"memory of the process at its peak (at most 300 MiB)": f"{memory:,.0f} MiB"}
    yield Measured("Import large files", times, ratios, others)


def by_copy(target: Target, *, found: bool) -> float:
    from contacts.searching import grams

    workspace_id, people = target.workspace.pk, [person(n) for n in range(ROWS)]
    numbers = range(1, ROWS + 1)
    names = [f"Organization {n}" for n in range(ORGANIZATIONS)]
    text, number, day, select = (field.pk for field in target.fields)
    options = {option.label: option.pk for option in target.fields[3].choices}
    pieces = []
    if found:
        pieces = [(workspace_id, n, grams(workspace_id, p[0], p[1])) for n, p in zip(numbers, people, strict=True)]
    began = time.perf_counter()
    with owner() as cursor:
        cursor.execute(
            "INSERT INTO organizations_organization (workspace_id, name) SELECT %s, unnest(%s::text[]) RETURNING id",
            [workspace_id, names],
        )
        ids = dict(zip(names, (pk for (pk,) in cursor.fetchall()), strict=True))
        with cursor.copy(f"COPY contacts_contact ({CONTACT}) FROM STDIN") as stream:
            for n, p in zip(numbers, people, strict=True):
                stream.write_row((n, workspace_id, p[0], p[1], p[1].lower(), ids[p[2]], "import"))
        with cursor.copy(f"COPY customfields_fieldvalue ({VALUE}) FROM STDIN") as stream:
            for n, p in zip(numbers, people, strict=True):
                stream.write_row((workspace_id, n, text, 1, 0, p[3], None, None, None))
                stream.write_row((workspace_id, n, number, 2, 0, None, p[4], None, None))
                stream.write_row((workspace_id, n, day, 3, 0, None, None, p[5], None))
                stream.write_row((workspace_id, n, select, 4, 0, None, None, None, options[p[6]]))
        if pieces:
            with cursor.copy("COPY contacts_contactsearch (workspace_id, contact_id, grams) FROM STDIN") as stream:
                for row in pieces:
                    stream.write_row(row)
    return time.perf_counter() - began


def by_peer() -> float:
    """Into one table of typed columns, as that library's users have it; fewer rows, since it takes its time."""
    from tests.bench.peers import importexport

    return importexport.seconds([person(n) for n in range(PEER_ROWS)])
