"""Opening and changing tickets and conversations: numbers, events, narrow writes."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from gopimi.workspaces.actor import EMAIL, Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets.models import Conversation, Event, Priority, Ticket
from tickets.threads import NotAMember


@pytest.fixture
def dana(in_acme: Workspace) -> Any:
    return ContactFactory(workspace=in_acme, name="Dana Cole", email="dana@example.com")


@pytest.fixture
def ticket(in_acme: Workspace, dana: Any) -> Ticket:
    return TicketFactory(workspace=in_acme, contact=dana, subject="The printer is on fire")


def events(thread: Any) -> list[tuple[str, str, str]]:
    return list(thread.events.order_by("id").values_list("what", "old", "new"))


def test_a_ticket_is_opened_for_a_contact(in_acme: Workspace, alice: User, dana: Any) -> None:
    tickets = Ticket.objects.for_workspace(in_acme)
    first = tickets.open(
        Actor.agent(alice), dana, "Help", "It smokes.", priority=Priority.HIGH, assignee=alice, tags=["Fire", "fire"]
    )
    second = tickets.open(Actor.agent(alice), dana, "More help", "It burns.")
    assert (first.number, second.number) == (1, 2)
    assert (first.status, first.priority, first.assignee) == ("open", Priority.HIGH, alice)
    assert [tag.name for tag in first.tags.all()] == ["fire"]
    message = first.messages.get()
    assert (message.direction, message.state, message.body_text) == ("inbound", "received", "It smokes.")
    assert (message.author_contact, message.author_name, message.author_email) == (dana, dana.name, dana.email)
    event = first.events.get()
    assert (event.what, event.actor_kind, event.actor_id) == ("opened", "agent", alice.pk)
    dana.refresh_from_db()
    assert dana.open_ticket_count == 2


def test_a_refused_ticket_leaves_no_gap(in_acme: Workspace, dana: Any, charlie: User) -> None:
    tickets = Ticket.objects.for_workspace(in_acme)
    with pytest.raises(NotAMember):
        tickets.open(EMAIL, dana, "Help", "", assignee=charlie)
    assert tickets.open(EMAIL, dana, "Help", "").number == 1


def test_a_conversation_is_opened_without_a_contact(in_acme: Workspace) -> None:
    conversation = Conversation.objects.for_workspace(in_acme).open(EMAIL, None, "Hello", "Anybody there?")
    assert conversation.contact is None
    assert conversation.messages.get().author_contact is None


def test_each_change_has_an_event(in_acme: Workspace, ticket: Ticket, dana: Any, alice: User) -> None:
    erin = ContactFactory(workspace=in_acme)
    ticket.set_tags(["old"])
    before = ticket.updated_at
    changed = ticket.change(
        Actor.agent(alice), status="pending", assignee=alice, priority=4, contact=erin, subject="Smoke", tags=["New"]
    )
    assert changed
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee, ticket.priority) == ("pending", alice, 4)
    assert (ticket.contact, ticket.subject) == (erin, "Smoke")
    assert [tag.name for tag in ticket.tags.all()] == ["New"]
    assert ticket.updated_at >= before
    assert events(ticket) == [
        ("status", "open", "pending"),
        ("assignee", "", str(alice.pk)),
        ("priority", "2", "4"),
        ("contact", str(dana.pk), str(erin.pk)),
        ("subject", "The printer is on fire", "Smoke"),
        ("tags", "old", "New"),
    ]


def test_what_stays_the_same_is_no_event(ticket: Ticket) -> None:
    assert not ticket.change(EMAIL, status="open", assignee=None, priority=2, tags=[])
    assert events(ticket) == []


def test_changes_are_narrow(in_acme: Workspace, ticket: Ticket, alice: User) -> None:
    """Two people who have the same ticket open don't undo each other's changes."""
    mine, hers = (Ticket.objects.for_workspace(in_acme).get() for _ in range(2))
    mine.change(Actor.agent(alice), priority=4)
    hers.change(Actor.agent(alice), status="resolved")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority) == ("resolved", 4)


def test_an_event_tells_what_was_there_and_not_what_was_shown(in_acme: Workspace, ticket: Ticket) -> None:
    stale = Ticket.objects.for_workspace(in_acme).get()
    ticket.change(EMAIL, status="pending")
    stale.change(EMAIL, status="closed")
    assert events(ticket) == [("status", "open", "pending"), ("status", "pending", "closed")]


def test_only_members_are_assignees(ticket: Ticket, charlie: User) -> None:
    with pytest.raises(NotAMember):
        ticket.change(EMAIL, assignee=charlie)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.for_workspace(ticket.workspace_id).update(assignee=charlie)


def test_a_property_that_a_conversation_has_not(in_acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=in_acme)
    with pytest.raises(TypeError, match="priority"):
        conversation.change(EMAIL, priority=4)


def test_a_conversations_contact_is_set_and_cleared(in_acme: Workspace, dana: Any) -> None:
    conversation = ConversationFactory(workspace=in_acme)
    conversation.change(EMAIL, contact=dana)
    conversation.change(EMAIL, contact=None)
    assert events(conversation) == [("contact", "", str(dana.pk)), ("contact", str(dana.pk), "")]
    assert Event.objects.for_workspace(in_acme).count() == 2


@pytest.mark.parametrize(("status", "reopened"), [("open", False), ("pending", True), ("resolved", True)])
def test_reopening(in_acme: Workspace, dana: Any, status: str, reopened: bool) -> None:
    ticket = TicketFactory(workspace=in_acme, contact=dana, status=status)
    assert ticket.reopen(EMAIL) is reopened
    assert ticket.status == "open"
