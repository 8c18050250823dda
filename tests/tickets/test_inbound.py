"""The door inward: whose mail it is, where it goes, and that it is there once."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import attachments, filing, held, inbound, mailboxes, messageids
from tickets.inbound import Result, receive
from tickets.models import Attachment, Conversation, Event, Message, MessageId, RawMail, Ticket

SUPPORT, HELLO = "support@acme.example", "hello@acme.example"


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    """Acme with a mailbox of each purpose."""
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    return acme


def ticket_of(acme: Workspace, result: Result) -> Ticket:
    with workspace(acme):
        return Ticket.objects.for_workspace(acme).select_related("contact").get(number=result.ticket)


def message_of(acme: Workspace, result: Result) -> Message:
    with workspace(acme):
        return Message.objects.for_workspace(acme).get(pk=result.message_id)


def count(model: Any, acme: Workspace) -> int:
    with workspace(acme):
        return model.objects.for_workspace(acme).count()


def test_a_mail_opens_a_ticket_of_its_sender(boxes: Workspace) -> None:
    result = receive(mail("Where is it?"), SUPPORT)
    ticket, message = ticket_of(boxes, result), message_of(boxes, result)
    assert (result.result, result.workspace, result.conversation) == ("ticket_created", "acme2345", None)
    assert (ticket.number, ticket.subject, ticket.status) == (1, "My order", "open")
    assert (ticket.contact.name, ticket.contact.email, ticket.contact.source) == (
        "Dana Scully", "dana@example.com", "email",
    )  # fmt: skip
    assert result.contact_id == ticket.contact_id == message.author_contact_id
    assert (message.body_text, message.direction, message.author_type) == ("Where is it?", "inbound", "contact")
    assert message.attribution == "From: dana@example.com"


def test_the_raw_bytes_are_kept(boxes: Workspace) -> None:
    raw = mail("Grüße\udcff")
    receive(raw, SUPPORT)
    with workspace(boxes):
        kept = RawMail.objects.for_workspace(boxes).get()
    assert (bytes(kept.data), kept.state, kept.sender) == (raw, "done", "dana@example.com")


def test_mail_to_an_inbox_opens_a_conversation(boxes: Workspace) -> None:
    result = receive(mail(), HELLO)
    with workspace(boxes):
        conversation = Conversation.objects.for_workspace(boxes).get(pk=result.conversation)
    assert (result.result, result.ticket) == ("conversation_created", None)
    assert (conversation.from_name, conversation.from_email) == ("Dana Scully", "dana@example.com")
    assert conversation.contact_id == result.contact_id


def test_an_address_is_known_without_regard_to_case(boxes: Workspace) -> None:
    first = receive(mail(), "Support@ACME.example")
    second = receive(mail(**{"from": "D <DANA@Example.com>", "message_id": "<2@example.com>"}), SUPPORT)
    assert first.contact_id == second.contact_id
    assert second.ticket == 2


@pytest.mark.parametrize("recipient", ["nobody@acme.example", "nonsense", "", "\udcff@acme.example"])
def test_an_unknown_recipient_is_refused(boxes: Workspace, recipient: str) -> None:
    with pytest.raises(mailboxes.UnknownRecipient):
        receive(mail(), recipient)
    assert count(RawMail, boxes) == 0


def test_a_mail_from_a_trashed_contact_brings_it_back(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    with workspace(boxes):
        Contact.objects.for_workspace(boxes).trash(SYSTEM)
    second = receive(mail(message_id="<2@example.com>"), SUPPORT)
    assert second.contact_id == first.contact_id
    with workspace(boxes):
        assert not Contact.objects.for_workspace(boxes).get().is_trashed


def test_a_full_workspace_takes_mail_all_the_same(boxes: Workspace) -> None:
    Workspace.objects.filter(pk=boxes.pk).update(contact_quota=0)
    assert receive(mail(), SUPPORT).result == "ticket_created"


# Threading


def test_a_reply_goes_to_the_ticket_that_it_names(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    reply = mail(message_id="<2@example.com>", in_reply_to="<one@example.com>", subject="Something else")
    second = receive(reply, SUPPORT)
    assert (second.result, second.ticket, second.contact_id) == ("ticket_appended", first.ticket, first.contact_id)


def test_references_count_from_the_last_to_the_first(boxes: Workspace) -> None:
    receive(mail(message_id="<a@example.com>"), SUPPORT)
    newer = receive(mail(message_id="<b@example.com>"), SUPPORT)
    reply = mail(
        message_id="<c@example.com>", in_reply_to="<unknown@example.com>", references="<a@example.com> <b@example.com>"
    )
    assert receive(reply, SUPPORT).ticket == newer.ticket


def test_a_subject_joins_nothing(boxes: Workspace) -> None:
    receive(mail(), SUPPORT)
    assert receive(mail(message_id="<2@example.com>", subject="Re: My order [#1]"), SUPPORT).ticket == 2


def test_a_reply_of_somebody_else_does_not_change_the_requester(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    second = receive(
        mail(**{"from": "fox@example.com", "message_id": "<2@example.com>", "in_reply_to": "<one@example.com>"}),
        SUPPORT,
    )
    assert second.ticket == first.ticket
    assert second.contact_id != first.contact_id
    assert ticket_of(boxes, second).contact_id == first.contact_id


def test_another_workspaces_mail_is_not_joined(boxes: Workspace, globex: Workspace) -> None:
    mailboxes.create(globex, "support@globex.example", "ticket")
    receive(mail(), SUPPORT)
    reply = mail(message_id="<2@example.com>", in_reply_to="<one@example.com>")
    assert receive(reply, "support@globex.example").result == "ticket_created"


@pytest.mark.parametrize("status", ["pending", "resolved", "closed"])
def test_new_mail_opens_a_ticket_again(boxes: Workspace, status: str) -> None:
    first = receive(mail(), SUPPORT)
    with workspace(boxes):
        Ticket.objects.for_workspace(boxes).update(status=status)
    receive(mail(message_id="<2@example.com>", in_reply_to="<one@example.com>"), SUPPORT)
    assert ticket_of(boxes, first).status == "open"
    with workspace(boxes):
        event = Event.objects.for_workspace(boxes).get(what="status")
    assert (event.what, event.old, event.new, event.actor_kind) == ("status", status, "open", "email")


def test_new_mail_opens_a_conversation_again(boxes: Workspace) -> None:
    first = receive(mail(), HELLO)
    with workspace(boxes):
        Conversation.objects.for_workspace(boxes).update(status="closed")
    second = receive(mail(message_id="<2@example.com>", in_reply_to="<one@example.com>"), HELLO)
    assert (second.result, second.conversation) == ("conversation_appended", first.conversation)
    with workspace(boxes):
        assert Conversation.objects.for_workspace(boxes).get().status == "open"


def sent_in(acme: Workspace, ticket: Ticket) -> Message:
    """A reply of ours that went out."""
    with workspace(acme):
        message = Message.objects.for_workspace(acme).create(
            ticket=ticket, direction="outbound", state="sent", author_type="agent"
        )
        message.message_id = messageids.make(acme.pk, message.pk, "acme.example")
        message.save(update_fields=["message_id"])
        MessageId.objects.for_workspace(acme).create(digest=messageids.digest(message.message_id), message=message)
        return message


def test_an_answer_to_our_reply_comes_back_to_its_ticket(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    ours = sent_in(boxes, ticket_of(boxes, first))
    answer = mail(message_id="<2@example.com>", in_reply_to=f"<{ours.message_id}>")
    assert receive(answer, SUPPORT).ticket == first.ticket


def test_a_guessed_id_joins_nothing(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    ours = sent_in(boxes, ticket_of(boxes, first))
    forged = ours.message_id.replace(".", ".x", 3)
    answer = mail(**{"from": "alice@acme2345.example", "message_id": "<2@x.example>", "in_reply_to": f"<{forged}>"})
    result = receive(answer, SUPPORT)
    assert result.result == "ticket_created"
    assert message_of(boxes, result).author_type == "contact"


def test_an_id_of_ours_without_our_signature_is_not_believed(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    ours = sent_in(boxes, ticket_of(boxes, first))
    with workspace(boxes):
        forged = f"gopimi.{boxes.pk}.{ours.pk}.forged@acme.example"
        MessageId.objects.for_workspace(boxes).create(digest=messageids.digest(forged), message=ours)
    answer = mail(message_id="<2@x.example>", in_reply_to=f"<{forged}>")
    assert receive(answer, SUPPORT).result == "ticket_created"


def test_nobody_takes_over_our_id(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    ours = sent_in(boxes, ticket_of(boxes, first))
    receive(mail(**{"from": "eve@example.com", "message_id": f"<{ours.message_id}>"}), SUPPORT)
    answer = mail(message_id="<2@example.com>", in_reply_to=f"<{ours.message_id}>")
    assert receive(answer, SUPPORT).ticket == first.ticket


# The same mail


def test_the_same_mail_again_is_the_same_message(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    again = b"Received: by another.example; today\nDelivered-To: support@acme.example\n" + mail()
    second, third = receive(again, SUPPORT), receive(mail().replace(b"\n", b"\r\n"), SUPPORT)
    expected = Result("duplicate", "acme2345", first.contact_id, first.ticket, None, first.message_id)
    assert [second, third] == [expected, expected]
    assert (count(Message, boxes), count(RawMail, boxes)) == (1, 1)


def test_one_message_id_over_other_content_is_another_message(boxes: Workspace) -> None:
    receive(mail("one"), SUPPORT)
    assert receive(mail("two"), SUPPORT).result == "ticket_created"
    assert receive(mail("one", date="Tue, 3 Mar 2026 10:00:00 +0100"), SUPPORT).result == "ticket_created"


def test_a_mail_without_message_id_is_known_by_all_of_it(boxes: Workspace) -> None:
    receive(mail(message_id=None), SUPPORT)
    assert receive(mail(message_id=None), SUPPORT).result == "duplicate"
    assert receive(mail(message_id=None, subject="Another"), SUPPORT).result == "ticket_created"


def test_a_mail_to_two_mailboxes_is_a_message_in_each(boxes: Workspace) -> None:
    assert receive(mail(), SUPPORT).result == "ticket_created"
    assert receive(mail(), HELLO).result == "conversation_created"


def test_a_mail_whose_processing_was_cut_off_is_processed_when_it_comes_again(
    boxes: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*args: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(filing, "open_at_once", cut_off)
        with pytest.raises(inbound.TryAgain):
            receive(mail(), SUPPORT)
    with workspace(boxes):
        assert RawMail.objects.for_workspace(boxes).get().state == "received"
    assert (count(Ticket, boxes), count(Contact, boxes)) == (0, 0)
    result = receive(mail(), SUPPORT)
    assert (result.result, result.ticket) == ("ticket_created", 1)


# Machines


AWAY = {"auto_submitted": "auto-replied", "message_id": "<away@example.com>"}


def test_a_machines_mail_opens_nothing(boxes: Workspace) -> None:
    result = receive(mail(**AWAY), SUPPORT)
    assert result == Result("automatic", "acme2345")
    assert (count(Ticket, boxes), count(Contact, boxes)) == (0, 0)
    with workspace(boxes):
        kept = RawMail.objects.for_workspace(boxes).get()
    assert (kept.state, kept.reason, kept.subject) == ("automatic", "Auto-Submitted: auto-replied", "My order")


def test_a_machines_answer_is_appended_without_reopening(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    with workspace(boxes):
        Ticket.objects.for_workspace(boxes).update(status="resolved")
    result = receive(mail(**AWAY, in_reply_to="<one@example.com>"), SUPPORT)
    assert (result.result, result.ticket, result.contact_id) == ("ticket_appended", first.ticket, first.contact_id)
    assert ticket_of(boxes, first).status == "resolved"


def test_a_bounce_goes_to_the_ticket_of_the_mail_that_bounced(boxes: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    ours = sent_in(boxes, ticket_of(boxes, first))
    body = f"--x\n\nNot delivered.\n--x\nContent-Type: message/rfc822\n\nMessage-ID: <{ours.message_id}>\n\nHi\n--x--"
    bounce = mail(
        body,
        **{"from": "MAILER-DAEMON <>", "content_type": "multipart/report; boundary=x", "message_id": "<b@mx.example>"},
    )
    result = receive(bounce, SUPPORT)
    assert (result.result, result.ticket, result.contact_id) == ("ticket_appended", first.ticket, None)
    assert count(Contact, boxes) == 1


def test_mail_of_a_list_opens_tickets(boxes: Workspace) -> None:
    assert receive(mail(list_id="<fans.example.com>", precedence="list"), SUPPORT).result == "ticket_created"


# Held


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", inbound.EMPTY),
        (b"\r\n\r\n", inbound.EMPTY),
        (b"\x00\xff\xfe garbage", inbound.NO_SENDER),
        (mail(**{"from": "undisclosed"}), inbound.NO_SENDER),
    ],
)
def test_what_names_no_sender_is_held(boxes: Workspace, raw: bytes, reason: str) -> None:
    assert receive(raw, SUPPORT) == Result("held", "acme2345")
    with workspace(boxes):
        kept = RawMail.objects.for_workspace(boxes).get()
    assert (kept.state, kept.reason, bytes(kept.data)) == ("held", reason, raw)
    assert receive(raw, SUPPORT) == Result("duplicate", "acme2345")


def test_what_cannot_be_processed_is_held_and_can_be_tried_again(
    boxes: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ValueError("something unheard of")

    raw = mail(content_type="multipart/mixed; boundary=x", body=f"--x\n\nHello\n{ATTACHED}\n{ATTACHED}\n--x--")
    with monkeypatch.context() as patch:
        patch.setattr(attachments, "attach", broken_at_last(attachments.attach, broken))
        assert receive(raw, SUPPORT) == Result("held", "acme2345")
    with workspace(boxes):
        kept = RawMail.objects.for_workspace(boxes).get()
    assert kept.reason == inbound.FAILED.format(error="ValueError: something unheard of")
    assert (count(Ticket, boxes), files_stored()) == (0, [])
    with workspace(boxes):
        assert held.try_again(boxes, kept.pk).result == "ticket_created"


def broken_at_last(working: Any, broken: Any) -> Any:
    """A function that fails at its second call."""
    calls: list[Any] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        return broken() if len(calls) == 2 else working(*args, **kwargs)

    return call


def files_stored() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


# Attachments


ATTACHED = '--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="../../etc/bill.pdf"\n\n%PDF'


def test_attachments_are_stored_where_nobody_can_guess(boxes: Workspace) -> None:
    raw = mail(content_type="multipart/mixed; boundary=x", body=f"--x\n\nHello\n{ATTACHED}\n--x--")
    result = receive(raw, SUPPORT)
    with workspace(boxes):
        attachment = Attachment.objects.for_workspace(boxes).get(message_id=result.message_id)
    assert (attachment.filename, attachment.content_type, attachment.size) == ("bill.pdf", "application/pdf", 4)
    [stored] = files_stored()
    assert stored.read_bytes() == b"%PDF"
    assert (stored.suffix, len(stored.name)) == ("", 43)
