"""The LMTP listener, for mail servers that deliver many mails."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tickets import lmtp


class Command(BaseCommand):
    help = (
        "Takes mails in by LMTP until SIGTERM or Ctrl-C; those in hand are finished. Whoever reaches the address may "
        "bring mail: leave it to the mail server."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="or the path of a Unix socket")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            where = lmtp.listen_address(options["listen"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.check(databases=["default"])  # refuses to start where row-level security doesn't hold
        connection.close()
        try:
            asyncio.run(self.serve(where, options["listen"]))
        except OSError as error:
            raise CommandError(f"Can't listen on {options['listen']}: {error.strerror or error}") from error

    async def serve(self, where: tuple[str, int] | str, name: str) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with lmtp.listening(where):
            self.stdout.write(f"LMTP is ready on {name}. Ctrl-C stops it.")
            self.stdout.flush()
            await stop.wait()
