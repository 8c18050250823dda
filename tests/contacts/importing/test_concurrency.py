"""Several at once: overlapping imports, mail from the same people, and workers that die or meet each other."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from contacts.importing import chunks, running
from contacts.importing.records import Status
from contacts.models import Contact, Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.contacts.importing.conftest import bring, counts

PEOPLE = 60


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 7)


def in_a_thread(job: Callable[[], Any]) -> Callable[[], Any]:
    def do() -> Any:
        try:
            return job()
        finally:
            connection.close()

    return do


@pytest.mark.django_db(transaction=True)
def test_overlapping_imports_and_mail_from_the_same_people(acme: Workspace) -> None:
    def rows(numbers: Any, company: str) -> str:
        people = (f"Person {n},person{n}@x.example,{company} {n % 5},tag {n % 3}\n" for n in numbers)
        return "name,email,company,tags\n" + "".join(people)

    first = bring(acme, rows(range(PEOPLE), "Acme"), run=False)
    second = bring(acme, rows(reversed(range(10, PEOPLE + 10)), "ACME"), run=False)

    def mails() -> int:
        made = 0
        for n in range(0, PEOPLE + 20, 3):
            with workspace(acme):
                made += Contact.objects.for_workspace(acme).by_mail(f"Person{n}@x.example", f"Mail {n}")[1]
        return made

    jobs = [lambda: running.run(acme.pk, first.pk), lambda: running.run(acme.pk, second.pk), mails, mails]
    with ThreadPoolExecutor(len(jobs)) as pool:
        done = [pool.submit(in_a_thread(job)) for job in jobs]
        results = [one.result() for one in done]
    with workspace(acme):
        for one in (first, second):
            one.refresh_from_db()
            assert one.status == Status.DONE
        created = first.created + second.created + results[2] + results[3]
        contacts = Contact.objects.for_workspace(acme)
        assert contacts.count() == created
        assert contacts.values("email_key").distinct().count() == created
        acme.refresh_from_db()
        assert acme.contact_count == created
        assert sorted(Organization.objects.for_workspace(acme).values_list("name_lower", flat=True)) == [
            f"acme {n}" for n in range(5)
        ]
    assert counts(first)[4] == counts(second)[4] == 0


def test_two_workers_with_one_import(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds out by the position, and leaves."""
    one = bring(acme, "email\n" + "".join(f"p{n}@x.example\n" for n in range(20)), run=False)
    do, inside = chunks.Chunks.do, []

    def do_twice(self: Any, rows: Any) -> None:
        if not inside:
            inside.append(True)
            assert running.run(acme.pk, one.pk)  # another comes from behind, and does it all
        do(self, rows)

    monkeypatch.setattr(chunks.Chunks, "do", do_twice)
    assert running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
        assert Contact.objects.for_workspace(acme).count() == 20
    assert (one.status, counts(one)) == (Status.DONE, (20, 0, 0, 0, 0))


def test_a_worker_that_is_stopped_leaves_it_to_the_next(acme: Workspace) -> None:
    one = bring(acme, "email\n" + "".join(f"p{n % 15}@x.example\n" for n in range(20)), run=False)
    asked = iter([False, True])
    assert not running.run(acme.pk, one.pk, lambda: next(asked))
    with workspace(acme):
        assert Import.objects.for_workspace(acme).get(pk=one.pk).processed == 7
    assert running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
    assert counts(one) == (15, 0, 0, 0, 5)  # the addresses of the rows that were done are known again


def test_a_dry_run_that_is_continued_begins_anew(acme: Workspace) -> None:
    content = "email,company\n" + "".join(f"p{n}@x.example,Acme {n % 2}\n" for n in range(20)) + "nobody,\n"
    one = bring(acme, content, run=False, dry_run=True)
    asked = iter([False, False, True])
    assert not running.run(acme.pk, one.pk, lambda: next(asked))
    assert running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
    assert (counts(one), one.made["organizations"]) == ((20, 0, 0, 0, 1), 2)


def test_killed_workers_lose_and_double_nothing() -> None:
    """Smaller than `make kills`, and without the queue, so that nobody waits until a worker is missed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.import_kills", "8000", "2", "--direct"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kills, 8,000 rows: the same" in done.stdout
