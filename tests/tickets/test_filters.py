"""One reading of a list's query, for pages and API."""

from typing import Any

import pytest

from contacts import searching
from gopimi.lib.filtering import BadFilter
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, OrganizationFactory, TicketFactory
from tickets.filters import ConversationFilter, TicketFilter
from tickets.models import Conversation, Ticket


@pytest.fixture
def tickets(in_acme: Workspace, alice: User) -> list[Ticket]:
    fathom = OrganizationFactory(workspace=in_acme, name="Fathom")
    dana = ContactFactory(workspace=in_acme, name="Dana Cole", email="dana@fathom.example", organization=fathom)
    jose = ContactFactory(workspace=in_acme, name="José Pérez", email="jose@example.com")
    searching.index([dana, jose])
    first = TicketFactory(workspace=in_acme, contact=dana, subject="Webhook déliveries", priority=4, assignee=alice)
    second = TicketFactory(workspace=in_acme, contact=jose, subject="Invoice 2026", status="pending")
    third = TicketFactory(workspace=in_acme, contact=jose, subject="Invoice again", status="resolved", priority=1)
    first.set_tags(["Incident", "api"])
    second.set_tags(["api"])
    return [first, second, third]


def numbers(workspace: Workspace, **params: Any) -> list[int]:
    found = TicketFilter(params, workspace, User(pk=0)).apply(Ticket.objects.for_workspace(workspace))
    return sorted(ticket.number for ticket in found)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"status": "open,pending"}, [1, 2]),
        ({"status": ["open", "resolved"]}, [1, 3]),
        ({"priority": "urgent"}, [1]),
        ({"priority": ["low", "normal"]}, [2, 3]),
        ({"assignee": "none"}, [2, 3]),
        ({"tag": "API"}, [1, 2]),
        ({"tag": ["api", "incident"]}, [1]),
        ({"q": "deliver"}, [1]),
        ({"q": "#2"}, [2]),
        ({"q": "3"}, [3]),
        ({"q": "invoice jose"}, [2, 3]),
        ({"q": "fathom"}, [1]),
        ({"q": "99999999999999999999"}, []),
        ({"created_at__gte": "2020-01-01", "status": "open"}, [1]),
        ({"created_at__lt": "2020-01-01"}, []),
        ({"limit": "5", "count": "true", "sort": "-number"}, [1, 2, 3]),
    ],
)
def test_filters_of_tickets(
    in_acme: Workspace, tickets: list[Ticket], params: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(in_acme, **params) == expected


def test_people_are_looked_for_where_it_is_asked_for(in_acme: Workspace, tickets: list[Ticket]) -> None:
    everything = Ticket.objects.for_workspace(in_acme)
    assert [ticket.number for ticket in TicketFilter({"q": "fathom"}, in_acme).apply(everything)] == []
    assert [ticket.number for ticket in TicketFilter({"q": "deliver"}, in_acme).apply(everything)] == [1]


def test_filters_by_rows(in_acme: Workspace, tickets: list[Ticket], alice: User) -> None:
    dana = tickets[0].contact
    assert numbers(in_acme, contact=str(dana.pk)) == [1]
    assert numbers(in_acme, organization=str(dana.organization_id)) == [1]
    assert numbers(in_acme, assignee=str(alice.pk)) == [1]
    assert numbers(in_acme, assignee=[str(alice.pk), "none"]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("colour", "red"),
        ("status", "done"),
        ("status__in", "open"),
        ("priority", "4"),
        ("assignee", "bob"),
        ("contact", "none"),
        ("organization", "1e5"),
        ("created_at", "2026-01-01"),
        ("created_at__before", "2026-01-01"),
        ("created_at__lt", "yesterday"),
        ("sort", "colour"),
        ("q", "\x00"),
        ("q", ["one", "two"]),
    ],
)
def test_what_is_not_known_is_an_error(in_acme: Workspace, parameter: str, value: Any) -> None:
    filter = TicketFilter({parameter: value}, in_acme)
    with pytest.raises(BadFilter) as caught:
        filter.apply(Ticket.objects.for_workspace(in_acme))
    assert caught.value.parameter == parameter
    assert caught.value.message


def test_the_order(in_acme: Workspace, tickets: list[Ticket]) -> None:
    rows = Ticket.objects.for_workspace(in_acme)
    assert [ticket.number for ticket in TicketFilter({}, in_acme).page(rows, 2).rows] == [3, 2]
    page = TicketFilter({"sort": "-priority"}, in_acme).page(rows, 2)
    assert [ticket.number for ticket in page.rows] == [1, 2]
    following = TicketFilter({"sort": "-priority"}, in_acme).page(rows, 2, page.next)
    assert [ticket.number for ticket in following.rows] == [3]


def test_filters_of_conversations(in_acme: Workspace) -> None:
    dana = ContactFactory(workspace=in_acme)
    known = ConversationFactory(workspace=in_acme, contact=dana)
    unknown = ConversationFactory(workspace=in_acme, from_email="Erin@example.com", status="closed")
    rows = Conversation.objects.for_workspace(in_acme)

    def found(**params: str) -> list[Conversation]:
        return list(ConversationFilter(params, in_acme).apply(rows))

    assert found(contact="none") == [unknown]
    assert found(contact=str(dana.pk)) == [known]
    assert found(status="closed") == [unknown]
    assert found(q="erin@") == [unknown]
    with pytest.raises(BadFilter):
        found(priority="high")
