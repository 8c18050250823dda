"""Search of tickets and conversations by fragments: whatever wrote the subject, and never across workspaces."""

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from gopimi.lib import keyset
from gopimi.lib.folding import fold
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets import filters, searching
from tickets.filters import ConversationFilter, TicketFilter
from tickets.models import Conversation, Ticket, TicketSearch


def candidates(word: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_ticket_ids(%s, 10)", [word])
        return sorted(row[0] for row in cursor.fetchall())


def found(target: Workspace, query: str) -> list[str]:
    rows = TicketFilter({"q": query}, target).apply(Ticket.objects.for_workspace(target))
    return sorted(row.subject for row in rows)


@pytest.fixture
def ticket(in_acme: Workspace) -> Any:
    return TicketFactory(workspace=in_acme, contact=ContactFactory(workspace=in_acme), subject="Öffne die TÜR 中文字")


@pytest.mark.parametrize("word", ["of", "off", "offne", "tur", "中文", "文字", "中文字", "e d"])
def test_every_fragment_is_a_candidate(ticket: Ticket, word: str) -> None:
    assert candidates(word) == [ticket.pk]


@pytest.mark.parametrize("word", ["", "x", "zz", "turm", "中字", "%", "__"])
def test_what_is_not_in_it_is_none(ticket: Ticket, word: str) -> None:
    assert candidates(word) == []


def test_a_subject_that_changes(in_acme: Workspace, ticket: Ticket) -> None:
    ticket.change(SYSTEM, subject="Windows")
    assert (candidates("tur"), candidates("window")) == ([], [ticket.pk])
    Ticket.objects.for_workspace(in_acme).update(subject="Doors")  # as the erasing of a person does
    assert (candidates("window"), candidates("doors")) == ([], [ticket.pk])


def test_other_changes_leave_the_pieces_alone(in_acme: Workspace, ticket: Ticket) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin FROM tickets_ticketsearch")
        before = cursor.fetchall()
    ticket.change(SYSTEM, status="closed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin FROM tickets_ticketsearch")
        assert cursor.fetchall() == before


def test_few_and_many_are_found_alike(in_acme: Workspace, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    for subject in ("A door", "Two doors"):
        TicketFactory(workspace=in_acme, contact=ticket.contact, subject=subject)
    for cap in (2_000, 1):
        monkeypatch.setattr(filters, "CAP", cap)
        assert found(in_acme, "DOOR") == ["A door", "Two doors"]
        assert found(in_acme, "door two") == ["Two doors"]
        assert found(in_acme, "#2") == ["A door"]
        assert found(in_acme, "o") == ["A door", "Two doors", ticket.subject]


def test_a_page_of_what_many_have(in_acme: Workspace, ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked for in windows of the order, of which the first ones are too small here."""
    for number in range(12):
        TicketFactory(workspace=in_acme, contact=ticket.contact, subject="A door" if number % 3 == 0 else "A window")
    monkeypatch.setattr(filters, "CAP", 1)
    monkeypatch.setattr(keyset, "WINDOWS", (2, 5))
    asked = TicketFilter({"q": "door", "sort": "number"}, in_acme)
    assert asked.frequent
    rows = Ticket.objects.for_workspace(in_acme)
    first = asked.page(rows, 3)
    assert [row.number for row in first.rows] == [2, 5, 8]
    second = asked.page(rows, 3, first.next)
    assert ([row.number for row in second.rows], second.next) == ([11], None)
    assert [row.number for row in asked.page(rows, 3, second.previous).rows] == [2, 5, 8]
    assert str(asked.total(rows, 10)) == "4"
    monkeypatch.setattr(filters, "LOOKED_AT", 6)
    assert (str(asked.total(rows, 10)), str(asked.total(rows, None))) == ("2+", "4")


def test_who_wrote_is_found_in_a_conversation(in_acme: Workspace) -> None:
    ConversationFactory(workspace=in_acme, subject="Hello", from_name="Zoë Ångström", from_email="zoe@example.com")
    for word in ("angstrom", "zoe@", "hello"):
        rows = ConversationFilter({"q": word}, in_acme).apply(Conversation.objects.for_workspace(in_acme))
        assert rows.count() == 1, word


def test_pieces_of_another_workspace_are_not_seen(in_acme: Workspace, globex: Workspace) -> None:
    with workspace(globex):
        TicketFactory(workspace=globex, contact=ContactFactory(workspace=globex), subject="A secret")
        assert len(candidates("secret")) == 1
    assert candidates("secret") == []
    assert TicketSearch.objects.for_workspace(globex).count() == 0


def test_a_word_of_the_newest_ones_is_frequent(in_acme: Workspace, ticket: Ticket) -> None:
    for _ in range(499):
        TicketFactory(workspace=in_acme, contact=ticket.contact, subject="Door")
    assert len(candidates("door")) == 10
    assert candidates("tur") == [ticket.pk]


@given(text=st.text("abcéßZ 中", max_size=12), start=st.integers(0, 10), length=st.integers(2, 6))
def test_any_fragment_of_any_subject(
    django_db_blocker: Any, django_db_setup: None, text: str, start: int, length: int
) -> None:
    """The pieces of a fragment are always among those of the whole."""
    fragment = fold(text)[start : start + length]
    if len(fragment) < searching.SHORTEST:
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT search_grams(1, %s, 2) @> search_grams(1, %s, least(length(%s), 3))",
            [fold(text), fragment, fragment],
        )
        assert cursor.fetchone() == (True,)
