import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from gopimi.workspaces.management import arguments
from gopimi.workspaces.models import Membership, Role, User


class Command(BaseCommand):
    help = (
        "Makes somebody a member of a workspace and prints their id as JSON. Where the address has an account "
        "already, that account joins and keeps its password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--email", type=arguments.email, required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--role", choices=Role.values, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = arguments.workspace(options["workspace"])
        with transaction.atomic():
            user = User.objects.find_or_create(options["email"], options["password"])
            membership, created = Membership.objects.get_or_create(
                workspace=workspace, user=user, defaults={"role": options["role"]}
            )
        if not created:
            raise CommandError(f"{user.email} is {membership.get_role_display()} of {workspace.slug} already.")
        self.stdout.write(json.dumps({"id": user.pk}))
