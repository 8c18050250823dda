"""Give a workspace an address for its customers' mail."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gopimi.lib.addresses import InvalidAddress
from gopimi.workspaces.management import arguments
from tickets import mailboxes
from tickets.models import Mailbox


class Command(BaseCommand):
    help = "Makes a mailbox, whose mail opens tickets or conversations, and prints its id and address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--address", required=True)
        parser.add_argument("--purpose", required=True, choices=Mailbox.Purpose.values)

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = arguments.workspace(options["workspace"])
        try:
            mailbox = mailboxes.create(workspace, options["address"], options["purpose"])
        except (InvalidAddress, mailboxes.AddressInUse) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"id": mailbox.pk, "address": mailbox.address}))
