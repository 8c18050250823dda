"""django-helpdesk's `process_queue` over folders of mails, in a process of its own; prints the seconds for each."""

import logging
import os
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection


def main(folders: list[str]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.peers.helpdesk_settings"
    django.setup()
    from tests.bench.peers.helpdesk_settings import SCHEMA

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    call_command("migrate", verbosity=0, skip_checks=True)
    for number, folder in enumerate(folders):
        print(seconds(Path(folder), f"queue{number}"), flush=True)


def seconds(folder: Path, slug: str) -> float:
    from helpdesk.email import process_queue
    from helpdesk.models import Queue, Ticket

    queue = Queue.objects.create(
        title=slug, slug=slug, email_address=f"{slug}@acme.example", allow_email_submission=True,
        email_box_type="local", email_box_local_dir=str(folder),
    )  # fmt: skip
    wanted = len(list(folder.iterdir()))
    logger = logging.getLogger("bench.helpdesk")
    began = time.perf_counter()
    process_queue(queue, logger)
    taken = time.perf_counter() - began
    made = Ticket.objects.filter(queue=queue).count()
    assert made == wanted, f"{made} tickets of {wanted} mails"
    return taken


if __name__ == "__main__":
    main(sys.argv[1:])
