"""All tickets and conversations of a contact in one list."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets import together
from tickets.models import Ticket

FRAGMENT = {"HX-Request": "true", "HX-Target": "contact-threads"}
START = datetime(2026, 1, 1, tzinfo=UTC)


def many(acme: Workspace, contact: Any, count: int) -> list[tuple[str, int]]:
    """So many threads, by turns, some of the same moment; their names with the newest first."""
    made = []
    for number in range(count):
        factory = (TicketFactory, ConversationFactory)[number % 2]
        made.append(factory(workspace=acme, contact=contact, updated_at=START + timedelta(days=number // 4)))
    made.sort(key=lambda thread: (thread.updated_at, thread.pk, isinstance(thread, Ticket)), reverse=True)
    return [(thread._meta.model_name, thread.pk) for thread in made]


def test_both_kinds_by_time(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        TicketFactory(workspace=acme, contact=dana, subject="First", updated_at=START, status="closed")
        ConversationFactory(workspace=acme, contact=dana, subject="Second", updated_at=START + timedelta(days=1))
        TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme), subject="Of somebody else")
    text = as_bob.get(acme.url("tickets:of_contact", dana.pk), headers=FRAGMENT).content.decode()
    assert text.lstrip().startswith('<section class="box" id="contact-threads"')
    assert text.index("Second") < text.index("First")
    assert "Closed" in text
    assert "1 open" in text
    assert "Of somebody else" not in text
    assert "Show more" not in text


def test_every_one_comes_once_over_all_pages(in_acme: Workspace) -> None:
    dana = ContactFactory(workspace=in_acme)
    expected = many(in_acme, dana, 120)
    found, cursor = [], None
    while True:
        part = together.of(dana, cursor)
        found += [(thread._meta.model_name, thread.pk) for thread in part.rows]
        assert len(part.rows) <= together.ROWS
        if (cursor := part.next) is None:
            break
    assert found == expected


def test_more_of_them(as_bob: Client, acme: Workspace, django_assert_max_num_queries: Any) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
        many(acme, dana, 51)
    url = acme.url("tickets:of_contact", dana.pk)
    with django_assert_max_num_queries(13):
        text = as_bob.get(url, headers=FRAGMENT).content.decode()
    assert text.count('class="rowlink"') == 50
    cursor = text.split("?cursor=")[1].split('"')[0]
    assert as_bob.get(f"{url}?cursor={cursor}", headers=FRAGMENT).content.decode().count('class="rowlink"') == 1
    assert as_bob.get(f"{url}?cursor=abc", headers=FRAGMENT).status_code == 400


def test_a_stranger_sees_nothing(as_charlie: Client, acme: Workspace, globex: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme)
    assert as_charlie.get(globex.url("tickets:of_contact", dana.pk)).status_code == 404
