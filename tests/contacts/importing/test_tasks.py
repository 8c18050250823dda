"""What becomes of imports whose job failed, and of files that became no import."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted

from contacts import tasks
from contacts.importing import running, starting
from contacts.models import Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.management.commands.worker import QUEUES
from gopimi.workspaces.models import Workspace
from tests.contacts.importing.conftest import Imports


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job looks whether its connection is still good, and would close the test's."""
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)


class Context:
    def __init__(self, stop: bool = False) -> None:
        self.stop = stop

    def should_abort(self) -> bool:
        return self.stop


def test_every_queue_has_a_worker() -> None:
    own = [task for task in app.tasks.values() if not task.name.startswith("builtin:")]
    assert {task.queue for task in own} == QUEUES.keys()


def test_a_worker_that_is_stopped_hands_the_job_on(acme: Workspace, imports: Imports) -> None:
    one = imports("email\na@x.example\n", run=False)
    with pytest.raises(JobAborted):
        tasks.run_import(Context(stop=True), acme.pk, one.pk)
    decision = tasks.AGAIN.get_retry_decision(exception=JobAborted(), job=Job(attempts=7))
    assert decision is not None
    tasks.run_import(Context(), acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
    assert one.status == "done"


class Job:
    def __init__(self, attempts: int) -> None:
        self.attempts = attempts


def test_an_import_whose_job_failed_says_so(acme: Workspace, imports: Imports) -> None:
    one, other = (imports("email\na@x.example\n", run=False) for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE (args->>'import_id')::bigint = %s", [one.pk]
        )
    tasks.give_up_imports(0)
    with workspace(acme):
        one.refresh_from_db()
        other.refresh_from_db()
    assert (one.status, one.problem["code"], other.status) == ("failed", "internal_error", "queued")
    assert not one.can_undo


def test_files_that_became_no_import_are_deleted_after_a_week(
    acme: Workspace, imports: Imports, django_capture_on_commit_callbacks: Any
) -> None:
    dry = imports("email\na@x.example\n", dry_run=True)
    queued = imports("email\nb@x.example\n", run=False)
    draft = imports("email\nc@x.example\n", run=False)
    fresh = imports("email\nd@x.example\n", dry_run=True)
    with workspace(acme):
        imported = Import.objects.for_workspace(acme)
        imported.filter(pk=draft.pk).update(status="draft")
        imported.exclude(pk=fresh.pk).update(created_at=timezone.now() - timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.forget_uploads(0)
    with workspace(acme):
        assert set(imported.values_list("pk", "file")) == {
            (dry.pk, ""), (queued.pk, queued.file), (fresh.pk, fresh.file)
        }  # fmt: skip
    assert [default_storage.exists(one.file) for one in (dry, draft)] == [False, False]
    assert default_storage.exists(queued.file)
    with workspace(acme):
        dry.refresh_from_db()
        with pytest.raises(starting.NotNow, match="kept for a week"):
            starting.start(dry, dry_run=False)
    assert running.run(acme.pk, draft.pk)  # a job of what is gone is done
