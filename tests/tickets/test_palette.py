"""The command palette: what it offers to whom, what it finds, and what that costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts import searching
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, OrganizationFactory, TicketFactory
from tickets.palette import ENTRIES, FOUND

HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def desk(acme: Workspace) -> Workspace:
    """Lena of Hafen wrote ticket 1 about invoices; ticket 2 names the number of the first."""
    with workspace(acme):
        hafen = OrganizationFactory(workspace=acme, name="Hafen & Söhne")
        lena = ContactFactory(workspace=acme, name="Lena Fischer", email="lena@hafen.example", organization=hafen)
        searching.index([lena])
        TicketFactory(workspace=acme, subject="Invoice shows the old VAT number", contact=lena)
        TicketFactory(workspace=acme, subject="Import stops at row 1", contact=lena)
    return acme


def found(client: Client, acme: Workspace, query: str) -> list[dict[str, Any]]:
    return client.get(acme.url("tickets:palette_options"), {"q": query}).json()


def texts(client: Client, acme: Workspace, query: str, group: str) -> list[str]:
    return [one["text"] for one in found(client, acme, query) if one["optgroup"] == group]


def test_the_dialog_and_its_own_page(as_bob: Client, acme: Workspace) -> None:
    dialog = as_bob.get(acme.url("tickets:palette"), headers=HTMX).text
    assert dialog.lstrip().startswith("<dialog")
    assert f'<option value="{acme.url("tickets:new")}" data-icon="plus" data-dialog>New ticket</option>' in dialog
    page = as_bob.get(acme.url("tickets:palette")).text
    assert "<html" in page
    assert 'class="modal palette"' in page


def test_every_page_offers_it(as_bob: Client, acme: Workspace) -> None:
    page = as_bob.get(acme.url("contacts:list")).text
    assert page.count(f'hx-get="{acme.url("tickets:palette")}"') == 2  # in the rail, and in the sheet of a phone


def test_without_scripts_the_form_leads_on(as_bob: Client, acme: Workspace) -> None:
    url = acme.url("tickets:palette")
    assert as_bob.get(url, {"go": acme.url("contacts:trash")})["Location"] == acme.url("contacts:trash")
    for elsewhere in ("https://globex.example/", acme.url("settings:members")):
        assert as_bob.get(url, {"go": elsewhere}).status_code == 200


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.page)
def test_an_entry_is_offered_to_whom_its_page_is_open(
    as_alice: Client, as_bob: Client, acme: Workspace, entry: Any
) -> None:
    url = acme.url(entry.page)
    for client, may in ((as_alice, True), (as_bob, not entry.admins)):
        answer = client.get(url, headers=HTMX if entry.dialog else {})
        assert answer.status_code == (200 if may else 403)
        assert (url in [one["value"] for one in found(client, acme, "")]) == may
    answer = as_alice.get(url, headers=HTMX)
    is_dialog = not answer.streaming and answer.text.lstrip().startswith("<dialog")
    assert is_dialog == entry.dialog


def test_the_beginnings_of_words(as_alice: Client, acme: Workspace) -> None:
    assert texts(as_alice, acme, "new tick", "Actions") == ["New ticket"]
    assert texts(as_alice, acme, "FIELD", "Pages") == ["Custom fields"]
    assert texts(as_alice, acme, "ustom", "Pages") == []


def test_in_the_readers_language(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.get(acme.url("tickets:palette_options"), {"q": "posteing"}, headers={"Accept-Language": "de"})
    assert [(one["optgroup"], one["text"]) for one in answer.json()] == [("Seiten", "Posteingang")]


def test_contacts_tickets_and_organizations(as_bob: Client, desk: Workspace) -> None:
    assert texts(as_bob, desk, "lena", "Contacts") == ["Lena Fischer"]
    assert texts(as_bob, desk, "lena inv", "Tickets") == ["Invoice shows the old VAT number"]
    assert texts(as_bob, desk, "soh", "Organizations") == ["Hafen & Söhne"]
    (ticket,) = [one for one in found(as_bob, desk, "vat inv") if one["optgroup"] == "Tickets"]
    assert (ticket["value"], ticket["email"]) == (desk.url("tickets:detail", 1), "#1 · Lena Fischer")


def test_the_ticket_with_that_number_comes_first(as_bob: Client, desk: Workspace) -> None:
    with workspace(desk):
        bob = ContactFactory(workspace=desk, name="Bob")
        for _ in range(FOUND):
            TicketFactory(workspace=desk, subject="Row 1 again", contact=bob)
    for query in ("1", "#1", " 1 "):
        assert texts(as_bob, desk, query, "Tickets")[0] == "Invoice shows the old VAT number"
    assert len(texts(as_bob, desk, "1", "Tickets")) == FOUND


def test_nobody_elses(as_charlie: Client, desk: Workspace, globex: Workspace) -> None:
    for query in ("lena", "invoice", "1", "hafen"):
        assert found(as_charlie, globex, query) == []
    assert as_charlie.get(desk.url("tickets:palette_options"), {"q": "lena"}).status_code == 404


@pytest.mark.parametrize("query", ["\x00", "zzqq", "%", "'", "#99999999999", "x" * 5000, "🦆"])
def test_nothing_found(as_bob: Client, desk: Workspace, query: str) -> None:
    called = found(as_bob, desk, query)
    assert [one for one in called if one["optgroup"] not in ("Pages", "Actions")] == []


def test_its_queries_dont_grow_with_what_is_there(as_bob: Client, desk: Workspace) -> None:
    """Those of every page first; contacts 3 to 5, tickets 5, organizations 2; a number asks once more."""
    with workspace(desk):
        people = [ContactFactory(workspace=desk, name=f"Lena {n}") for n in range(30)]
        searching.index(people)
        for person in people:
            TicketFactory(workspace=desk, subject=f"For {person.name}", contact=person)
    for query, most in (("", 4), ("lena", 14), ("1", 15)):
        with CaptureQueriesContext(connection) as queries:
            found(as_bob, desk, query)
        statements = [one["sql"] for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(statements) <= most, statements
