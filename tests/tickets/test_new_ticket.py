"""A ticket opened by hand, for a contact found or created on the spot."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory
from tickets.models import Message, Ticket

HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


def data(**changes: Any) -> dict[str, Any]:
    return {
        "contact": "new:dana@example.com", "subject": "Smoke", "body": "It smells.", "priority": "3", "assignee": "",
        **changes,
    }  # fmt: skip


def tickets(acme: Workspace) -> list[Ticket]:
    with workspace(acme):
        return list(Ticket.objects.for_workspace(acme).select_related("contact", "assignee").order_by("number"))


def test_the_dialog(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme, name="Dana Cole")
    text = as_bob.get(acme.url("tickets:new") + f"?contact={dana.pk}", headers=HTMX).content.decode()
    assert text.lstrip().startswith("<dialog")
    assert f'<option value="{dana.pk}" selected>Dana Cole</option>' in text
    assert "<html" in as_bob.get(acme.url("tickets:new")).content.decode()


def test_a_ticket_for_a_new_contact(as_bob: Client, acme: Workspace, alice: User) -> None:
    answer = as_bob.post(acme.url("tickets:new"), data(assignee=alice.pk), headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, acme.url("tickets:detail", 1))
    (ticket,) = tickets(acme)
    assert (ticket.contact.email, ticket.assignee, ticket.priority) == ("dana@example.com", alice, 3)
    with workspace(acme):
        assert Message.objects.for_workspace(acme).get().direction == "inbound"
    assert mail.outbox == []


def test_without_javascript_the_address_is_a_field_of_its_own(as_bob: Client, acme: Workspace) -> None:
    for choice in (["", "dana@example.com"], ["new:dana@example.com", ""]):
        as_bob.post(acme.url("tickets:new"), data(contact=choice))
    assert [ticket.contact.email for ticket in tickets(acme)] == ["dana@example.com"] * 2


def test_a_ticket_for_a_known_contact(as_bob: Client, acme: Workspace) -> None:
    with workspace(acme):
        dana = ContactFactory(workspace=acme, email="dana@example.com")
    for choice in (str(dana.pk), "new:DANA@example.com"):
        assert as_bob.post(acme.url("tickets:new"), data(contact=choice)).status_code == 302
    assert [ticket.contact for ticket in tickets(acme)] == [dana, dana]


@pytest.mark.parametrize(
    ("field", "value"),
    [("contact", ""), ("contact", "new:dana"), ("contact", "9"), ("subject", " "), ("body", ""), ("priority", "9"),
     ("assignee", "0")],
)  # fmt: skip
def test_a_refused_ticket_leaves_nothing_behind(as_bob: Client, acme: Workspace, field: str, value: str) -> None:
    answer = as_bob.post(acme.url("tickets:new"), data(**{field: value}), headers=HTMX)
    assert answer.status_code == 422
    assert f'id="ticket-{field}_error"' in answer.content.decode()
    assert tickets(acme) == []
    acme.refresh_from_db()
    assert (acme.contact_count, acme.last_ticket_number) == (0, 0)
