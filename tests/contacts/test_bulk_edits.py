"""One change to many contacts: at once or in batches, killed and continued, cancelled, taken back."""

import json
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from contacts.bulkedits import batches, running
from contacts.bulkedits.records import Action, BulkEdit, Status
from contacts.models import Change, Contact
from contacts.views import bulk_edits
from customfields import values
from customfields.models import Field, FieldValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import User, Workspace
from organizations.models import Organization
from tests.customfields.test_definitions import define

HTMX = {"HX-Request": "true"}


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        field = define(acme, "Plan", "select", options=["Gold", "Silver"])
        assert field.choices, "read while the workspace is entered"
    return field


@pytest.fixture
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch, batches_of_two: None) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 0)


def ids(people: list[Contact]) -> list[int]:
    return [person.pk for person in people]


def tags(acme: Workspace) -> dict[str, list[str]]:
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme).order_by("pk").prefetch_related("tags")
        return {contact.name: sorted(tag.name for tag in contact.tags.all()) for contact in contacts}


def begin(
    acme: Workspace, actor: Any, action: str, contacts: list[Contact], value: str = "", field: Any = None
) -> BulkEdit:
    with workspace(acme):
        return running.begin(acme.pk, actor, action, ids(contacts), value, field)


def undo(acme: Workspace, one: BulkEdit) -> BulkEdit:
    with workspace(acme):
        one.refresh_from_db()
        running.undo(one)
        one.refresh_from_db()
    return one


def test_an_organization_for_all_and_back(
    acme: Workspace, people: list[Contact], bob: User, batches_of_two: None
) -> None:
    with workspace(acme):
        kumo, other = (Organization.objects.for_workspace(acme).define(name=name, domains=[]) for name in ("Kumo", "O"))
        people[0].change(SYSTEM, properties={"organization": kumo})
    one = begin(acme, Actor.agent(bob), Action.ORGANIZATION, people, str(kumo.pk))
    assert (one.status, one.changed, one.total, one.position) == (Status.DONE, 5, 6, 6)
    with workspace(acme):
        organizations = Organization.objects.for_workspace(acme)
        assert organizations.get(pk=kumo.pk).contact_count == 6
        people[1].refresh_from_db()
        people[1].change(SYSTEM, properties={"organization": other})  # somebody changed it since
    one = undo(acme, one)
    assert (one.status, one.reverted, one.kept) == (Status.UNDONE, 4, 1)
    with workspace(acme):
        counts = dict(Organization.objects.for_workspace(acme).values_list("name", "contact_count"))
    assert counts == {"Kumo": 1, "O": 1}


def test_tags_are_added_and_removed(acme: Workspace, people: list[Contact], bob: User, batches_of_two: None) -> None:
    before = tags(acme)
    added = begin(acme, Actor.agent(bob), Action.ADD_TAG, people, "VIP")
    assert (added.changed, set(map(tuple, tags(acme).values()))) == (3, {("vip",)})
    removed = begin(acme, Actor.agent(bob), Action.REMOVE_TAG, people, "Vip")
    assert (removed.changed, set(map(tuple, tags(acme).values()))) == (6, {()})
    assert (undo(acme, removed).reverted, undo(acme, added).reverted) == (6, 3)
    assert tags(acme) == before


def test_a_field_is_set_and_cleared(acme: Workspace, people: list[Contact], plan: Field, bob: User) -> None:
    with workspace(acme):
        values.write(acme.pk, people[0].pk, plan, plan.choices[1])
    begun = begin(acme, Actor.agent(bob), Action.FIELD, people, plan.type.to_text(plan.choices[0]), plan)
    with workspace(acme):
        assert FieldValue.objects.for_workspace(acme).filter(option=plan.choices[0]).count() == 6
        assert Change.objects.for_workspace(acme).filter(bulk_edit=begun, actor_id=bob.pk).count() == 6
    cleared = begin(acme, Actor.agent(bob), Action.FIELD, people, "", plan)
    undo(acme, cleared)
    assert undo(acme, begun).reverted == 6
    with workspace(acme):
        assert [row.option_id for row in FieldValue.objects.for_workspace(acme)] == [plan.choices[1].pk]


def test_an_edit_writes_one_row_of_history_each_and_touches_nobody_else(
    acme: Workspace, people: list[Contact], plan: Field, bob: User
) -> None:
    with workspace(acme):
        Contact.objects.for_workspace(acme).update(updated_at=F("created_at"))
    begin(acme, Actor.agent(bob), Action.FIELD, people[:2], plan.type.to_text(plan.choices[0]), plan)
    with workspace(acme):
        touched = Contact.objects.for_workspace(acme).filter(updated_at__gt=F("created_at"))
        assert set(touched.values_list("pk", flat=True)) == set(ids(people[:2]))
        assert Change.objects.for_workspace(acme).filter(what="field").count() == 2


def test_a_killed_worker_is_followed_by_another(
    acme: Workspace, people: list[Contact], bob: User, in_background: None
) -> None:
    one = begin(acme, Actor.agent(bob), Action.ADD_TAG, people, "new")
    assert one.is_active
    stops = iter([False, True])
    assert not running.run(acme.pk, one.pk, lambda: next(stops))
    with workspace(acme):
        one.refresh_from_db()
    assert (one.position, one.changed) == (2, 2)
    assert running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
        assert Change.objects.for_workspace(acme).filter(bulk_edit=one).count() == 6
    assert (one.status, one.changed) == (Status.DONE, 6)


