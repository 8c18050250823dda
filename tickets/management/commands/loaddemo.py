"""`manage.py loaddemo`: two workspaces to try GoPimi out with. Prints the log-ins."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from gopimi.workspaces.models import Membership, Workspace
from tickets.demo import loading


class Command(BaseCommand):
    help = "Load the demo workspaces, with log-ins that everybody knows, into the embedded database."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "The demo's log-ins are known to everybody, so it is only loaded into the embedded database, and "
                "DATABASE_URL is set. For a workspace of your own use `manage.py createworkspace`."
            )
        if loading.exists():
            self.stdout.write("The demo workspace is there already: nothing was done.")
            return
        self.print_logins(loading.load(timezone.now()))

    def print_logins(self, workspaces: list[Workspace]) -> None:
        self.stdout.write(f"Demo log-ins (password of all: {loading.PASSWORD})")
        for demo in workspaces:
            self.stdout.write(f"  {demo.name}: /dashboard/{demo.slug}/")
            for member in Membership.objects.filter(workspace=demo).select_related("user").order_by("id"):
                self.stdout.write(f"    {member.user.email:<22}{member.user.name:<16}{member.role}")
