"""The worker as an operator runs it: an import of many rows goes on while other jobs are done."""

import subprocess
import sys

from django.conf import settings

from tests.installation import PATIENCE, Installation

# Queues an import, then a job of another queue, and waits for both; prints which was done first.
SCRIPT = """
import time
from django.core.files.base import ContentFile
from procrastinate.contrib.django.models import ProcrastinateJob
from contacts.importing import starting
from contacts.models import Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from gopimi.workspaces.tasks import forget_sessions
acme = Workspace.objects.get(slug="acme")
rows = "email\\n" + "".join(f"person{n}@x.example\\n" for n in range(20_000))
with workspace(acme):
    one = starting.receive(acme, SYSTEM, ContentFile(rows.encode()), "people.csv")
    starting.start(one, dry_run=False)
def state():
    with workspace(acme):
        return Import.objects.for_workspace(acme).values_list("status", flat=True).get(pk=one.pk)
deadline = time.monotonic() + PATIENCE
while state() == "queued" and time.monotonic() < deadline:
    time.sleep(0.05)
job = forget_sessions.defer(timestamp=0)
while ProcrastinateJob.objects.filter(pk=job).exists() and time.monotonic() < deadline:
    time.sleep(0.05)
print("other job done while the import is", state())
while state() == "running" and time.monotonic() < deadline:
    time.sleep(0.2)
print("import", state())
""".replace("PATIENCE", str(PATIENCE))


def test_an_import_holds_up_nothing_else(installation: Installation) -> None:
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, env=installation.environment
    )
    try:
        printed = installation.manage("shell", "--no-imports", "-c", SCRIPT)
    finally:
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
    assert "other job done while the import is running" in printed
    assert "import done" in printed
