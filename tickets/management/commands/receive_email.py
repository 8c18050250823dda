"""The pipe for Postfix and Exim: one raw mail on standard input."""

import json
import os
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tickets import doors
from tickets.doors import Outcome

EXIT_CODES = {  # sysexits.h, which Postfix and Exim go by
    Outcome.UNKNOWN: os.EX_NOUSER,
    Outcome.TOO_LARGE: os.EX_DATAERR,
    Outcome.TRY_AGAIN: os.EX_TEMPFAIL,
}


class Command(BaseCommand):
    help = (
        "Reads one raw mail from standard input and prints what became of it. Exit code 0: stored; "
        "65: too large; 67: no mailbox has this address; 75: try again later."
    )
    stealth_options = ("stdin",)  # for call_command: another stream of bytes
    requires_system_checks = []  # a mail server takes a failed check for a refusal, and would return the mail

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", required=True, help="the mailbox's address")

    def handle(self, *args: Any, **options: Any) -> None:
        stream = options.get("stdin") or (sys.stdin and sys.stdin.buffer)
        raw = stream.read(settings.MAIL_MAX_BYTES + 1) if stream else b""
        answer = doors.deliver(raw, options["recipient"])
        if answer.result is None:
            raise CommandError(answer.text, returncode=EXIT_CODES[answer.outcome])
        self.stdout.write(json.dumps(asdict(answer.result)))
