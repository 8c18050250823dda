"""The pipe for Postfix and Exim: one raw mail on standard input."""

import json
import os
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets import inbound
from tickets.mailboxes import UnknownRecipient


class Command(BaseCommand):
    help = (
        "Reads one raw mail from standard input and prints what became of it. Exit code 0: stored; "
        "67: no mailbox has this address; 75: try again later."
    )
    requires_system_checks = []  # a mail server takes a failed check for a refusal, and would return the mail

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", required=True, help="the mailbox's address")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read() if sys.stdin else b""
        try:
            result = inbound.receive(raw, options["recipient"])
        except UnknownRecipient as error:
            raise CommandError(str(error), returncode=os.EX_NOUSER) from error
        except inbound.TryAgain as error:
            raise CommandError(str(error), returncode=os.EX_TEMPFAIL) from error
        self.stdout.write(json.dumps(asdict(result)))
