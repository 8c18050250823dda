"""Saved views of tickets and of the inbox: tabs of their lists, and lines of the rail with a number."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from contacts.models import View
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory, TicketFactory


@pytest.fixture
def threads(acme: Workspace, alice: User) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme, name="Dana Cole")
        TicketFactory(workspace=acme, contact=dana, subject="Webhooks twice", assignee=alice, priority=4)
        TicketFactory(workspace=acme, contact=dana, subject="Invoice")
        TicketFactory(workspace=acme, contact=dana, subject="Old question", status="resolved", priority=4)
        ConversationFactory(workspace=acme, contact=dana, subject="A demo", assignee=alice)
        MailboxFactory(workspace=acme)


def save(client: Client, acme: Workspace, table: str, query: str) -> View:
    url = f"{acme.url('contacts:view_new')}?table={table}&{query}"
    assert client.post(url, {"name": "Burning", "seen": ""}).status_code == 302
    with workspace(acme):
        return View.objects.for_workspace(acme).latest("id")


def test_a_view_of_tickets_is_a_tab(acme: Workspace, threads: None, as_bob: Client) -> None:
    view = save(as_bob, acme, "tickets", "priority=urgent&status=open&status=pending&q=&assignee=")
    assert (view.query, view.columns) == ("priority=urgent&sort=-updated_at&status=open&status=pending", [])
    answer = as_bob.get(acme.url("tickets:list"), {"view": view.pk})
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query == {**parse_qs(view.query), "view": [str(view.pk)]}
    page = as_bob.get(answer["Location"]).content.decode()
    assert "Webhooks twice" in page
    assert "Invoice" not in page
    assert "view-changed" not in page
    assert re.findall(r'aria-current="page">([^<]*) <span class="count">(\d)</span>', page) == [("Burning", "1")]
    assert re.search(r'<span class="truncate">Burning</span><b data-number="view\d+">1</b>', page)
    assert f'<input type="hidden" name="view" value="{view.pk}">' in page
    page = as_bob.get(acme.url("tickets:list"), {"view": view.pk, "priority": "urgent"}).content.decode()
    assert "Save changes" in page
    assert "Old question" in page


def test_a_view_of_the_inbox(acme: Workspace, threads: None, as_bob: Client, alice: User) -> None:
    view = save(as_bob, acme, "conversations", f"assignee={alice.pk}&status=open")
    page = as_bob.get(acme.url("tickets:inbox"), {"view": view.pk}, follow=True).content.decode()
    assert "A demo" in page
    assert re.search(r'aria-current="page">Burning <span class="count">1</span>', page)


def test_the_rail_shows_it_everywhere(acme: Workspace, threads: None, as_bob: Client, as_alice: Client) -> None:
    save(as_bob, acme, "tickets", "priority=urgent&status=open")
    counted = r'<span class="truncate">Burning</span><b data-number="view\d+">1</b>'
    for name in ("contacts:list", "tickets:inbox", "settings:workspace", "organizations:list"):
        assert re.search(counted, as_bob.get(acme.url(name)).content.decode())
        assert "Burning" not in as_alice.get(acme.url(name)).content.decode()


@pytest.mark.parametrize("query", ["priority=urgent", "q=invoice&status=open", "status=resolved"])
def test_what_would_be_dear_is_not_counted(acme: Workspace, threads: None, as_bob: Client, query: str) -> None:
    save(as_bob, acme, "tickets", query)
    page = as_bob.get(acme.url("settings:workspace")).content.decode()
    assert re.search(r'<span class="truncate">Burning</span><b data-number="view\d+" hidden></b></a>', page)


def test_it_opens_without_what_cannot_be_used(acme: Workspace, threads: None, as_bob: Client) -> None:
    view = save(as_bob, acme, "tickets", "status=open&colour=red")
    answer = as_bob.get(acme.url("tickets:list"), {"view": view.pk}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<b>colour</b>: This list can’t be filtered by" in page.replace("&#x27;", "’")
    assert "Invoice" in page
    assert "Old question" not in page
    assert as_bob.get(acme.url("tickets:list"), {"view": view.pk, "shape": "round"}).status_code == 400
    assert "Burning</span></a>" in as_bob.get(acme.url("settings:workspace")).content.decode()  # without a number
