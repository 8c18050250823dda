from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gopimi.workspaces.management import arguments
from gopimi.workspaces.models import ApiToken, Scope


class Command(BaseCommand):
    help = f"Makes an API token and prints it, this once. Scopes: {', '.join(Scope.values)}; write implies read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--name", type=arguments.name, required=True, help="what uses it")
        parser.add_argument("--scopes", type=arguments.scopes, required=True, metavar="SCOPE,…")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = arguments.workspace(options["workspace"])
        _, secret = ApiToken.issue(workspace, options["name"], options["scopes"])
        self.stdout.write(secret)
