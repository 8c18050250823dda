"""An import whose worker is killed, beside one that isn't: `python -m tests.import_kills [rows] [kills] [--direct]`.

Both import the same file, with rows that fail, on an embedded server of their own. The worker is `manage.py worker`,
killed (-9) at random points and started again; with `--direct` it is a process that does the job without the queue, so
that nothing waits until the killed one is missed. Ends with 1 where the two workspaces differ.
"""

import atexit
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 1_800  # seconds
HEADER = "name,email,organization,tags,plan,skills,since,amount,active,site,second,notes"
DIRECT = """
import django; django.setup()
from contacts.importing import running
running.run({workspace}, {run})
"""


def line(n: int, rows: int) -> str:
    """Most are right; some have a bad cell, the address of an earlier row, or more cells than the header."""
    email = f"person.{n if n % 97 else n // 2}@d{n % 577}.example"
    since = "31.02.2027" if n % 89 == 0 else f"{date(2019, 1, 1) + timedelta(n % 3000):%d.%m.%Y}"
    plan, skills = ("Free", "Basic", "Pro")[n % 3], "Go;Rust" if n % 2 else "SQL"
    return (
        f"First{n % 313} Last{n % 7919},{email},Organization {n % 1500},tag {n % 7};all,"
        f"{plan},{skills},{since},{n / 100:.2f},{'yes' if n % 3 else 'no'},https://d{n}.example/,"
        f"second{n}@x.example,{'note' if n % 1009 else 'a,b,c'} {n}\n"
    )


def prepare(path: Path) -> tuple[Any, Any]:
    """A workspace with the fields, and the file's import, queued."""
    from django.core.files import File

    from contacts.importing import starting
    from customfields.models import Field
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.actor import SYSTEM
    from gopimi.workspaces.models import Workspace

    target = Workspace.objects.create(name="Kills")
    with workspace(target), path.open("rb") as file:
        fields = Field.objects.for_workspace(target)
        fields.define(label="Plan", type="select", options=["Free", "Basic"])
        fields.define(label="Skills", type="select", multiple=True, options=["SQL"])
        for label, kind in [("Since", "date"), ("Amount", "number"), ("Active", "boolean"), ("Site", "url")]:
            fields.define(label=label, type=kind)
        fields.define(label="Second", type="email")
        fields.define(label="Notes", type="text")
        one = starting.receive(target, SYSTEM, File(file), path.name, new_options="add")
        starting.start(one, dry_run=False)
    return target, one


def state(target: Any, one: Any) -> dict[str, Any]:
    """All that the import made, in terms that another workspace can be compared by."""
    from contacts.models import Contact, ContactSearch, ContactTag, Import, ImportProblem, ImportRow
    from customfields.models import FieldValue
    from gopimi.lib.tenancy import workspace
    from organizations.models import Organization

    values = (
        "contact__email",
        "field__key",
        "option__label",
        "text_value",
        "number_value",
        "date_value",
        "boolean_value",
    )
    contact = ("email", "name", "organization__name")
    problem = ("row", "column", "code", "reason")
    with workspace(target):
        run = Import.objects.for_workspace(target).get(pk=one.pk)
        target.refresh_from_db()
        return {
            "counts": (run.status, run.rows, run.processed, run.counts, run.made, run.problem),
            "quota": target.contact_count,
            "contacts": sorted(Contact.objects.for_workspace(target).values_list(*contact)),
            "tags": sorted(ContactTag.objects.for_workspace(target).values_list("contact__email", "tag__name")),
            "values": sorted(map(repr, FieldValue.objects.for_workspace(target).values_list(*values))),
            "found": sorted(ContactSearch.objects.for_workspace(target).values_list("contact__email", "grams__len")),
            "organizations": sorted(Organization.objects.for_workspace(target).values_list("name", "contact_count")),
            "rows": sorted(ImportRow.objects.for_workspace(target).values_list("row", "line", "cells")),
            "problems": sorted(ImportProblem.objects.for_workspace(target).values_list(*problem)),
        }  # fmt: skip


def progress(target: Any, one: Any) -> tuple[str, int]:
    from contacts.models import Import
    from gopimi.lib.tenancy import workspace

    with workspace(target):
        return Import.objects.for_workspace(target).values_list("status", "processed").get(pk=one.pk)


class Worker:
    def __init__(self, target: Any, one: Any, direct: bool) -> None:
        code = DIRECT.format(workspace=target.pk, run=one.pk)
        command = ["-c", code] if direct else ["manage.py", "worker"]
        self.process = subprocess.Popen([sys.executable, *command], cwd=ROOT, start_new_session=True)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"nothing happened for {PATIENCE} seconds"
        time.sleep(0.02)


def unbroken(path: Path, direct: bool) -> tuple[dict[str, Any], float]:
    target, one = prepare(path)
    began = time.perf_counter()
    worker = Worker(target, one, direct)
    wait(lambda: progress(target, one)[0] == "done")
    took = time.perf_counter() - began
    worker.stop()
    return state(target, one), took


def broken(path: Path, rows: int, kills: int, direct: bool) -> dict[str, Any]:
    target, one = prepare(path)
    points = sorted(random.sample(range(rows // 20, rows * 3 // 4), kills))
    for point in points:
        worker = Worker(target, one, direct)
        wait(lambda at=point: progress(target, one)[1] >= at)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.5))
        worker.kill()
        killed = time.perf_counter()
        before = progress(target, one)
        print(f"killed at {before[1]:,} of {rows:,} rows ({before[0]})", flush=True)
        if before[0] == "running" and point == points[0] and not direct:
            worker = Worker(target, one, direct)
            wait(lambda done=before[1]: progress(target, one)[1] > done)  # type: ignore[misc]
            print(f"another went on after {time.perf_counter() - killed:.0f} s", flush=True)
            worker.kill()
    worker = Worker(target, one, direct)
    wait(lambda: progress(target, one)[0] == "done")
    worker.stop()
    return state(target, one)


def run(rows: int, kills: int, direct: bool) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kills.csv"
        with path.open("w") as file:
            file.write(HEADER + "\n")
            file.writelines(line(n, rows) for n in range(rows))
        whole, took = unbroken(path, direct)
        print(f"unbroken in {took:.1f} s: {whole['counts'][3]}", flush=True)
        pieces = broken(path, rows, kills, direct)
    differing = [name for name in whole if whole[name] != pieces[name]]
    print(f"{kills} kills, {rows:,} rows: {'the same' if not differing else f'{differing} differ'}")
    return len(differing)


def main() -> int:
    numbers = [int(text) for text in sys.argv[1:] if text.isdecimal()]
    rows, kills = (*numbers, *(100_000, 5)[len(numbers) :])
    directory = tempfile.mkdtemp(prefix="gopimi-kills-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)  # after the server has left it
    os.environ.update(GOPIMI_DATA_DIR=directory, DJANGO_SETTINGS_MODULE="gopimi.settings", GOPIMI_LOG_LEVEL="ERROR")
    os.environ.pop("DATABASE_URL", None)
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    try:
        return 1 if run(rows, kills, "--direct" in sys.argv) else 0
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
