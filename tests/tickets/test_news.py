"""What open pages ask: whether a list or a thread is still as they have it, and who else is looking."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client
from django.utils import timezone

from contacts.models import Contact, View
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import Membership, User, Workspace
from tests.conftest import signed_in
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tests.tickets.test_ticket_page import reloaded
from tickets import presence
from tickets.express import Desk, asking
from tickets.models import Conversation, Ticket, Viewing

# What is asked of the database: whose a session is by each web process once, then again with the member.
WHOSE, MEMBER = 1, 1
OUT_OF_THE_WORKSPACE = 1  # tests wrap everything in a transaction


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    with workspace(acme):
        dana = ContactFactory(workspace=acme, name="Dana Cole")
        return TicketFactory(workspace=acme, contact=dana, subject="Smoke")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    with workspace(acme):
        return ConversationFactory(workspace=acme, subject="Annual billing")


@pytest.fixture(params=["ticket", "conversation"])
def thread(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def urls(thread: Any) -> tuple[str, str, str]:
    """Of its list, of its page, and of what its page asks."""
    if isinstance(thread, Ticket):
        names, key = ("list", "detail", "news"), thread.number
    else:
        names, key = ("inbox", "conversation", "conversation_news"), thread.pk
    of_list, of_page, of_news = names
    target = thread.workspace
    return (
        target.url(f"tickets:{of_list}"),
        target.url(f"tickets:{of_page}", key),
        target.url(f"tickets:{of_news}", key),
    )


def tag_in(answer: Any) -> str:
    found = re.search(r'data-news="([^"]*)"', answer.content.decode())
    assert found
    return unescape(found[1])


def ask(client: Client, url: str, tag: str, target: str) -> Any:
    return client.get(url, headers={"HX-Request": "true", "HX-Target": target, "If-None-Match": tag})


def ask_list(client: Client, thread: Any, tag: str) -> Any:
    return ask(client, urls(thread)[0], tag, "threads")


def ask_thread(client: Client, thread: Any, tag: str) -> Any:
    return ask(client, urls(thread)[2], tag, "thread-news")


def test_a_list_that_is_as_it_was(as_bob: Client, thread: Any, django_assert_num_queries: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[0]))
    with django_assert_num_queries(WHOSE + MEMBER + OUT_OF_THE_WORKSPACE):
        answer = ask_list(as_bob, thread, tag)
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    with django_assert_num_queries(MEMBER + OUT_OF_THE_WORKSPACE):
        assert ask_list(as_bob, thread, tag).status_code == 304


def rail_tag(client: Client, url: str) -> str:
    found = re.search(r'id="rail-news" data-news="([^"]*)"', client.get(url).content.decode())
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("page", ["tickets:list", "contacts:list", "settings:profile"])
def test_the_rail_of_any_page_that_is_as_it_was(
    as_bob: Client, acme: Workspace, thread: Any, page: str, django_assert_num_queries: Any
) -> None:
    tag = rail_tag(as_bob, acme.url(page))
    with django_assert_num_queries(WHOSE + MEMBER + OUT_OF_THE_WORKSPACE):
        answer = ask(as_bob, acme.url("tickets:rail"), tag, "rail-news")
    assert (answer.status_code, answer["ETag"]) == (304, tag)


def test_the_rails_numbers(as_alice: Client, acme: Workspace, thread: Any, alice: User) -> None:
    own, other = ("tickets", "conversations") if isinstance(thread, Ticket) else ("conversations", "tickets")
    view = f"{acme.url('contacts:view_new')}?table={own}&assignee=me&status=open"
    as_alice.post(view, {"name": "On my desk", "seen": "everybody"})
    tag = rail_tag(as_alice, acme.url("contacts:list"))
    with workspace(acme):
        (made,) = View.objects.for_workspace(acme)
        thread.change(Actor.agent(alice), assignee=alice)
        type(thread).objects.for_workspace(acme).update(updated_at=timezone.now())  # another transaction
    answer = ask(as_alice, acme.url("tickets:rail"), tag, "rail-news")
    assert (answer.status_code, answer["Cache-Control"]) == (204, "no-store")
    told = json.loads(answer["HX-Trigger"])["rail-numbers"]
    numbers = {own: "1", other: "", f"{own}_unread": "(1 unread)", f"{other}_unread": "", f"view{made.pk}": "1"}
    assert told == {"tag": answer["ETag"], "numbers": numbers}
    assert ask(as_alice, acme.url("tickets:rail"), answer["ETag"], "rail-news").status_code == 304


def test_the_rail_of_another_workspace(as_charlie: Client, acme: Workspace, globex: Workspace, thread: Any) -> None:
    assert ask(as_charlie, acme.url("tickets:rail"), '"x"', "rail-news").status_code == 404
    answer = ask(as_charlie, globex.url("tickets:rail"), '"x"', "rail-news")
    numbers = json.loads(answer["HX-Trigger"])["rail-numbers"]["numbers"]
    assert set(numbers.values()) == {""}


def test_a_list_in_which_something_changed(as_bob: Client, alice: User, thread: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[0]))
    with workspace(thread.workspace):
        thread.change(Actor.agent(alice), subject="Fire")
        type(thread).objects.for_workspace(thread.workspace).update(updated_at=timezone.now())  # another transaction
    answer = ask_list(as_bob, thread, tag)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith('<div class="listing" id="threads"')
    assert "Fire" in answer.content.decode()
    assert "threads-news" in answer["HX-Trigger"]
    assert answer["Cache-Control"] == "no-store"
    assert ask_list(as_bob, thread, tag_in(answer)).status_code == 304
    assert ask_list(as_bob, thread, f"W/{tag_in(answer)}").status_code == 304, "proxies weaken tags"


def test_what_is_committed_late_is_noticed(as_bob: Client, ticket: Ticket) -> None:
    """A mail that waited has an earlier time than what was committed meanwhile."""
    with workspace(ticket.workspace):
        late = TicketFactory(workspace=ticket.workspace, contact=ticket.contact)
        Ticket.objects.for_workspace(ticket.workspace).filter(pk=late.pk).update(
            updated_at=F("updated_at") - timedelta(days=1)
        )
    tag = tag_in(as_bob.get(urls(ticket)[0]))
    with workspace(ticket.workspace):
        rows = Ticket.objects.for_workspace(ticket.workspace).filter(pk=late.pk)
        rows.update(updated_at=F("updated_at") + timedelta(seconds=1))
    assert ask_list(as_bob, ticket, tag).status_code == 200


def test_a_filter_stays(as_bob: Client, ticket: Ticket) -> None:
    url = f"{urls(ticket)[0]}?status=resolved"
    tag = tag_in(as_bob.get(url))
    with workspace(ticket.workspace):
        TicketFactory(workspace=ticket.workspace, contact=ticket.contact)
    text = ask(as_bob, url, tag, "threads").content.decode()
    assert "No ticket matches" in text
    assert f'hx-get="{url}"' in text


def test_tickets_are_no_news_of_the_inbox(as_bob: Client, ticket: Ticket, conversation: Conversation) -> None:
    tag = tag_in(as_bob.get(urls(conversation)[0]))
    with workspace(ticket.workspace):
        TicketFactory(workspace=ticket.workspace, contact=ticket.contact)
    assert ask_list(as_bob, conversation, tag).status_code == 304


@pytest.mark.parametrize("path", ["list", "thread"])
def test_who_may_not_is_told_nothing(
    client: Client, as_bob: Client, as_charlie: Client, bob: User, thread: Any, path: str
) -> None:
    url, tag = urls(thread)[0], tag_in(as_bob.get(urls(thread)[0]))
    target = "threads"
    if path == "thread":
        ask_thread(as_bob, thread, '"0"')
        url, target, tag = urls(thread)[2], "thread-news", tag_in(ask_thread(as_bob, thread, '"1"'))
    assert ask(as_bob, url, tag, target).status_code == 304
    assert ask(as_charlie, url, tag, target).status_code == 404
    assert ask(client, url, tag, target).status_code == 401
    other = signed_in(bob)
    User.objects.filter(pk=bob.pk).update(password="another")
    assert ask(other, url, tag, target).status_code == 401
    again = signed_in(User.objects.get(pk=bob.pk))
    assert ask(again, url, tag, target).status_code == 304
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert ask(again, url, tag, target).status_code == 401
    User.objects.filter(pk=bob.pk).update(is_active=True)
    Membership.objects.filter(user=bob).delete()
    assert ask(again, url, tag, target).status_code == 404


def test_a_session_that_was_known_and_is_not_any_more(as_bob: Client, charlie: User, ticket: Ticket) -> None:
    tag = tag_in(as_bob.get(urls(ticket)[0]))
    own = Session.objects.filter(pk=as_bob.cookies["sessionid"].value)

    def status() -> int:
        return int(ask_list(as_bob, ticket, tag).status_code)

    assert (status(), status()) == (304, 304)
    own.update(session_data=Session.objects.get(pk=signed_in(charlie).cookies["sessionid"].value).session_data)
    assert status() == 404, "it is Charlie's, who is no member"
    own.update(expire_date=timezone.now())
    assert status() == 401


def test_sessions_that_are_known_are_not_too_many(bob: User, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "most_known", 2)
    url, desk = urls(ticket)[0], Desk()
    tag = tag_in(signed_in(bob).get(url))
    asked = asking("GET", url, tag)
    assert asked
    for _ in range(3):
        assert desk.is_current(asked, tag, signed_in(bob).cookies["sessionid"].value)
    assert len(desk.known) == 1


def test_a_thread_that_is_as_it_was(as_bob: Client, bob: User, thread: Any, django_assert_num_queries: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[1]))
    assert ask_thread(as_bob, thread, tag).status_code == 304
    with workspace(thread.workspace):
        assert Viewing.objects.for_workspace(thread.workspace).get().user == bob
    with django_assert_num_queries(MEMBER + OUT_OF_THE_WORKSPACE):
        assert ask_thread(as_bob, thread, tag).status_code == 304


def test_a_thread_that_changed(as_bob: Client, alice: User, thread: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[1]))
    with workspace(thread.workspace):
        thread.change(Actor.agent(alice), status="closed")
        type(thread).objects.for_workspace(thread.workspace).update(updated_at=timezone.now())
    answer = ask_thread(as_bob, thread, tag)
    assert answer.status_code == 200
    assert set(re.findall(r"thread-\w+", answer["HX-Trigger"])) == {"thread-changed", "thread-news"}
    assert ask_thread(as_bob, thread, tag_in(answer)).status_code == 304


def test_a_contact_that_changed(as_bob: Client, acme: Workspace, ticket: Ticket) -> None:
    tag = tag_in(as_bob.get(urls(ticket)[1]))
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).get()
        dana.change(SYSTEM, {"name": "Dana Dole"})
        Contact.objects.for_workspace(acme).update(updated_at=timezone.now())
    assert "thread-changed" in ask_thread(as_bob, ticket, tag)["HX-Trigger"]


def test_who_else_is_looking(as_bob: Client, as_alice: Client, bob: User, thread: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[1]))
    ask_thread(as_bob, thread, tag)
    ask_thread(as_alice, thread, tag)
    answer = ask_thread(as_bob, thread, tag)
    assert "<b>Alice</b> is also viewing" in answer.content.decode()
    assert "HX-Trigger" not in answer, "the thread itself is as it was"
    tag = tag_in(answer)
    assert ask_thread(as_bob, thread, tag).status_code == 304
    with workspace(thread.workspace):
        rows = Viewing.objects.for_workspace(thread.workspace).exclude(user=bob)
        rows.update(at=timezone.now() - timedelta(seconds=16))
    assert "is also viewing" not in ask_thread(as_bob, thread, tag).content.decode()


def test_it_is_written_down_every_few_seconds_at_most(as_bob: Client, thread: Any) -> None:
    tag = tag_in(as_bob.get(urls(thread)[1]))
    rows = Viewing.objects.for_workspace(thread.workspace)
    ask_thread(as_bob, thread, tag)
    with workspace(thread.workspace):
        first = timezone.now() - timedelta(seconds=4)
        rows.update(at=first)
    ask_thread(as_bob, thread, tag)
    with workspace(thread.workspace):
        assert rows.get().at == first
        rows.update(at=timezone.now() - timedelta(seconds=7))
    ask_thread(as_bob, thread, tag)
    with workspace(thread.workspace):
        assert rows.get().at > first


def test_names_in_words(alice: User, bob: User, charlie: User) -> None:
    assert presence.names([]) == ""
    assert presence.names([bob.pk]) == "Bob"
    assert presence.names([bob.pk, alice.pk]) == "Alice and Bob"
    assert presence.names([bob.pk, alice.pk, charlie.pk]) == "Alice, Bob and Charlie"


def test_nobody_is_kept_as_looking_for_long(in_acme: Workspace, ticket: Ticket, bob: User, alice: User) -> None:
    presence.note(ticket, bob)
    presence.note(ticket, alice)
    rows = Viewing.objects.for_workspace(in_acme)
    rows.filter(user=bob).update(at=timezone.now() - timedelta(hours=2))
    presence.forget(in_acme.pk)
    assert [row.user for row in rows] == [alice]
    assert reloaded(in_acme, ticket).subject == "Smoke"
