"""The list of tickets: tabs, search, filters, order, paging."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from contacts import searching
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, OrganizationFactory, TicketFactory
from tickets.models import Ticket

FRAGMENT = {"HX-Request": "true", "HX-Target": "threads"}


@pytest.fixture
def tickets(acme: Workspace, alice: User) -> list[Ticket]:
    with workspace(acme):
        fathom = OrganizationFactory(workspace=acme, name="Fathom Analytics")
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@fathom.example", organization=fathom)
        searching.index([dana])
        made = [
            TicketFactory(workspace=acme, contact=dana, subject="Webhooks twice", assignee=alice),
            TicketFactory(workspace=acme, contact=dana, subject="Invoice", priority=4),
            TicketFactory(workspace=acme, contact=dana, subject="Old question", status="resolved"),
        ]
        made[0].set_tags(["incident"])
    return made


def page(client: Client, acme: Workspace, query: str = "", **options: Any) -> str:
    answer = client.get(acme.url("tickets:list") + query, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_table(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    text = page(as_bob, acme)
    for shown in ("#1", "Webhooks twice", "incident", "Dana Cole", "Fathom Analytics", "Resolved", "Urgent", "Alice"):
        assert shown in text
    assert 'aria-label="New ticket"' in text
    assert "2 open" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=webhooks", ["Webhooks twice"]),
        ("?q=%232", ["Invoice"]),
        ("?q=fathom", ["Webhooks twice", "Invoice", "Old question"]),
        ("?status=resolved", ["Old question"]),
        ("?priority=urgent&status=open&status=pending", ["Invoice"]),
        ("?assignee=none&status=open&status=pending", ["Invoice"]),
        ("?tag=incident", ["Webhooks twice"]),
        ("?q=&status=", ["Webhooks twice", "Invoice", "Old question"]),
    ],
)
def test_search_and_filters(
    as_bob: Client, acme: Workspace, tickets: list[Ticket], query: str, expected: list[str]
) -> None:
    text = page(as_bob, acme, query, headers=FRAGMENT)
    assert [ticket.subject for ticket in tickets if ticket.subject in text] == expected


def test_my_open_tickets(as_alice: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    text = page(as_alice, acme, "?assignee=me&status=open")
    assert "Webhooks twice" in text
    assert "Invoice" not in text
    assert 'aria-current="page">My open <span class="count">1</span>' in text


def test_a_fragment_only_for_who_targets_it(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    assert page(as_bob, acme, headers=FRAGMENT).lstrip().startswith('<div class="listing" id="threads"')
    for more in ({"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}, {"HX-Target": "other"}):
        assert "<html" in page(as_bob, acme, headers={**FRAGMENT, **more})


def test_a_filter_is_taken_away(as_bob: Client, acme: Workspace) -> None:
    answer = as_bob.get(acme.url("tickets:list") + "?q=smoke&status=open&status=pending&without=status")
    assert answer.status_code == 302
    assert answer["Location"] == acme.url("tickets:list") + "?q=smoke"


def test_no_match_and_none_at_all(as_bob: Client, acme: Workspace) -> None:
    assert "No tickets yet" in page(as_bob, acme)
    text = page(as_bob, acme, "?q=xyz&priority=low")
    assert "No ticket matches" in text
    assert "Priority is" in text


@pytest.mark.parametrize("query", ["?colour=red", "?status=done", "?cursor=abc", "?sort=colour"])
def test_an_unknown_question_is_refused(as_bob: Client, acme: Workspace, query: str) -> None:
    assert as_bob.get(acme.url("tickets:list") + query).status_code == 400


def test_pages_follow_each_other(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        for _ in range(51):
            TicketFactory(workspace=acme, contact=dana)
    first = as_bob.get(acme.url("tickets:list") + "?sort=number")
    assert "51 tickets" in first.content.decode()
    second = as_bob.get(acme.url("tickets:list") + first.context["list"].next_url)
    assert [ticket.number for ticket in second.context["list"].page.rows] == [51]
    back = as_bob.get(acme.url("tickets:list") + second.context["list"].previous_url)
    assert [ticket.number for ticket in back.context["list"].page.rows] == list(range(1, 51))


def test_many_are_counted_exactly_when_one_asks(
    as_bob: Client, acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.lists.CAP", 20)
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        for _ in range(51):
            TicketFactory(workspace=acme, contact=dana)
    answer = as_bob.get(acme.url("tickets:list") + "?status=open")
    assert "20+ tickets" in answer.content.decode()
    exact = page(as_bob, acme, answer.context["list"].exact_url)
    assert "51 tickets" in exact
    assert "Count all" not in exact
    assert 'name="count"' not in exact


@pytest.mark.parametrize("rows", [2, 50])
def test_the_number_of_queries(as_bob: Client, acme: Workspace, rows: int, django_assert_max_num_queries: Any) -> None:
    with workspace(acme):
        for _ in range(rows):
            organization = OrganizationFactory(workspace=acme)
            contact = ContactFactory(workspace=acme, organization=organization)
            TicketFactory(workspace=acme, contact=contact).set_tags(["one", "two"])
    with django_assert_max_num_queries(19):
        page(as_bob, acme, "?status=open")


def test_tickets_of_others_are_not_there(as_charlie: Client, acme: Workspace, globex: Workspace) -> None:
    with workspace(acme):
        TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme), subject="A secret")
    assert as_charlie.get(acme.url("tickets:list")).status_code == 404
    assert "A secret" not in page(as_charlie, globex)


def test_a_filter_without_a_chip_to_make_it_is_shown(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    query = f"?contact={tickets[0].contact_id}&status=open"
    text = page(as_bob, acme, query)
    assert "Contact is <b>Dana Cole</b>" in text
    assert '<button name="without" value="contact"' in text
    assert '<input type="hidden" name="contact"' in text


def test_days_from_and_up_to_which(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    with workspace(acme):
        for ticket, day in zip(tickets, (1, 2, 3), strict=True):
            moment = datetime(2026, 1, day, 23, 59, tzinfo=UTC)
            Ticket.objects.for_workspace(acme).filter(pk=ticket.pk).update(
                created_at=moment, updated_at=moment, last_message_at=moment
            )
    for name, label in (("created_at", "Created"), ("updated_at", "Updated"), ("last_message_at", "Last message")):
        text = page(as_bob, acme, f"?{name}__gte=2026-01-02&{name}__lte=2026-01-02&status=open")
        assert [ticket.subject for ticket in tickets if ticket.subject in text] == ["Invoice"]
        assert f"{label} <b>on or after 2 Jan 2026, on or before 2 Jan 2026</b>" in text
        for operator in ("gte", "lte"):
            assert f'type="date" name="{name}__{operator}" id="{name}__{operator}" value="2026-01-02"' in text


def test_a_moment_that_no_control_shows_stays(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    text = page(as_bob, acme, "?created_at__gte=2026-01-02T10:00:00Z&created_at__lt=2090-01-01")
    assert "Created <b>on or after 2026-01-02T10:00:00Z, before 1 Jan 2090</b>" in text
    assert '<input type="hidden" name="created_at__gte" value="2026-01-02T10:00:00Z">' in text
    assert '<input type="hidden" name="created_at__lt" value="2090-01-01">' in text


def test_without_a_column_all_of_its_operators_go(as_bob: Client, acme: Workspace) -> None:
    query = "?created_at__gte=2026-01-02&created_at__lt=2090-01-01&updated_at__gte=2026-01-02&without=created_at"
    assert as_bob.get(acme.url("tickets:list") + query)["Location"].endswith("?updated_at__gte=2026-01-02")


def test_rows_per_page(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        for _ in range(101):
            TicketFactory(workspace=acme, contact=dana)
    answer = as_bob.get(acme.url("tickets:list") + "?limit=100&sort=number")
    assert len(answer.context["list"].page.rows) == 100
    text = answer.content.decode()
    assert "<option selected>100</option>" in text
    assert "101 tickets" in text
    assert "limit=100" in answer.context["list"].next_url
    rest = as_bob.get(acme.url("tickets:list") + answer.context["list"].next_url)
    assert [ticket.number for ticket in rest.context["list"].page.rows] == [101]
    for nonsense in ("?limit=7", "?limit=a"):
        assert len(as_bob.get(acme.url("tickets:list") + nonsense).context["list"].page.rows) == 50


def test_a_tag_with_a_comma_is_one_tag(as_bob: Client, acme: Workspace, tickets: list[Ticket]) -> None:
    with workspace(acme):
        tickets[1].set_tags(["Fire, water"])
    text = page(as_bob, acme, "?tag=Fire%2C+water")
    assert "Invoice" in text
    assert "Tag is <b" in text
    assert '<option value="Fire, water" selected>' in text


def test_a_shared_view_of_mine_is_everybodys_own(
    as_alice: Client, as_bob: Client, acme: Workspace, tickets: list[Ticket]
) -> None:
    url = f"{acme.url('contacts:view_new')}?table=tickets&assignee=me&status=open"
    as_alice.post(url, {"name": "On my desk", "seen": "everybody"})
    for client, count in ((as_alice, "1"), (as_bob, "0")):
        assert f'On my desk <span class="count">{count}</span>' in page(client, acme)
    assert "On my desk" in page(as_bob, acme, "?assignee=me&status=open")