def test_what_was_done_before_it_was_cancelled_can_be_undone(
    acme: Workspace, people: list[Contact], bob: User, in_background: None
) -> None:
    before = tags(acme)
    one = begin(acme, Actor.agent(bob), Action.ADD_TAG, people, "new")
    stops = iter([False, True])
    running.run(acme.pk, one.pk, lambda: next(stops))
    with workspace(acme):
        running.cancel(one)
    running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
    assert (one.status, one.changed, one.position) == (Status.CANCELLED, 2, 2)
    undo(acme, one)
    running.run(acme.pk, one.pk)
    assert tags(acme) == before


def test_many_are_deleted_in_the_background_and_come_back_as_far_as_the_quota_has_room(
    acme: Workspace, people: list[Contact], bob: User, in_background: None
) -> None:
    one = begin(acme, Actor.agent(bob), Action.DELETE, people)
    running.run(acme.pk, one.pk)
    acme.refresh_from_db()
    assert acme.contact_count == 0
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=3)
    undo(acme, one)
    running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
        assert Contact.objects.for_workspace(acme).alive().count() == 3
    assert (one.status, one.reverted, one.kept) == (Status.UNDONE, 3, 3)


def test_what_it_needs_is_gone(
    acme: Workspace, people: list[Contact], plan: Field, bob: User, in_background: None
) -> None:
    one = begin(acme, Actor.agent(bob), Action.FIELD, people, plan.type.to_text(plan.choices[0]), plan)
    with workspace(acme):
        plan.archive()
    running.run(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
        assert not FieldValue.objects.for_workspace(acme).exists()
    assert (one.status, one.changed, one.problem) == (Status.CANCELLED, 0, "The field was archived or deleted.")
    assert (
        bulk_edits.OF_CONTACTS.ended(one)
        == "0 contacts changed. Stopped before the end: The field was archived or deleted."
    )


def test_the_dialog_asks_with_the_number_and_what_is_wrong_stays(
    acme: Workspace, people: list[Contact], plan: Field, as_bob: Client
) -> None:
    url = acme.url("contacts:bulk_edit", "field")
    chosen = {"all": "1", "query": "tag=vip", "asked": "1", "field": plan.pk}
    asked = as_bob.post(url, {**chosen, "choosing": "1"}, headers=HTMX)
    assert "3 contacts" in asked.content.decode()
    assert ("Silver" in asked.content.decode(), "Give a value" in asked.content.decode()) == (True, False)
    wrong = as_bob.post(url, {**chosen}, headers=HTMX)
    assert (wrong.status_code, "Give a value" in wrong.content.decode()) == (422, True)
    done = as_bob.post(url, {**chosen, "value": "Gold"}, headers=HTMX)
    toast = json.loads(done["HX-Trigger"])["toast"]
    assert toast["text"] == "3 contacts changed"
    assert (
        json.loads(as_bob.post(toast["undo"], headers=HTMX)["HX-Trigger"])["toast"]["text"] == "3 contacts changed back"
    )


@pytest.mark.parametrize(
    ("what", "data", "said"),
    [
        ("organization", {"organization": "Kumo"}, "3 contacts changed"),
        ("tag", {"how": "add_tag", "tag": "Vip"}, "0 contacts changed, 3 had it so already"),
        ("tag", {"how": "remove_tag", "tag": "vip"}, "3 contacts changed"),
    ],
)
def test_each_button(
    acme: Workspace, people: list[Contact], as_bob: Client, what: str, data: dict[str, str], said: str
) -> None:
    given = {"all": "1", "query": "tag=vip", "asked": "1", **data}
    done = as_bob.post(acme.url("contacts:bulk_edit", what), given, headers=HTMX)
    assert json.loads(done["HX-Trigger"])["toast"]["text"] == said


def test_progress_is_shown_to_who_asked_until_it_is_dismissed(
    acme: Workspace, people: list[Contact], as_bob: Client, as_alice: Client, in_background: None
) -> None:
    given = {"id": ids(people), "asked": "1", "how": "add_tag", "tag": "new"}
    as_bob.post(acme.url("contacts:bulk_edit", "tag"), given, headers=HTMX)
    url = acme.url("contacts:bulk_edits")
    shown = as_bob.get(url, headers=HTMX).content.decode()
    assert ("0 of 6 contacts" in shown, "every 1s" in shown) == (True, True)
    assert "banner" not in as_alice.get(url, headers=HTMX).content.decode()
    with workspace(acme):
        one = BulkEdit.objects.for_workspace(acme).get()
    running.run(acme.pk, one.pk)
    ended = as_bob.get(f"{url}?active=1", headers=HTMX)
    assert "contacts-changed" in ended["HX-Trigger"]
    assert ("6 contacts changed" in ended.content.decode(), "every 1s" in ended.content.decode()) == (True, False)
    for name in ("contacts:bulk_undo", "contacts:bulk_cancel", "contacts:bulk_dismiss"):
        assert as_alice.post(acme.url(name, one.pk), headers=HTMX).status_code == 404, "it is Bob's"
    as_bob.post(acme.url("contacts:bulk_dismiss", one.pk), headers=HTMX)
    assert "banner" not in as_bob.get(url, headers=HTMX).content.decode()
