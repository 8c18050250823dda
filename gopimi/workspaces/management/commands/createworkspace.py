import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from gopimi.workspaces import founding
from gopimi.workspaces.management import arguments
from gopimi.workspaces.models import User, Workspace


class Command(BaseCommand):
    help = (
        "Makes a workspace with its first admin and prints its id and slug as JSON. Where the admin's address has an "
        "account already, that account becomes the admin and keeps its password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", type=arguments.name)
        parser.add_argument("--slug", type=arguments.slug, help="in its addresses; made up where it is left out")
        parser.add_argument("--admin-email", type=arguments.email, required=True)
        parser.add_argument("--admin-password", required=True)
        parser.add_argument("--contact-quota", type=arguments.quota, default=settings.CONTACT_QUOTA, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        values = {"name": options["name"], "contact_quota": options["contact_quota"]}
        if options["slug"]:
            values["slug"] = options["slug"]
            if Workspace.objects.filter(slug=options["slug"]).exists():
                raise CommandError(f"A workspace with the slug {options['slug']} exists already.")
        with transaction.atomic():
            user = User.objects.find_or_create(options["admin_email"], options["admin_password"])
            workspace = founding.found(user, **values)
        self.stdout.write(json.dumps({"id": workspace.pk, "slug": workspace.slug}))
