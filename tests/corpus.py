"""Every mail of a corpus through the real door, on a database of its own: `python -m tests.corpus DIR`.

DIR/email holds mails and a manifest.csv, which knows what two independent parsers agree on. Prints a table, and ends
with 1 where a mail was lost, changed, or read otherwise than the manifest says.
"""

import csv
import os
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

FIGURES = {"from_address": "sender", "from_name": "name", "subject": "subject"}


def run(folder: Path) -> int:
    """Measure, print, and answer with the number of misses."""
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.models import Workspace
    from tickets import inbound, mailboxes, mailparse
    from tickets.models import RawMail

    acme = Workspace.objects.create(name="Corpus")
    results: Counter[str] = Counter()
    agree: Counter[str] = Counter()
    known: Counter[str] = Counter()
    misses: list[str] = []
    automatic: list[str] = []
    took: list[float] = []
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        path, raw = row["path"], (folder / row["path"]).read_bytes()
        # A mailbox each: two files of the corpus may be the same mail, with other line ends.
        mailbox = mailboxes.create(acme, f"mail-{number}@corpus.example", "ticket")
        started = time.perf_counter()
        result = inbound.receive(raw, mailbox.address)
        took.append(time.perf_counter() - started)
        results[result.result] += 1
        with workspace(acme):
            kept = RawMail.objects.for_workspace(acme).get(mailbox=mailbox)
        if bytes(kept.data) != raw:
            misses.append(f"{path}: stored otherwise than it came")
        if kept.state == RawMail.State.RECEIVED or kept.reason.startswith(inbound.FAILED):
            misses.append(f"{path}: {kept.state}, {kept.reason}")
        mail = mailparse.parse(raw)
        got = {"from_address": mail.sender and mail.sender.email, "from_name": mail.sender and mail.sender.name}
        got["subject"] = mail.subject
        for column in FIGURES:
            known[column] += bool(row[column])
            agree[column] += bool(row[column]) and got[column] == row[column]
            if row[column] and got[column] != row[column]:
                misses.append(f"{path}: {column} is {got[column]!r}, the manifest says {row[column]!r}")
        if bool(mail.automatic) != (row["automatic"] in ("auto", "bounce", "complaint")):
            automatic.append(f"{path}: the manifest says {row['automatic']}, ours: {mail.automatic or 'a person'}")
    print(f"mails     {len(rows):>4}")
    for column, label in FIGURES.items():
        print(f"{label:<9} {agree[column]:>4} of {known[column]}")
    for name, count in sorted(results.items()):
        print(f"  {name:<22} {count:>4}")
    print(f"median    {sorted(took)[len(took) // 2] * 1000:.1f} ms, slowest {max(took) * 1000:.1f} ms")
    print("\nTo look at by eye: where the manifest takes another view of who wrote", *automatic, sep="\n  ")
    print(f"\n{len(misses)} misses", *misses, sep="\n  ")
    return len(misses)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
    django.setup()
    from django.db import connection
    from django.test.utils import override_settings, setup_databases, teardown_databases

    from gopimi.lib.roles import as_owner

    with as_owner(connection):
        configuration: Any = setup_databases(verbosity=0, interactive=False)
    try:
        with TemporaryDirectory() as uploads, override_settings(MEDIA_ROOT=uploads):
            return 1 if run(Path(sys.argv[1]) / "email") else 0
    finally:
        connection.close()
        with as_owner(connection):
            teardown_databases(configuration, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
