"""What a mail writes by statements is what the models write."""

from typing import Any

import pytest

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import filing, mailboxes
from tickets.inbound import receive
from tickets.models import Conversation, Message, Ticket

OWN = {  # what each of two mails has of its own, from two senders
    "id", "number", "ticket_id", "conversation_id", "contact_id", "raw_mail_id", "author_contact_id",
    "created_at", "updated_at", "last_message_at", "received_at", "message_id", "data", "fingerprint", "sender",
    "attribution", "from_name", "from_email", "author_name", "author_email", "name", "email", "email_key", "name_key",
    "search_key",
}  # fmt: skip
SUPPORT, HELLO = "support@acme.example", "hello@acme.example"


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    return acme


@pytest.mark.parametrize("recipient", [SUPPORT, HELLO])
def test_what_a_mail_opens_looks_like_what_is_opened_by_hand(boxes: Workspace, recipient: str) -> None:
    """The one is written by statements, the other by the models: but for what a mail has more, the same."""
    receive(mail(subject="Hello"), recipient)
    model = Ticket if recipient == SUPPORT else Conversation
    with workspace(boxes):
        (by_mail,) = model.objects.for_workspace(boxes)
        values = {} if model is Ticket else {"from_name": by_mail.from_name, "from_email": by_mail.from_email}
        contact = by_mail.contact
        body = by_mail.messages.get().body_text
        opened = model.objects.for_workspace(boxes).open(
            EMAIL, contact, "Hello", body, mailbox=by_mail.mailbox, **values
        )
        own = {"id", "number", "created_at", "updated_at", "last_message_at", "ticket_id", "conversation_id"}
        of_mail = {"to", "message_id", "attribution", "raw_mail_id", "mailbox_id", "author_name"}
        assert columns(by_mail, own) == columns(opened, own)
        assert columns(by_mail.events.get(), own) == columns(opened.events.get(), own)
        assert columns(by_mail.messages.get(), own | of_mail) == columns(opened.messages.get(), own | of_mail)


def columns(row: Any, but: set[str]) -> dict[str, Any]:
    names = {field.attname for field in row._meta.concrete_fields} - but
    return {name: getattr(row, name) for name in names}


@pytest.mark.parametrize("recipient", [SUPPORT, HELLO])
def test_one_statement_files_as_several_do(boxes: Workspace, recipient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most mails are filed by one statement; where that has nothing to say, others do the same one by one."""
    at_once = receive(mail(message_id="<one@example.com>"), recipient)
    monkeypatch.setattr(filing, "open_at_once", lambda *_: None)
    stepwise = receive(mail(message_id="<two@example.com>", **{"from": "Bob <bob@example.com>"}), recipient)
    assert at_once.result == stepwise.result
    with workspace(boxes):
        first, second = (Message.objects.for_workspace(boxes).get(pk=one.message_id) for one in (at_once, stepwise))
        assert columns(first, OWN) == columns(second, OWN)
        assert columns(first.thread, OWN) == columns(second.thread, OWN)
        assert columns(first.thread.contact, OWN) == columns(second.thread.contact, OWN)
        assert columns(first.thread.events.get(), OWN) == columns(second.thread.events.get(), OWN)
        assert columns(first.raw_mail, OWN) == columns(second.raw_mail, OWN)


def test_one_statement_does_nothing_where_it_takes_more(boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody in the trash comes back, and a full quota refuses no mail: the steps see to both."""
    first = receive(mail(), SUPPORT)
    outcomes = []
    at_once = filing.open_at_once
    monkeypatch.setattr(filing, "open_at_once", lambda *given: outcomes.append(at_once(*given)) or outcomes[-1])
    with workspace(boxes):
        Contact.objects.for_workspace(boxes).trash(EMAIL)
    assert receive(mail(message_id="<two@example.com>"), SUPPORT).contact_id == first.contact_id
    Workspace.objects.filter(pk=boxes.pk).update(contact_quota=1)
    result = receive(mail(**{"from": "Bob <bob@example.com>"}), SUPPORT)
    assert (result.result, result.ticket) == ("ticket_created", 3)
    assert outcomes == [None, None]
    with workspace(boxes):
        assert Contact.objects.for_workspace(boxes).alive().count() == 2
