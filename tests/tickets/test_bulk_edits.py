"""One change to many tickets or conversations: selected, made, killed and continued, taken back."""

import json
from typing import Any

import pytest
from django.test import Client

from contacts.bulkedits import batches
from contacts.bulkedits.records import Status
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import Membership, User, Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets.bulkedits.records import Action, ThreadEdit
from tickets.bulkedits.running import WORK
from tickets.models import Conversation, Event, Ticket

HTMX = {"HX-Request": "true"}


@pytest.fixture
def tickets(acme: Workspace) -> list[Ticket]:
    with workspace(acme):
        contact = ContactFactory(workspace=acme, name="Dana Cole")
        return [
            TicketFactory(workspace=acme, contact=contact, subject=f"Ticket {status}", status=status)
            for status in ["open"] * 4 + ["pending"]
        ]


def begin(acme: Workspace, actor: Any, action: str, rows: list[Any], value: str) -> ThreadEdit:
    table = "tickets" if isinstance(rows[0], Ticket) else "conversations"
    with workspace(acme):
        one: ThreadEdit = WORK.begin(acme.pk, actor, [row.pk for row in rows], table=table, action=action, value=value)
        return one


def undo(acme: Workspace, one: ThreadEdit) -> ThreadEdit:
    with workspace(acme):
        one.refresh_from_db()
        WORK.undo(one)
        one.refresh_from_db()
    return one


def stored(acme: Workspace, name: str) -> list[Any]:
    with workspace(acme):
        return list(Ticket.objects.for_workspace(acme).order_by("pk").values_list(name, flat=True))


def tags(acme: Workspace) -> list[list[str]]:
    with workspace(acme):
        return [sorted(tag.name for tag in row.tags.all()) for row in Ticket.objects.for_workspace(acme).order_by("pk")]


