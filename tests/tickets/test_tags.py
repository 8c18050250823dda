"""Tags as admins keep them: renamed, merged and deleted, however many have them, and whoever puts them on meanwhile."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Change, Contact, Tag
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import TicketFactory
from tickets import tagging, tasks

HTMX = {"HX-Request": "true"}


@pytest.fixture
def tagged(acme: Workspace) -> dict[str, Tag]:
    """Five contacts, of whom some are "vip", some "VIPs" and some both; a ticket of each."""
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        for number, names in enumerate([["vip"], ["vip"], ["VIPs"], ["vip", "VIPs"], []]):
            contact = contacts.add(SYSTEM, email=f"p{number}@kumo.example", tags=names)
            TicketFactory(workspace=acme, contact=contact).set_tags(names)
        return {tag.name: tag for tag in Tag.objects.for_workspace(acme)}


def having(acme: Workspace) -> dict[str, tuple[int, int]]:
    """How many contacts and tickets have each tag."""
    with workspace(acme):
        rows = tagging.listed(acme, "").values_list("name", "contacts_with", "tickets_with")
        return {name: (contacts, tickets) for name, contacts, tickets in rows}


def toast(answer: Any) -> str:
    return json.loads(answer["HX-Trigger"])["toast"]["text"]


def test_the_list_counts_and_finds(acme: Workspace, tagged: dict[str, Tag], as_alice: Client) -> None:
    assert having(acme) == {"vip": (3, 3), "VIPs": (2, 2)}
    with workspace(acme):
        Contact.objects.for_workspace(acme).filter(email="p0@kumo.example").trash(SYSTEM)
    page = as_alice.get(acme.url("settings:tags")).content.decode()
    assert "Contacts tagged vip: 2" in page
    found = as_alice.get(acme.url("settings:tags"), {"q": "IPS"}).content.decode()
    assert ("Rename VIPs" in found, "Rename vip" in found, "1 tag<" in found) == (True, False, True)
    assert "No tag matches" in as_alice.get(acme.url("settings:tags"), {"q": "\x00none"}).content.decode()


def test_a_page_of_many_tags(
    acme: Workspace, tagged: dict[str, Tag], as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    with workspace(acme):
        Tag.objects.for_workspace(acme).find_or_make(f"tag {number:03}" for number in range(120))
    with django_assert_max_num_queries(16):
        page = as_alice.get(acme.url("settings:tags")).content.decode()
    assert (page.count("data-row"), "122 tags" in page) == (50, True)


def test_a_tag_is_renamed(acme: Workspace, tagged: dict[str, Tag], as_alice: Client) -> None:
    url = acme.url("settings:rename_tag", tagged["vip"].pk)
    assert toast(as_alice.post(url, {"name": " Vip "}, headers=HTMX)) == "vip is called Vip now"
    assert having(acme) == {"Vip": (3, 3), "VIPs": (2, 2)}
    for wrong in ("", "x" * 61, "a\x00b"):
        assert as_alice.post(url, {"name": wrong}).status_code == 422
    taken = as_alice.post(url, {"name": "vipS"}, headers=HTMX)
    assert taken.status_code == 422
    assert ("There is a tag “VIPs” already" in taken.content.decode(), "?into=VIPs" in taken.content.decode()) == (
        True, True,
    )  # fmt: skip
    assert having(acme) == {"Vip": (3, 3), "VIPs": (2, 2)}


def test_two_tags_become_one(acme: Workspace, tagged: dict[str, Tag], as_alice: Client) -> None:
    url = acme.url("settings:merge_tag", tagged["VIPs"].pk)
    asked = as_alice.get(url, {"into": "vip"}).content.decode()
    assert ("2 contacts" in asked, "2 tickets" in asked, 'value="vip" selected' in asked) == (True, True, True)
    for wrong in ("", "VIPs", "none"):
        assert as_alice.post(url, {"into": wrong}).status_code == 422
    assert toast(as_alice.post(url, {"into": "VIP"}, headers=HTMX)) == "VIPs was merged into vip"
    assert having(acme) == {"vip": (4, 4)}
    with workspace(acme):
        assert not Change.objects.for_workspace(acme).exists(), "nobody changed the contacts"
    assert as_alice.get(url).status_code == 404


def test_a_tag_is_deleted(acme: Workspace, tagged: dict[str, Tag], as_alice: Client) -> None:
    url = acme.url("settings:delete_tag", tagged["vip"].pk)
    assert "3 contacts" in as_alice.get(url).content.decode()
    assert toast(as_alice.post(url, headers=HTMX)) == "vip deleted"
    assert having(acme) == {"VIPs": (2, 2)}


def test_agents_may_not(acme: Workspace, tagged: dict[str, Tag], as_bob: Client) -> None:
    pk = tagged["vip"].pk
    for name, ids in (("tags", []), ("rename_tag", [pk]), ("merge_tag", [pk]), ("delete_tag", [pk])):
        url = acme.url(f"settings:{name}", *ids)
        assert (as_bob.get(url).status_code, as_bob.post(url).status_code) == (403, 403)
    assert "settings/tags/" not in as_bob.get(acme.url("settings:workspace")).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["merge_tag", "delete_tag"])
def test_many_links_go_in_the_background(
    acme: Workspace, tagged: dict[str, Tag], as_alice: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tagging, "AT_ONCE", 2)
    monkeypatch.setattr(tagging, "BATCH", 1)
    said = toast(as_alice.post(acme.url(f"settings:{name}", tagged["vip"].pk), {"into": "VIPs"}, headers=HTMX))
    assert "vip is being" in said
    job = ProcrastinateJob.objects.filter(task_name=tagging.REMOVE).latest("id")
    stops = iter([False, True])
    assert not tagging.remove(**job.args, must_stop=lambda: next(stops))
    assert having(acme)["vip"] == (2, 2)
    tasks.remove_tag(SimpleNamespace(should_abort=lambda: False), **job.args)
    assert having(acme) == {"VIPs": (4, 4) if name == "merge_tag" else (2, 2)}


def test_the_tag_to_merge_into_was_deleted_meanwhile(acme: Workspace, tagged: dict[str, Tag]) -> None:
    with workspace(acme):
        Tag.objects.for_workspace(acme).filter(pk=tagged["VIPs"].pk).delete()
    assert tagging.remove(acme.pk, tagged["vip"].pk, tagged["VIPs"].pk)
    assert having(acme) == {"vip": (3, 3)}


@pytest.mark.django_db(transaction=True)
def test_a_tag_is_put_on_a_contact_while_it_is_deleted(acme: Workspace, tagged: dict[str, Tag]) -> None:
    """Whoever comes first: the tag is on the contact afterwards, and nothing fails."""
    failures: list[BaseException] = []
    pk = tagged["vip"].pk

    def put() -> None:
        try:
            with workspace(acme):
                Contact.objects.for_workspace(acme).get(email="p4@kumo.example").change(SYSTEM, tags=["vip"])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=put)
    with workspace(acme), transaction.atomic():
        Tag.objects.for_workspace(acme).filter(pk=pk).select_for_update().get()
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits for what becomes of the tag"
        Tag.objects.for_workspace(acme).filter(pk=pk).delete()
    thread.join(10)
    assert failures == []
    assert having(acme)["vip"] == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_tag_that_is_put_on_a_contact_first_goes_from_it_too(acme: Workspace, tagged: dict[str, Tag]) -> None:
    pk, done = tagged["vip"].pk, threading.Event()

    def remove() -> None:
        tagging.remove(acme.pk, pk, None)
        connection.close()
        done.set()

    thread = threading.Thread(target=remove)
    with workspace(acme):
        Contact.objects.for_workspace(acme).get(email="p4@kumo.example").change(SYSTEM, tags=["vip"])
        thread.start()
        assert not done.wait(0.3), "it waits for the contact that isn't committed yet"
    thread.join(10)
    assert "vip" not in having(acme)
