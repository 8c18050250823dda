"""The trash emptied by hand, and the page's way to erase a person: for admins, with the number first."""

import re

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts import tasks
from contacts.erasing import running
from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace

HTMX = {"HX-Request": "true"}


@pytest.fixture
def trashed(acme: Workspace) -> list[Contact]:
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        made = [contacts.add(SYSTEM, email=f"p{n}@kumo.example", name=f"Person {n}") for n in range(4)]
        contacts.filter(pk__in=[contact.pk for contact in made]).trash(SYSTEM)
        contacts.add(SYSTEM, email="alive@kumo.example")
    return made


def left(acme: Workspace) -> int:
    with workspace(acme):
        return Contact.objects.for_workspace(acme).trashed().count()


def test_the_selected_ones_are_purged(acme: Workspace, trashed: list[Contact], as_alice: Client) -> None:
    url = acme.url("contacts:purge")
    given = {"id": [trashed[0].pk, trashed[1].pk]}
    asked = as_alice.post(url, given, headers=HTMX).content.decode()
    assert ("Purge 2 contacts?" in asked, left(acme)) == (True, 4)
    done = as_alice.post(url, {**given, "confirmed": "1"}, headers=HTMX)
    assert ("2 contacts purged" in done["HX-Trigger"], left(acme)) == (True, 2)
    assert "0 contacts purged" in as_alice.post(url, {**given, "confirmed": "1"}, headers=HTMX)["HX-Trigger"]


def test_nobody_who_is_alive_is_purged(acme: Workspace, trashed: list[Contact], as_alice: Client) -> None:
    with workspace(acme):
        alive = Contact.objects.for_workspace(acme).alive().get()
    as_alice.post(acme.url("contacts:purge"), {"id": alive.pk, "confirmed": "1"})
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).alive().get() == alive


def test_the_whole_trash_is_purged_as_it_was_when_it_was_asked(
    acme: Workspace, trashed: list[Contact], as_alice: Client
) -> None:
    url = acme.url("contacts:purge")
    asked = as_alice.post(url, {"all": "1"}, headers=HTMX).content.decode()
    until = re.search(r'name="until" value="([^"]+)"', asked)
    assert until
    with workspace(acme):
        late = Contact.objects.for_workspace(acme).add(SYSTEM, email="late@kumo.example")
        Contact.objects.for_workspace(acme).filter(pk=late.pk).trash(SYSTEM)
    as_alice.post(url, {"all": "1", "confirmed": "1", "until": until[1]})
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).trashed().get() == late
    for wrong in ("", "today", "2026-13-45", "2026-01-01"):
        answer = as_alice.post(url, {"all": "1", "confirmed": "1", "until": wrong})
        assert (answer.status_code, left(acme)) == (400, 1)


@pytest.mark.django_db(transaction=True)
def test_many_are_purged_in_the_background(
    acme: Workspace, trashed: list[Contact], as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr(running, "BATCH", 3)
    given = {"all": "1", "confirmed": "1", "until": "2999-01-01T00:00:00+00:00"}
    done = as_alice.post(acme.url("contacts:purge"), given, headers=HTMX)
    assert ("4 contacts in the trash are being purged" in done["HX-Trigger"], left(acme)) == (True, 4)
    job = ProcrastinateJob.objects.filter(task_name=running.PURGE).latest("id")
    assert job.args.keys() == {"workspace_id", "until"}
    stop = type("Context", (), {"should_abort": staticmethod(lambda: False)})
    tasks.purge_trash(stop, **job.args)
    assert left(acme) == 0


def test_a_person_is_erased_by_typing_the_address(acme: Workspace, trashed: list[Contact], as_alice: Client) -> None:
    with workspace(acme):
        alive = Contact.objects.for_workspace(acme).alive().get()
    for contact in (alive, trashed[0]):
        url = acme.url("contacts:erase", contact.pk)
        shown = as_alice.get(url).content.decode()
        assert ("What goes for good" in shown, "What stays" in shown, "0 tickets and 0 conversations" in shown) == (
            True, True, True,
        )  # fmt: skip
        wrong = as_alice.post(url, {"confirm": "other@kumo.example"})
        assert wrong.status_code == 422
        done = as_alice.post(url, {"confirm": f" {str(contact.email).upper()} "}, headers=HTMX)
        assert done["HX-Redirect"] == acme.url("contacts:list")
        assert "The person was erased" in as_alice.get(acme.url("contacts:list")).content.decode()
        assert as_alice.get(url).status_code == 404
        with workspace(acme):
            row = Contact.objects.for_workspace(acme).get(pk=contact.pk)
            assert (row.email, row.name) == (None, "")


def test_agents_may_not(acme: Workspace, trashed: list[Contact], as_bob: Client) -> None:
    for url in (acme.url("contacts:purge"), acme.url("contacts:erase", trashed[0].pk)):
        assert as_bob.post(url, {"all": "1", "id": trashed[0].pk}).status_code == 403
    assert as_bob.get(acme.url("contacts:erase", trashed[0].pk)).status_code == 403
    for url in (acme.url("contacts:trash"), acme.url("contacts:detail", trashed[0].pk)):
        page = as_bob.get(url).content.decode()
        assert ("Purge" in page, "Erase" in page) == (False, False)
    assert left(acme) == 4
