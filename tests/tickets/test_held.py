"""Mail that waits for a person: tried again, assigned by hand, deleted, and one message whoever does so at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory
from tests.tickets.mails import mail
from tickets import held, inbound, mailboxes, mailparse
from tickets.inbound import Result, receive
from tickets.models import Attachment, Conversation, Message, RawMail, Ticket

SUPPORT, HELLO = "support@acme.example", "hello@acme.example"
NOBODY = {"from": "undisclosed", "message_id": "<held@example.com>"}


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    """Acme with a mailbox of each purpose."""
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    return acme


@pytest.fixture
def kenji(boxes: Workspace) -> Contact:
    with workspace(boxes):
        return ContactFactory(workspace=boxes, name="Kenji Mori", email="kenji@kumo.example")


@pytest.fixture
def dana(bob: User) -> Actor:
    return Actor.agent(bob)


def unread(raw: bytes) -> mailparse.Mail:
    raise ValueError("out of luck")


def keep(acme: Workspace, raw: bytes, recipient: str = SUPPORT) -> int:
    """Receive a mail that waits afterwards; its id."""
    assert receive(raw, recipient).result in ("held", "automatic")
    with workspace(acme):
        return RawMail.objects.for_workspace(acme).order_by("-id")[0].pk


def state(acme: Workspace, pk: int) -> tuple[str, str]:
    with workspace(acme):
        raw_mail = RawMail.objects.for_workspace(acme).get(pk=pk)
    return raw_mail.state, raw_mail.reason


def message_of(acme: Workspace, result: Result) -> Message:
    return Message.objects.for_workspace(acme).select_related("ticket", "conversation").get(pk=result.message_id)


def test_what_was_put_right_becomes_a_ticket(boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mailparse, "parse", unread)
        pk = keep(boxes, mail("Where is it?"))
    assert state(boxes, pk) == ("held", inbound.FAILED.format(error="ValueError: out of luck"))
    with workspace(boxes):
        result = held.try_again(boxes, pk)
        message = message_of(boxes, result)
    assert (result.result, result.ticket, message.body_text) == ("ticket_created", 1, "Where is it?")
    assert (message.author_email, message.raw_mail_id) == ("dana@example.com", pk)
    assert state(boxes, pk) == ("done", "")
    assert receive(mail("Where is it?"), SUPPORT).message_id == message.pk


def test_what_nothing_changed_for_stays_held(boxes: Workspace) -> None:
    pk = keep(boxes, mail(**NOBODY))
    with workspace(boxes):
        assert held.try_again(boxes, pk).result == "held"
    assert state(boxes, pk) == ("held", inbound.NO_SENDER)


def test_everything_is_tried_again(boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mailparse, "parse", unread)
        first = [keep(boxes, mail(message_id=f"<{number}@example.com>")) for number in range(2)]
    nobody = keep(boxes, mail(**NOBODY))
    held.try_all_again(boxes.pk)
    assert [state(boxes, pk)[0] for pk in [*first, nobody]] == ["done", "done", "held"]


def test_what_was_stored_and_left_is_taken_up(boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(raw: bytes) -> mailparse.Mail:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(mailparse, "parse", away)
        with pytest.raises(inbound.TryAgain):
            receive(mail(), SUPPORT)
    with workspace(boxes):
        left = RawMail.objects.for_workspace(boxes).get()
    held.take_up(boxes.pk)
    assert state(boxes, left.pk)[0] == "received", "it may be in somebody's hand"
    with workspace(boxes), pytest.raises(held.Gone, match="it is being processed"):
        held.find(boxes, left.pk)
    with workspace(boxes):
        RawMail.objects.for_workspace(boxes).update(received_at=left.received_at - held.LEFT)
    held.take_up(boxes.pk)
    assert state(boxes, left.pk)[0] == "done"


def test_by_hand_it_is_a_ticket_of_the_contact_that_was_chosen(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    pk = keep(boxes, mail("Who am I?", **NOBODY))
    with workspace(boxes):
        result = held.assign(boxes, pk, kenji, dana)
        message, ticket = message_of(boxes, result), Ticket.objects.for_workspace(boxes).get()
    assert (result.result, result.contact_id, ticket.contact_id) == ("ticket_created", kenji.pk, kenji.pk)
    assert (ticket.subject, message.body_text) == ("My order", "Who am I?")
    assert (message.author_name, message.author_email) == ("Kenji Mori", "kenji@kumo.example")
    assert message.attribution == "Assigned by Bob: kenji@kumo.example"
    assert state(boxes, pk) == ("done", "")


def test_in_an_inbox_it_is_a_conversation(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    pk = keep(boxes, mail(**NOBODY), HELLO)
    with workspace(boxes):
        result = held.assign(boxes, pk, kenji, dana)
        conversation = Conversation.objects.for_workspace(boxes).get()
    assert (result.result, conversation.contact_id) == ("conversation_created", kenji.pk)
    assert (conversation.from_name, conversation.from_email) == ("Kenji Mori", "kenji@kumo.example")


def test_by_hand_it_joins_the_thread_that_it_answers(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    first = receive(mail(), SUPPORT)
    pk = keep(boxes, mail(in_reply_to="<one@example.com>", **NOBODY))
    with workspace(boxes):
        result = held.assign(boxes, pk, kenji, dana)
        ticket = Ticket.objects.for_workspace(boxes).get()
    assert (result.result, result.ticket, result.contact_id) == ("ticket_appended", first.ticket, kenji.pk)
    assert ticket.contact_id == first.contact_id, "the requester stays"


def test_a_machines_mail_is_made_a_ticket_by_hand_alone(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    pk = keep(boxes, mail(auto_submitted="auto-generated"))
    with workspace(boxes):
        with pytest.raises(held.Gone, match="a machine's mail"):
            held.try_again(boxes, pk)
        result = held.assign(boxes, pk, kenji, dana)
        assert Contact.objects.for_workspace(boxes).get().pk == kenji.pk, "the sender becomes no contact"
    assert (result.result, state(boxes, pk)[0]) == ("ticket_created", "done")


def test_what_cannot_be_read_is_its_own_attachment(
    boxes: Workspace, kenji: Contact, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mailparse.parse
    monkeypatch.setattr(mailparse, "parse", lambda raw: unread(raw) if raw else real(raw))
    raw = mail("Poison")
    pk = keep(boxes, raw)
    with workspace(boxes):
        result = held.assign(boxes, pk, kenji, dana)
        message, file = message_of(boxes, result), Attachment.objects.for_workspace(boxes).get()
    assert (result.result, message.body_text) == ("ticket_created", held.UNREAD)
    assert (file.filename, file.content_type, file.file.read()) == ("message.eml", "message/rfc822", raw)
    assert state(boxes, pk) == ("done", "")


def test_delete(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    raw = mail(**NOBODY)
    pk = keep(boxes, raw)
    with workspace(boxes):
        held.delete(boxes, pk)
        assert not RawMail.objects.for_workspace(boxes).exists()
        for again in (lambda: held.delete(boxes, pk), lambda: held.try_again(boxes, pk)):
            with pytest.raises(held.Gone, match="somebody deleted it"):
                again()
        with pytest.raises(held.Gone, match="somebody deleted it"):
            held.assign(boxes, pk, kenji, dana)
    assert receive(raw, SUPPORT).result == "held"


def test_a_message_is_not_deleted_nor_made_twice(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    pk = keep(boxes, mail(**NOBODY))
    with workspace(boxes):
        held.assign(boxes, pk, kenji, dana)
        for act in (
            lambda: held.delete(boxes, pk),
            lambda: held.try_again(boxes, pk),
            lambda: held.assign(boxes, pk, kenji, dana),
        ):
            with pytest.raises(held.Gone, match="it is in ticket #1 already"):
                act()
        assert Message.objects.for_workspace(boxes).count() == RawMail.objects.for_workspace(boxes).count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_at_once_make_one_message(boxes: Workspace, kenji: Contact, dana: Actor) -> None:
    pk = keep(boxes, mail(**NOBODY))
    acts: list[Callable[[], Any]] = [
        lambda: held.assign(boxes, pk, kenji, dana).result,
        lambda: held.try_again(boxes, pk).result,
    ]

    def act(number: int) -> str:
        try:
            with workspace(boxes):
                return acts[number % 2]()
        except held.Gone as gone:
            return str(gone)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(act, range(12)))
    assert said.count("ticket_created") == 1
    assert set(said) <= {"ticket_created", "held", "Nothing to do: it is in ticket #1 already."}
    assert said[::2].count("Nothing to do: it is in ticket #1 already.") == 5
    with workspace(boxes):
        assert Message.objects.for_workspace(boxes).count() == Ticket.objects.for_workspace(boxes).count() == 1
    assert state(boxes, pk) == ("done", "")


def test_the_lists_are_read_page_by_page(boxes: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "PAGE", 2)
    pks = [keep(boxes, mail(**{**NOBODY, "message_id": f"<{number}@example.com>"})) for number in range(3)]
    keep(boxes, mail(auto_submitted="auto-replied"))
    with workspace(boxes):
        first = held.page(boxes, "held", None)
        second = held.page(boxes, "held", first.next)
        automatic = held.page(boxes, "automatic", None)
    assert [row.pk for row in [*first.rows, *second.rows]] == pks[::-1]
    assert (second.next, first.previous) == (None, None)
    assert [row.reason for row in automatic.rows] == ["Auto-Submitted: auto-replied"]
    assert first.rows[0].size == len(mail(**NOBODY)) + len("<0@example.com>") - len("<held@example.com>")
