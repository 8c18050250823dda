from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gopimi.workspaces import archive


class Command(BaseCommand):
    help = "Writes database, uploads and kept secret key into one file; GoPimi may go on running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            archive.write(options["file"])
        except (archive.ArchiveError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Written: {options['file']} ({options['file'].stat().st_size:,} bytes)")
