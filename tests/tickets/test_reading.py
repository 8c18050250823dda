"""What is new to whom: a mark for each member, which others' changes make and looking at the thread takes away."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL, Actor
from gopimi.workspaces.models import Membership, User, Workspace
from tests.factories import ContactFactory, MailboxFactory
from tests.tickets.test_news import urls
from tickets import outbound, reading
from tickets.models import Conversation, Seen, Ticket

UNREAD = "Unread: "


@pytest.fixture(params=["ticket", "conversation"])
def thread(request: pytest.FixtureRequest, acme: Workspace, alice: User, bob: User) -> Any:
    """It came yesterday, when Alice and Bob had joined."""
    with workspace(acme):
        MailboxFactory(workspace=acme, address="support@acme.example")
        dana = ContactFactory(workspace=acme, email="dana@example.com")
        model = Ticket if request.param == "ticket" else Conversation
        thread = model.objects.for_workspace(acme).open(EMAIL, dana, "Smoke", "It smells.")
    Membership.objects.update(created_at=timezone.now() - timedelta(days=2))
    at(thread, days=1)
    return thread


def at(thread: Any, **ago: float) -> None:
    """Let what was done to it be of another time than the transaction in which a test runs."""
    with workspace(thread.workspace):
        rows = type(thread).objects.for_workspace(thread.workspace).filter(pk=thread.pk)
        rows.update(updated_at=Now() - timedelta(**ago))
        thread.refresh_from_db(fields=["updated_at"])


def is_new(client: Client, thread: Any) -> bool:
    text = client.get(urls(thread)[0]).content.decode()
    assert thread.subject in text
    return UNREAD in text


def look(client: Client, thread: Any) -> None:
    assert client.get(urls(thread)[1]).status_code == 200


def marks(thread: Any) -> list[tuple[int, Any]]:
    with workspace(thread.workspace):
        return list(Seen.objects.for_workspace(thread.workspace).values_list("user_id", "state"))


def test_looking_at_it_takes_the_mark_away_for_oneself(as_alice: Client, as_bob: Client, thread: Any) -> None:
    assert (is_new(as_alice, thread), is_new(as_bob, thread)) == (True, True)
    look(as_bob, thread)
    assert (is_new(as_alice, thread), is_new(as_bob, thread)) == (True, False)


def test_what_somebody_else_does_is_new(as_bob: Client, thread: Any, alice: User) -> None:
    look(as_bob, thread)
    with workspace(thread.workspace):
        thread.change(Actor.agent(alice), assignee=alice)
    assert is_new(as_bob, thread)
    look(as_bob, thread)
    assert not is_new(as_bob, thread)


def test_what_one_does_oneself_is_not(as_bob: Client, thread: Any, bob: User) -> None:
    look(as_bob, thread)
    with workspace(thread.workspace):
        thread.change(Actor.agent(bob), assignee=bob)
        outbound.reply(thread, Actor.agent(bob), "Here it is")
    assert not is_new(as_bob, thread)


@pytest.mark.parametrize("seen", [True, False])
def test_changing_what_one_has_not_seen_hides_nothing(as_bob: Client, thread: Any, bob: User, seen: bool) -> None:
    if seen:
        look(as_bob, thread)
        at(thread, hours=1)  # a mail came
    with workspace(thread.workspace):
        thread.change(Actor.agent(bob), assignee=bob)
        outbound.reply(thread, Actor.agent(bob), "Here it is", note=True)
    assert is_new(as_bob, thread)


def test_what_was_there_before_one_joined_is_not_new(as_bob: Client, thread: Any, bob: User, alice: User) -> None:
    Membership.objects.filter(user=bob).update(created_at=timezone.now())
    assert not is_new(as_bob, thread)
    with workspace(thread.workspace):
        thread.change(Actor.agent(bob), assignee=bob)
    assert not is_new(as_bob, thread)
    with workspace(thread.workspace):
        thread.change(Actor.agent(alice), status="closed")
        rows = type(thread).objects.for_workspace(thread.workspace)
        rows.update(updated_at=Now() + timedelta(seconds=1))
    look(as_bob, thread)
    assert len(marks(thread)) == 1


def test_all_that_was_seen_before(as_bob: Client, thread: Any, bob: User) -> None:
    """As for who was a member when marks came to be (tickets/migrations/0008)."""
    with workspace(thread.workspace):
        Seen.objects.for_workspace(thread.workspace).create(user=bob, all_of=thread.called(), state=timezone.now())
    assert not is_new(as_bob, thread)


def test_nothing_is_written_where_nothing_is_new(as_bob: Client, thread: Any) -> None:
    look(as_bob, thread)
    assert [state for _, state in marks(thread)] == [thread.updated_at]
    with CaptureQueriesContext(connection) as queries:
        look(as_bob, thread)
    assert not [query["sql"] for query in queries if "INSERT" in query["sql"] or "UPDATE" in query["sql"]]


def test_marks_go_with_the_member(as_bob: Client, thread: Any, bob: User) -> None:
    look(as_bob, thread)
    assert len(marks(thread)) == 1
    Membership.objects.filter(user=bob).delete()
    assert marks(thread) == []


def all_read(client: Client, thread: Any) -> Any:
    name = "tickets:all_read" if isinstance(thread, Ticket) else "tickets:conversation_all_read"
    return client.post(thread.workspace.url(name), headers={"HX-Request": "true"})


@pytest.mark.parametrize("ago", [{"days": 1}, {"seconds": 5}])
def test_all_are_marked_as_read_for_oneself(as_alice: Client, as_bob: Client, thread: Any, ago: Any) -> None:
    at(thread, **ago)
    answer = all_read(as_bob, thread)
    assert answer.status_code == 204
    assert "threads-changed" in answer["HX-Trigger"]
    assert (is_new(as_alice, thread), is_new(as_bob, thread)) == (True, False)


def test_what_one_looked_at_before_it_changed_is_read_too(as_bob: Client, thread: Any) -> None:
    look(as_bob, thread)
    at(thread, hours=1)
    assert is_new(as_bob, thread)
    all_read(as_bob, thread)
    all_read(as_bob, thread)
    assert not is_new(as_bob, thread)


def test_what_comes_after_all_were_read_is_new(as_bob: Client, thread: Any, alice: User) -> None:
    at(thread, seconds=5)
    all_read(as_bob, thread)
    with workspace(thread.workspace):
        late = type(thread).objects.for_workspace(thread.workspace).open(EMAIL, thread.contact, "Fire", "It burns.")
    at(late, seconds=7)  # as of a transaction that took so long
    at(thread, seconds=4)
    assert as_bob.get(urls(thread)[0]).content.decode().count(UNREAD) == 2


def test_reading_all_of_one_kind_leaves_the_other(as_bob: Client, acme: Workspace, thread: Any) -> None:
    other = Conversation if isinstance(thread, Ticket) else Ticket
    with workspace(acme):
        another = other.objects.for_workspace(acme).open(EMAIL, thread.contact, "Fire", "It burns.")  # type: ignore[attr-defined]
    at(another, days=1)
    all_read(as_bob, thread)
    assert (is_new(as_bob, thread), is_new(as_bob, another)) == (False, True)


def test_without_javascript_one_is_led_back(as_bob: Client, thread: Any) -> None:
    name = "tickets:all_read" if isinstance(thread, Ticket) else "tickets:conversation_all_read"
    answer = as_bob.post(thread.workspace.url(name), follow=True)
    assert answer.redirect_chain[0][0] == urls(thread)[0]
    assert "are marked as read" in answer.content.decode()


def test_a_bulk_edit_of_ones_own(as_bob: Client, acme: Workspace, thread: Any, bob: User) -> None:
    look(as_bob, thread)
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        other = type(thread).objects.for_workspace(acme).open(EMAIL, dana, "Fire", "It burns.")
        at(other, days=1)
        type(thread).objects.for_workspace(acme).change(Actor.agent(bob), status="closed")
    text = as_bob.get(f"{urls(thread)[0]}?status=closed").content.decode()
    assert text.count(UNREAD) == 1
    assert f"{UNREAD}</span>Fire" in text


def told_by_the_rail(client: Client, thread: Any) -> str:
    """Beside Inbox or Tickets, on a page where there is nothing of them."""
    text = client.get(thread.workspace.url("contacts:list")).content.decode()
    said = re.findall(rf'data-number="{thread.called()}s_unread"(?: hidden)?>([^<]*)<', text)
    assert len(set(said)) == 1
    return said[0]  # type: ignore[no-any-return]


def test_the_rail_says_how_many_open_ones_are_unread(
    as_alice: Client, as_bob: Client, thread: Any, alice: User, acme: Workspace
) -> None:
    assert told_by_the_rail(as_bob, thread) == "(1 unread)"
    look(as_bob, thread)
    assert told_by_the_rail(as_bob, thread) == ""
    assert told_by_the_rail(as_alice, thread) == "(1 unread)", "each has their own"
    with workspace(acme):
        outbound.reply(thread, Actor.agent(alice), "It burns", note=True)
    assert told_by_the_rail(as_bob, thread) == "(1 unread)"
    as_bob.post(urls(thread)[0] + "read/")
    assert told_by_the_rail(as_bob, thread) == ""
    with workspace(acme):
        thread.change(EMAIL, status="closed")
        at(thread, days=-1)
    assert isinstance(thread, Conversation) or is_new(as_bob, thread)  # their list is of open ones
    assert told_by_the_rail(as_bob, thread) == "", "nobody has to look at what is done"


def test_the_rail_looks_at_some_of_them(as_bob: Client, thread: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOOKED_AT", 1)
    assert told_by_the_rail(as_bob, thread) == "(1+ unread)"
