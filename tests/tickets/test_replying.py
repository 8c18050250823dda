"""The reply box: to whom a reply goes besides the requester, and what a refused one keeps."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, MailboxFactory, MessageFactory, TicketFactory
from tests.tickets.test_ticket_page import fragment, text_of
from tickets import participants
from tickets.models import Message, Ticket


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    """Dana asked, and copied Erin and both mailboxes; Frank answered, too."""
    with workspace(acme):
        dana = ContactFactory(workspace=acme, name="Dana", email="dana@example.com")
        mailbox = MailboxFactory(workspace=acme, address="support@acme.example")
        MailboxFactory(workspace=acme, address="Hello@acme.example")
        ticket = TicketFactory(workspace=acme, contact=dana, mailbox=mailbox)
        MessageFactory(
            workspace=acme, ticket=ticket, author_name="Dana", author_email="Dana@example.com",
            to="Support <SUPPORT@acme.example>", cc="\"Doe, Erin\" <erin@example.com>, hello@acme.example, broken@",
        )  # fmt: skip
        MessageFactory(
            workspace=acme, ticket=ticket, author_name="Frank", author_email="frank@example.com", cc="erin@example.com"
        )
    return ticket


@pytest.fixture
def reply(as_bob: Client, ticket: Ticket) -> Any:
    """Post a reply with these values; answers as htmx gets it."""

    def post(**values: Any) -> Any:
        url = ticket.workspace.url("tickets:reply", ticket.number)
        return as_bob.post(url, {"kind": "reply", "body": "Here.", **values}, headers=fragment("thread"))

    return post


def written(ticket: Ticket) -> Message:
    with workspace(ticket.workspace_id):
        return ticket.messages.exclude(direction="inbound").get()


def test_others_are_offered_and_not_added(as_bob: Client, ticket: Ticket, reply: Any) -> None:
    with workspace(ticket.workspace_id):
        offered = [(person.name, person.email) for person in participants.others(ticket)]
    assert offered == [("Doe, Erin", "erin@example.com"), ("Frank", "frank@example.com")]
    text = text_of(as_bob.get(ticket.workspace.url("tickets:detail", ticket.number)))
    assert "Frank &lt;frank@example.com&gt;" in text
    assert text_of(reply())
    assert written(ticket).cc == ""


def test_copies_are_stored_and_shown(ticket: Ticket, reply: Any) -> None:
    text = text_of(
        reply(
            others=["erin@example.com"],
            cc='"Roe, Gina" <Gina@example.com>; erin@example.com, dana@EXAMPLE.com',
            bcc="boss@acme.example\ngina@example.com",
        )
    )
    message = written(ticket)
    assert (message.to, message.cc, message.bcc) == (
        "dana@example.com", "erin@example.com, Gina@example.com", "boss@acme.example",
    )  # fmt: skip
    assert "Bcc boss@acme.example" in text


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        ({"cc": "erin@example.com, bob@, x y@example.com"}, "bob@: "),
        ({"bcc": "gina@example.com; nobody"}, "nobody: "),
        ({"cc": "jöhn@example.com"}, "SMTPUTF8"),
        ({"cc": "HELLO@acme.example"}, "HELLO@acme.example is a mailbox of this workspace"),
        ({"others": ["eve@example.com"]}, "eve@example.com is not one of the available choices"),
        ({"cc": ", ".join(f"p{n}@example.com" for n in range(60))}, "50 addresses"),
    ],
)
def test_a_wrong_address_is_said_beside_its_field_and_nothing_is_lost(
    ticket: Ticket, reply: Any, values: dict[str, Any], mistake: str
) -> None:
    answer = reply(body="All that I wrote", **values)
    text = text_of(answer, 422)
    assert mistake in text
    assert 'aria-invalid="true"' in text
    assert '<details class="copies" open>' in text
    assert "All that I wrote" in text
    assert answer.context["page"].reply["cc"].value() == values.get("cc") or "cc" not in values
    with workspace(ticket.workspace_id):
        assert not ticket.messages.exclude(direction="inbound").exists()


def test_too_large_attachments_are_refused(ticket: Ticket, reply: Any) -> None:
    files = [SimpleUploadedFile(f"{n}.bin", b"x" * (7 << 20)) for n in range(3)]
    text = text_of(reply(body="All that I wrote", attachments=files), 422)
    assert "20 MB in all" in text
    assert "All that I wrote" in text
    assert "Choose the files once more." in text, "where no script has put them into the draft"


def test_a_note_takes_no_heed_of_copies(ticket: Ticket, reply: Any) -> None:
    assert text_of(reply(kind="note", cc="nonsense", others=["eve@example.com"]))
    assert (written(ticket).cc, written(ticket).direction) == ("", "note")


def test_another_workspaces_mailbox_is_an_address_like_any(globex: Workspace, ticket: Ticket, reply: Any) -> None:
    with workspace(globex):
        MailboxFactory(workspace=globex, address="desk@globex.example")
    assert text_of(reply(cc="desk@globex.example"))
    assert written(ticket).cc == "desk@globex.example"
