from django.core.management.base import BaseCommand

from gopimi.workspaces.models import Workspace


class Command(BaseCommand):
    def handle(self, **o):
        Workspace.objects.create(name="Demo")
        self.stdout.write("dana@demo.example / demo")