@pytest.mark.parametrize("size", [2, 1_000])
def test_a_status_for_all_and_back(
    acme: Workspace, tickets: list[Ticket], bob: User, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", size)
    one = begin(acme, Actor.agent(bob), Action.STATUS, tickets, "pending")
    assert (one.status, one.changed, one.total) == (Status.DONE, 4, 5)
    assert stored(acme, "status") == ["pending"] * 5
    with workspace(acme):
        events = Event.objects.for_workspace(acme).filter(bulk_edit=one)
        assert set(events.values_list("what", "old", "new", "actor_id")) == {("status", "open", "pending", bob.pk)}
        tickets[0].change(SYSTEM, status="closed")  # since then
    one = undo(acme, one)
    assert (one.status, one.reverted, one.kept) == (Status.UNDONE, 3, 1)
    assert stored(acme, "status") == ["closed", "open", "open", "open", "pending"]
    undo(acme, one)
    assert stored(acme, "status")[0] == "closed"


def test_an_assignee_and_a_priority(acme: Workspace, tickets: list[Ticket], alice: User, bob: User) -> None:
    with workspace(acme):
        tickets[0].change(SYSTEM, assignee=alice, priority=4)
    assigned = begin(acme, Actor.agent(bob), Action.ASSIGNEE, tickets, str(bob.pk))
    urgent = begin(acme, Actor.agent(bob), Action.PRIORITY, tickets, "4")
    assert (assigned.changed, urgent.changed) == (5, 4)
    Membership.objects.filter(user=alice).delete()
    assert (undo(acme, assigned).reverted, undo(acme, urgent).reverted) == (4, 4)
    assert stored(acme, "assignee_id") == [bob.pk, None, None, None, None]
    assert stored(acme, "priority") == [4, 2, 2, 2, 2]
    nobody = begin(acme, Actor.agent(bob), Action.ASSIGNEE, tickets, "")
    assert (nobody.changed, stored(acme, "assignee_id")) == (1, [None] * 5)


def test_who_left_cannot_be_assigned(acme: Workspace, tickets: list[Ticket], alice: User, charlie: User) -> None:
    one = begin(acme, Actor.agent(alice), Action.ASSIGNEE, tickets, str(charlie.pk))
    assert (one.status, one.changed, one.problem) == (Status.CANCELLED, 0, "The assignee is no member any more.")


def test_tags_are_put_on_and_taken_off(acme: Workspace, tickets: list[Ticket], bob: User) -> None:
    with workspace(acme):
        tickets[0].change(SYSTEM, tags=["Fire, water", "vip"])
    before = tags(acme)
    added = begin(acme, Actor.agent(bob), Action.ADD_TAG, tickets, "VIP")
    assert (added.changed, tags(acme)) == (4, [["Fire, water", "vip"], *[["vip"]] * 4])
    removed = begin(acme, Actor.agent(bob), Action.REMOVE_TAG, tickets, "vip")
    assert (removed.changed, tags(acme)) == (5, [["Fire, water"], [], [], [], []])
    assert (undo(acme, removed).reverted, undo(acme, added).reverted) == (5, 4)
    assert tags(acme) == before


@pytest.mark.parametrize(
    ("many", "single"), [({"add_tag": "B"}, ["a", "B"]), ({"remove_tag": "A"}, []), ({"add_tag": "A"}, ["a"])]
)
def test_one_and_many_write_the_same_events(
    acme: Workspace, tickets: list[Ticket], many: dict[str, str], single: list[str]
) -> None:
    with workspace(acme):
        for ticket in tickets:
            ticket.set_tags(["a"])
        Ticket.objects.for_workspace(acme).filter(pk=tickets[0].pk).change(SYSTEM, **many)
        tickets[1].change(SYSTEM, tags=single)
        told = [list(ticket.events.values_list("what", "old", "new")) for ticket in tickets[:2]]
    assert told[0] == told[1]
    assert tags(acme)[0] == tags(acme)[1]


def test_many_cost_no_more_statements(acme: Workspace, tickets: list[Ticket], django_assert_num_queries: Any) -> None:
    with workspace(acme):
        contact = tickets[0].contact
        rows = [TicketFactory(workspace=acme, contact=contact) for _ in range(40)]
        many = Ticket.objects.for_workspace(acme).filter(pk__in=[row.pk for row in rows])
        with django_assert_num_queries(5):  # with the savepoint's two
            many.change(SYSTEM, status="closed", priority=1)


def test_the_killed_one_goes_on(
    acme: Workspace, tickets: list[Ticket], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(batches, "AT_ONCE", 0)
    one = begin(acme, Actor.agent(bob), Action.PRIORITY, tickets, "3")
    assert (one.status, stored(acme, "priority")) == (Status.RUNNING, [2] * 5)
    stops = iter([False, True])
    assert not WORK.run(acme.pk, one.pk, lambda: next(stops))
    assert stored(acme, "priority") == [3, 3, 2, 2, 2]
    assert WORK.run(acme.pk, one.pk)
    assert stored(acme, "priority") == [3] * 5


def test_rows_are_changed_from_the_page(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    url = acme.url("tickets:bulk_edit", "status")
    chosen = {"id": [tickets[0].pk, tickets[1].pk]}
    asked = as_bob.post(url, chosen, headers=HTMX)
    assert "Change 2 tickets" in asked.content.decode()
    done = as_bob.post(url, {**chosen, "asked": "1", "status": "closed"}, headers=HTMX)
    events = json.loads(done["HX-Trigger"])
    assert events["toast"]["text"] == "2 tickets changed"
    assert events["threads-changed"]
    assert stored(acme, "status") == ["closed", "closed", "open", "open", "pending"]
    back = as_bob.post(events["toast"]["undo"], headers=HTMX)
    assert json.loads(back["HX-Trigger"])["toast"]["text"] == "2 tickets changed back"
    assert stored(acme, "status") == ["open"] * 4 + ["pending"]


def test_all_that_match_are_changed(as_bob: Client, acme: Workspace, tickets: list[Ticket], bob: User) -> None:
    url = acme.url("tickets:bulk_edit", "assignee")
    all_open = {"all": "1", "query": "status=open&q=ticket&sort=number"}
    assert "Change 4 tickets" in as_bob.post(url, all_open, headers=HTMX).content.decode()
    as_bob.post(url, {**all_open, "asked": "1", "assignee": bob.pk}, headers=HTMX)
    assert stored(acme, "assignee_id") == [bob.pk] * 4 + [None]


@pytest.mark.parametrize(
    ("what", "data", "words"),
    [
        ("status", {}, "Select the tickets to change first."),
        ("status", {"all": "1", "query": "colour=red"}, "The filter doesn't work any more."),
    ],
)
def test_nothing_to_change(
    as_bob: Client, acme: Workspace, tickets: list[Ticket], what: str, data: dict[str, str], words: str
) -> None:
    answer = as_bob.post(acme.url("tickets:bulk_edit", what), {**data, "asked": "1", "status": "closed"}, headers=HTMX)
    assert words in json.loads(answer["HX-Trigger"])["toast"]["text"]
    assert "closed" not in stored(acme, "status")


@pytest.mark.parametrize(("what", "value"), [("status", "done"), ("assignee", "0"), ("priority", "9"), ("tag", "")])
def test_what_cannot_be_is_said(as_bob: Client, acme: Workspace, tickets: list[Ticket], what: str, value: str) -> None:
    data = {"id": tickets[0].pk, "asked": "1", what: value, "how": "add_tag"}
    answer = as_bob.post(acme.url("tickets:bulk_edit", what), data, headers=HTMX)
    assert answer.status_code == 422
    with workspace(acme):
        assert not ThreadEdit.objects.for_workspace(acme).exists()


def test_conversations_have_a_status_and_an_assignee_alone(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        conversation = ConversationFactory(workspace=acme)
    for what in ("priority", "tag"):
        assert as_bob.post(acme.url("tickets:conversation_bulk_edit", what), {"id": 1}).status_code == 404
    data = {"id": conversation.pk, "asked": "1", "status": "closed"}
    as_bob.post(acme.url("tickets:conversation_bulk_edit", "status"), data, headers=HTMX)
    with workspace(acme):
        assert Conversation.objects.for_workspace(acme).get().status == "closed"
        one = ThreadEdit.objects.for_workspace(acme).get()
    assert as_bob.post(acme.url("tickets:bulk_undo", one.pk)).status_code == 404  # it is the inbox's
    as_bob.post(acme.url("tickets:conversation_bulk_undo", one.pk), headers=HTMX)
    with workspace(acme):
        assert Conversation.objects.for_workspace(acme).get().status == "open"


def test_anothers_edit_is_not_mine_to_undo(as_alice: Client, acme: Workspace, tickets: list[Ticket], bob: User) -> None:
    one = begin(acme, Actor.agent(bob), Action.STATUS, tickets, "closed")
    assert as_alice.post(acme.url("tickets:bulk_undo", one.pk)).status_code == 404


def test_rows_of_another_workspace_stay(
    as_bob: Client, as_charlie: Client, acme: Workspace, globex: Workspace, tickets: list[Ticket]
) -> None:
    data = {"id": [row.pk for row in tickets], "asked": "1", "status": "closed"}
    for form in (data, {**data, "all": "1"}):
        assert as_charlie.post(globex.url("tickets:bulk_edit", "status"), form, headers=HTMX).status_code == 204
    assert as_charlie.post(acme.url("tickets:bulk_edit", "status"), data, headers=HTMX).status_code == 404
    assert "closed" not in stored(acme, "status")


def test_the_progress_above_the_table(
    as_bob: Client, acme: Workspace, tickets: list[Ticket], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 0)
    data = {"id": [row.pk for row in tickets], "asked": "1", "assignee": bob.pk}
    as_bob.post(acme.url("tickets:bulk_edit", "assignee"), data, headers=HTMX)
    state = as_bob.get(acme.url("tickets:bulk_edits")).content.decode()
    assert "<b>Assignee: Bob</b>" in state
    assert "0 of 5 tickets" in state
    assert "Assignee" not in as_bob.get(acme.url("tickets:conversation_bulk_edits")).content.decode()
    with workspace(acme):
        one = ThreadEdit.objects.for_workspace(acme).get()
    WORK.run(acme.pk, one.pk)
    ended = as_bob.get(acme.url("tickets:bulk_edits") + "?active=1")
    assert "5 tickets changed" in ended.content.decode()
    assert "threads-changed" in ended["HX-Trigger"]
