"""`migrate` as the owner of the tables, with the cache's table, and the grants that follow (gopimi.lib.roles)."""

from typing import Any

from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from gopimi.lib.roles import as_owner


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        with as_owner(connections[options["database"]]):
            call_command("createcachetable", database=options["database"], verbosity=0)
            super().handle(*args, **options)
