"""django-helpdesk's `process_queue` over folders of mails, in a process of its own."""

import logging
import os
import sys

import django
from django.core.management import call_command
from django.db import connection


def main() -> None:
    """Receives the mails of each folder whose path comes in, and says of how many it made a ticket."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.peers.helpdesk_settings"
    django.setup()
    from tests.bench.peers.helpdesk_settings import SCHEMA

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    call_command("migrate", verbosity=0, skip_checks=True)
    print("ready", flush=True)
    for line in sys.stdin:
        print(receive(line.strip()), flush=True)


def receive(folder: str) -> int:
    from helpdesk.email import process_queue
    from helpdesk.models import Queue, Ticket

    queue, _ = Queue.objects.update_or_create(
        slug="bench",
        defaults={
            "title": "Bench", "email_address": "bench@acme.example", "allow_email_submission": True,
            "email_box_type": "local", "email_box_local_dir": folder, "email_box_last_check": None,
        },
    )  # fmt: skip
    before = Ticket.objects.count()
    process_queue(queue, logging.getLogger("bench.helpdesk"))
    return Ticket.objects.count() - before


if __name__ == "__main__":
    main()
