"""What a mail writes by statements is what the models write."""

from typing import Any

import pytest

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import mailboxes
from tickets.inbound import receive
from tickets.models import Conversation, Ticket

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
        own = {"id", "number", "created_at", "updated_at", "ticket_id", "conversation_id"}
        of_mail = {"to", "message_id", "attribution", "raw_mail_id", "mailbox_id", "author_name"}
        assert columns(by_mail, own) == columns(opened, own)
        assert columns(by_mail.events.get(), own) == columns(opened.events.get(), own)
        assert columns(by_mail.messages.get(), own | of_mail) == columns(opened.messages.get(), own | of_mail)


def columns(row: Any, but: set[str]) -> dict[str, Any]:
    names = {field.attname for field in row._meta.concrete_fields} - but
    return {name: getattr(row, name) for name in names}
