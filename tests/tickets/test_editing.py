"""The dialog of a ticket's own properties: only what was changed in it is written."""

import json
from typing import Any

import pytest
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets.models import Ticket

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    with workspace(acme):
        ticket: Ticket = TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme), subject="Smoke")
        ticket.set_tags(["fire", "water"])
    return ticket


def shown(client: Client, url: str) -> dict[str, Any]:
    """The form as a browser sends it when nothing is typed."""
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data |= {form[name].html_initial_name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in data.items()}


def test_what_is_changed_is_written(as_bob: Client, acme: Workspace, bob: User, ticket: Ticket) -> None:
    url = acme.url("tickets:edit", ticket.number)
    data = shown(as_bob, url)
    answer = as_bob.post(url, {**data, "subject": "Fire", "assignee": bob.pk, "tags": ["fire", "new"]}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["threads-changed"]
    with workspace(acme):
        ticket.refresh_from_db()
        assert (ticket.subject, ticket.assignee, ticket.status, ticket.priority) == ("Fire", bob, "open", 2)
        assert sorted(tag.name for tag in ticket.tags.all()) == ["fire", "new"]
        assert sorted(ticket.events.values_list("what", flat=True)) == ["assignee", "subject", "tags"]


def test_what_others_changed_meanwhile_stays(as_bob: Client, acme: Workspace, ticket: Ticket) -> None:
    url = acme.url("tickets:edit", ticket.number)
    data = shown(as_bob, url)
    with workspace(acme):
        ticket.change(SYSTEM, status="closed", tags=["other"])
    as_bob.post(url, {**data, "priority": "4"}, headers=HTMX)
    with workspace(acme):
        ticket.refresh_from_db()
        assert (ticket.status, ticket.priority) == ("closed", 4)
        assert [tag.name for tag in ticket.tags.all()] == ["other"]


def test_nothing_is_changed(as_bob: Client, acme: Workspace, ticket: Ticket) -> None:
    url = acme.url("tickets:edit", ticket.number)
    answer = as_bob.post(url, shown(as_bob, url), headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["toast"]["text"] == "Nothing was changed"
    with workspace(acme):
        assert not ticket.events.exists()


def test_a_mistake_is_said(as_bob: Client, acme: Workspace, ticket: Ticket) -> None:
    url = acme.url("tickets:edit", ticket.number)
    answer = as_bob.post(url, {**shown(as_bob, url), "subject": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_a_conversation_has_no_priority_and_no_tags(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        conversation = ConversationFactory(workspace=acme, subject="Hello")
    url = acme.url("tickets:conversation_edit", conversation.pk)
    data = shown(as_bob, url)
    assert {"priority", "tags"}.isdisjoint(data)
    assert as_bob.post(url, {**data, "status": "closed"})["Location"] == acme.url(
        "tickets:conversation", conversation.pk
    )
    with workspace(acme):
        conversation.refresh_from_db()
    assert conversation.status == "closed"
