"""The way through the list that one came from: previous, next, and the place."""

from typing import Any

import pytest
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets import filters
from tickets.models import Conversation, Ticket


@pytest.fixture
def tickets(acme: Workspace) -> list[Ticket]:
    with workspace(acme):
        contact = ContactFactory(workspace=acme)
        return [
            TicketFactory(workspace=acme, contact=contact, subject=f"Door {n}", status="closed" if n == 2 else "open")
            for n in range(1, 6)
        ]


def origins(client: Client, url: str) -> list[str]:
    found = client.get(url).context["list"]
    return [found.origin(row) for row in found.page.rows]


def trail(client: Client, acme: Workspace, number: int, origin: str) -> tuple[Any, str, Any]:
    answer = client.get(acme.url("tickets:detail", number) + origin)
    found = answer.context["page"].trail
    return found.previous and found.previous.number, found.place, found.next and found.next.number


def test_from_row_to_row(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    found = origins(as_bob, acme.url("tickets:list") + "?status=open&sort=number")
    assert len(found) == 4
    assert trail(as_bob, acme, 1, found[0]) == (None, "1 of 4", 3)
    assert trail(as_bob, acme, 3, found[1]) == (1, "2 of 4", 4)
    assert trail(as_bob, acme, 5, found[3]) == (4, "4 of 4", None)
    answer = as_bob.get(acme.url("tickets:detail", 3) + found[1])
    following = answer.context["page"].trail.next
    assert trail(as_bob, acme, following.number, following.origin) == (3, "3 of 4", 5)
    page = answer.content.decode()
    assert 'aria-label="Next ticket"' in page
    assert f'href="{acme.url("tickets:list")}?status=open&amp;sort=number"' in page  # back to that list


def test_what_was_done_to_it_meanwhile_leads_nowhere_else(
    as_bob: Client, acme: Workspace, tickets: list[Ticket]
) -> None:
    with workspace(acme):
        for ticket in tickets:  # so that each has a moment of its own
            ticket.change(SYSTEM, priority=3)
    for query, changes in (("?status=open", {"status": "resolved"}), ("", {"priority": 4})):
        found = origins(as_bob, acme.url("tickets:list") + query)
        before = trail(as_bob, acme, 4, found[1])
        assert before[0] == 5
        with workspace(acme):
            tickets[3].change(SYSTEM, **changes)  # it leaves the list, or goes to its top
        assert trail(as_bob, acme, 4, found[1]) == before
        with workspace(acme):
            tickets[3].change(SYSTEM, status="open")
            tickets[4].change(SYSTEM, priority=1)  # the first one again


def test_in_a_search_for_what_many_have(
    as_bob: Client, acme: Workspace, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "CAP", 1)
    found = origins(as_bob, acme.url("tickets:list") + "?q=door&sort=number")
    assert trail(as_bob, acme, 3, found[2]) == (2, "", 4)


@pytest.mark.parametrize("origin", ["", "?list=&at=x", "?list=colour%3Dred&at=x", "?list=status%3Dopen", "?at=x"])
def test_an_address_that_says_nothing(as_bob: Client, acme: Workspace, tickets: list[Ticket], origin: str) -> None:
    answer = as_bob.get(acme.url("tickets:detail", 3) + origin)
    assert answer.status_code == 200
    assert answer.context["page"].trail is None
    assert "Next ticket" not in answer.content.decode()


def test_it_stays_in_every_form_of_the_page(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    found = origins(as_bob, acme.url("tickets:list") + "?sort=number")
    url = acme.url("tickets:change", 3) + found[2]
    assert as_bob.post(url, {"status": "pending"})["Location"] == acme.url("tickets:detail", 3) + found[2]
    choosing = as_bob.get(as_bob.get(acme.url("tickets:detail", 3) + found[2]).context["page"].choose_url)
    assert 'aria-label="Select contact"' in choosing.content.decode()
    assert choosing.context["page"].trail.place == "3 of 5"


def test_conversations_too(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        for status in ("open", "closed", "open"):
            ConversationFactory(workspace=acme, status=status)
        first, _, last = Conversation.objects.for_workspace(acme).order_by("pk")
    found = origins(as_bob, acme.url("tickets:inbox"))
    page = as_bob.get(acme.url("tickets:conversation", last.pk) + found[0]).context["page"]
    assert (page.trail.place, page.trail.previous, page.trail.next) == ("1 of 2", None, first)


def test_another_workspaces_place_is_none_here(
    as_charlie: Client, as_bob: Client, acme: Workspace, globex: Workspace, tickets: list[Ticket]
) -> None:
    with workspace(globex):
        theirs = TicketFactory(workspace=globex, contact=ContactFactory(workspace=globex))
    found = origins(as_bob, acme.url("tickets:list"))
    page = as_charlie.get(globex.url("tickets:detail", theirs.number) + found[2]).context["page"]
    assert (page.trail.previous, page.trail.next, page.trail.place) == (None, None, "1 of 1")
