"""Deleting a selection or all that match, Undo, and the trash."""

import json
from typing import Any

from django.test import Client

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace

HTMX = {"HX-Request": "true"}


def alive(acme: Workspace) -> list[str]:
    with workspace(acme):
        return list(Contact.objects.for_workspace(acme).alive().order_by("id").values_list("name", flat=True))


def undo_of(answer: Any) -> str:
    return json.loads(answer["HX-Trigger"])["toast"]["undo"]


def test_a_selection_is_asked_about_once_deleted_and_brought_back(
    acme: Workspace, people: list[Contact], as_bob: Client
) -> None:
    url = acme.url("contacts:delete")
    ids = [person.pk for person in people[:2]]
    asked = as_bob.post(url, {"id": ids}, headers=HTMX).content.decode()
    assert "Delete 2 contacts?" in asked
    assert asked.count('name="id"') == 2
    assert len(alive(acme)) == 6
    done = as_bob.post(url, {"id": ids, "confirmed": "1"}, headers=HTMX)
    assert "2 contacts moved to the trash" in done["HX-Trigger"]
    assert alive(acme) == ["Person 2", "Person 3", "Person 4", "Person 5"]
    back = as_bob.post(undo_of(done), headers=HTMX)
    assert "2 contacts restored" in back["HX-Trigger"]
    assert len(alive(acme)) == 6


def test_all_that_match_are_found_by_the_filter(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    data = {"all": "1", "query": "tag=vip&sort=name&limit=50&cursor=x", "id": [people[0].pk]}
    asked = as_bob.post(acme.url("contacts:delete"), data, headers=HTMX).content.decode()
    assert "Delete 3 contacts?" in asked
    as_bob.post(acme.url("contacts:delete"), {**data, "confirmed": "1"}, headers=HTMX)
    assert alive(acme) == ["Person 0", "Person 2", "Person 4"]


def test_a_filter_that_is_wrong_deletes_nothing(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    data = {"all": "1", "query": "cf_gone=1", "confirmed": "1"}
    answer = as_bob.post(acme.url("contacts:delete"), data, headers=HTMX)
    assert "Nothing was deleted" in answer["HX-Trigger"]
    assert len(alive(acme)) == 6


def test_nothing_selected_is_said(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    answer = as_bob.post(acme.url("contacts:delete"), {"id": ["x", "99999999999999999999"]}, headers=HTMX)
    assert "Select the contacts" in answer["HX-Trigger"]


def test_undo_brings_back_what_fits(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    ids = [person.pk for person in people[:5]]
    done = as_bob.post(acme.url("contacts:delete"), {"id": ids, "confirmed": "1"}, headers=HTMX)
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=2)
    text = json.loads(as_bob.post(undo_of(done), headers=HTMX)["HX-Trigger"])["toast"]["text"]
    assert text == (
        "1 contact restored. The quota has no room for Person 1, Person 2, Person 3 and 1 more: they stay in the trash"
    )
    assert alive(acme) == ["Person 0", "Person 5"]


def test_without_javascript_it_works_too(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    url = acme.url("contacts:delete")
    assert "<html" in as_bob.post(url, {"id": [people[0].pk]}).content.decode()
    assert as_bob.post(url, {"id": [people[0].pk], "confirmed": "1"})["Location"] == acme.url("contacts:list")
    page = as_bob.get(acme.url("contacts:list")).content.decode()
    assert "1 contact moved to the trash" in page
    assert "/contacts/undo/" in page


def test_the_trash_lists_and_restores(acme: Workspace, people: list[Contact], as_bob: Client) -> None:
    trash = acme.url("contacts:trash")
    assert "The trash is empty" in as_bob.get(trash).content.decode()
    as_bob.post(acme.url("contacts:delete"), {"id": [people[0].pk, people[1].pk], "confirmed": "1"})
    page = as_bob.get(trash).content.decode()
    for words in ("Person 0", "Person 1", "Kept until", "Bob"):
        assert words in page
    fragment = {"HX-Request": "true", "HX-Target": "contacts-trash"}
    assert "Person 0" not in as_bob.get(trash, {"q": "person 1"}, headers=fragment).content.decode()
    restored = as_bob.post(acme.url("contacts:restore"), {"id": [people[1].pk]})
    assert restored["Location"] == acme.url("contacts:detail", people[1].pk)
    assert "Person 1" in alive(acme)
    assert "Person 0" not in alive(acme)


def test_another_workspaces_contacts_stay(
    acme: Workspace, globex: Workspace, people: list[Contact], as_charlie: Client, as_bob: Client
) -> None:
    ids = [person.pk for person in people]
    as_charlie.post(globex.url("contacts:delete"), {"id": ids, "confirmed": "1"})
    assert len(alive(acme)) == 6
    done = as_bob.post(acme.url("contacts:delete"), {"id": ids, "confirmed": "1"}, headers=HTMX)
    as_charlie.post(undo_of(done).replace(acme.slug, globex.slug))
    as_charlie.post(globex.url("contacts:restore"), {"id": ids})
    assert alive(acme) == []
    assert as_charlie.post(acme.url("contacts:delete"), {"id": ids}).status_code == 404
