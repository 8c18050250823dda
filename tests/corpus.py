"""Every mail of a corpus through every door, on a database of its own: `python -m tests.corpus DIR`.

DIR/email holds mails and a manifest.csv, which knows what two independent parsers agree on. Prints a table, and ends
with 1 where a mail was lost, changed, or read otherwise than the manifest says or than by another door.
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

from tests.tickets.wire import in_lines

FIGURES = {"from_address": "sender", "from_name": "name", "subject": "subject"}


def run(folder: Path) -> int:
    """Measure, print, and answer with the number of misses."""
    from gopimi.workspaces.models import Workspace
    from tests.tickets.doorways import Doorways
    from tickets import mailboxes, mailparse

    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    agree: Counter[str] = Counter()
    known: Counter[str] = Counter()
    results: dict[str, Counter[str]] = {}
    took: dict[str, list[float]] = {}
    misses: list[str] = []
    automatic: list[str] = []
    with Doorways() as doorways:
        for door in doorways.doors:  # a workspace each: mails answer one another
            Workspace.objects.create(name=door.title(), slug=door)
            results[door], took[door] = Counter(), []
        for number, row in enumerate(rows):
            path, raw = row["path"], (folder / row["path"]).read_bytes()
            seen: dict[str, dict[str, Any]] = {}
            for door, deliver in doorways.doors.items():
                acme = Workspace.objects.get(slug=door)
                # A mailbox each: two files of the corpus may be the same mail, with other line ends.
                mailbox = mailboxes.create(acme, f"mail-{number}@{door}.example", "ticket")
                started = time.perf_counter()
                code = deliver(raw, mailbox)
                took[door].append(time.perf_counter() - started)
                if code not in (0, 200, 250):
                    misses.append(f"{path}: {door} answers {code}")
                    continue
                sent = in_lines(raw) if door == "lmtp" else raw
                seen[door] = stored(acme, mailbox)
                results[door][seen[door]["state"]] += 1
                if seen[door].pop("data") != sent:
                    misses.append(f"{path}: {door} stored it otherwise than it was sent")
            misses += [f"{path}: {door} differs in {names}" for door, names in differences(seen)]
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
    for door, counts in results.items():
        states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        middle, slowest = sorted(took[door])[len(rows) // 2] * 1000, max(took[door]) * 1000
        print(f"{door:<9} {states}; median {middle:.1f} ms, slowest {slowest:.1f} ms")
    print("\nTo look at by eye: where the manifest takes another view of who wrote", *automatic, sep="\n  ")
    print(f"\n{len(misses)} misses", *misses, sep="\n  ")
    return len(misses)


def stored(acme: Any, mailbox: Any) -> dict[str, Any]:
    """All that came of the mailbox's one mail."""
    from gopimi.lib.tenancy import workspace
    from tickets.models import Attachment, Message, RawMail

    with workspace(acme):
        kept = RawMail.objects.for_workspace(acme).get(mailbox=mailbox)
        found: dict[str, Any] = {name: getattr(kept, name) for name in ("state", "reason", "sender", "subject")}
        found["data"] = bytes(kept.data)
        message = Message.objects.for_workspace(acme).select_related("ticket").filter(raw_mail=kept).first()
        if message:
            names = ("author_name", "author_email", "to", "cc", "body_text", "body_html", "message_id", "attribution")
            found |= {name: getattr(message, name) for name in names}
            found["ticket"] = message.ticket and (message.ticket.number, message.ticket.status)
            files = Attachment.objects.for_workspace(acme).filter(message=message).order_by("id")
            found["files"] = [
                (file.filename, file.content_type, file.content_id, file.file.read().replace(b"\r\n", b"\n").rstrip())
                for file in files
            ]
    return found


def differences(seen: dict[str, dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The doors by which something became otherwise than by the first, and what."""
    first = next(iter(seen.values()), {})
    compared = ((door, [name for name in first if found.get(name) != first[name]]) for door, found in seen.items())
    return [(door, names) for door, names in compared if names]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
    django.setup()
    from django.db import connection
    from django.test.utils import override_settings, setup_databases, teardown_databases

    from gopimi.lib.roles import as_owner

    connection.settings_dict["CONN_MAX_AGE"] = 0  # the listener's threads leave none behind
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
