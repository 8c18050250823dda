"""Replies on their way out, and back."""

import email
from email import policy
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.tickets.mails import mail
from tickets import composing, mailboxes, outbound, quoting, tasks
from tickets.inbound import receive
from tickets.models import Conversation, Mailbox, Message, Ticket

SUPPORT, HELLO = "support@acme.example", "hello@acme.example"


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    """A ticket that came by mail."""
    mailboxes.create(acme, SUPPORT, "ticket")
    receive(mail(), SUPPORT)
    with workspace(acme):
        return Ticket.objects.for_workspace(acme).get()


def write(thread: Any, author: User, body: str = "It is on its way.", **options: Any) -> Message:
    with workspace(thread.workspace_id):
        return outbound.reply(thread, Actor.agent(author), body, **options)


def send(message: Message) -> Message:
    """Do the job that sends it, and read the message anew."""
    tasks.send(message.workspace_id, message.pk)
    return again(message)


def again(message: Message) -> Message:
    with workspace(message.workspace_id):
        return Message.objects.for_workspace(message.workspace_id).get(pk=message.pk)


def test_a_reply_is_mailed_to_the_requester(ticket: Ticket, bob: User) -> None:
    message = write(ticket, bob)
    assert (message.state, message.to, message.author_user, message.author_type) == (
        "queued", "dana@example.com", bob, "agent",
    )  # fmt: skip
    assert outbox.outbox == []
    assert send(message).state == "sent"
    [sent] = outbox.outbox
    assert (sent.from_email, sent.to, sent.subject) == (f"Acme <{SUPPORT}>", ["dana@example.com"], "Re: My order")
    assert sent.body.startswith("It is on its way.\n\nOn ")
    assert sent.extra_headers == {
        "Message-ID": f"<{message.message_id}>",
        "In-Reply-To": "<one@example.com>",
        "References": "<one@example.com>",
    }
    assert message.message_id.endswith("@acme.example")


def test_the_answer_comes_back_to_the_thread(ticket: Ticket, bob: User) -> None:
    send(write(ticket, bob))
    sent = email.message_from_bytes(outbox.outbox[0].message().as_bytes(), policy=policy.default)
    answer = mail("Thank you!", message_id="<two@example.com>", in_reply_to=sent["Message-ID"], subject="thanks")
    result = receive(answer, SUPPORT)
    assert (result.result, result.ticket) == ("ticket_appended", ticket.number)
    third = write(ticket, bob)
    assert third.in_reply_to == "two@example.com"
    assert third.references.split() == ["one@example.com", sent["Message-ID"].strip(" <>"), "two@example.com"]


def jobs_of(message: Message) -> list[ProcrastinateJob]:
    """Jobs of earlier tests with real transactions may still be in the table."""
    return list(ProcrastinateJob.objects.filter(task_name="tickets.send", args__message_id=message.pk))


def test_the_job_has_ids_alone_and_is_there_once_the_reply_is(ticket: Ticket, bob: User) -> None:
    message = write(ticket, bob)
    (job,) = jobs_of(message)
    assert job.args == {"workspace_id": ticket.workspace_id, "message_id": message.pk}


def test_a_note_stays_inside(ticket: Ticket, bob: User) -> None:
    note = write(ticket, bob, note=True)
    assert (note.direction, note.message_id, note.to) == ("note", "", "")
    send(note)
    assert (outbox.outbox, jobs_of(note)) == ([], [])


def test_an_agents_reply_does_not_change_the_status(ticket: Ticket, bob: User) -> None:
    with workspace(ticket.workspace_id):
        Ticket.objects.for_workspace(ticket.workspace_id).update(status="pending")
    write(ticket, bob)
    with workspace(ticket.workspace_id):
        assert Ticket.objects.for_workspace(ticket.workspace_id).get().status == "pending"


def test_attachments_go_along(ticket: Ticket, bob: User) -> None:
    bill = SimpleUploadedFile("Résumé.pdf", b"%PDF", "application/pdf")
    send(write(ticket, bob, attachments=[bill]))
    sent = email.message_from_bytes(outbox.outbox[0].message().as_bytes(), policy=policy.default)
    [part] = sent.iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == (
        "Résumé.pdf", "application/pdf", b"%PDF",
    )  # fmt: skip


def test_the_mailboxs_signature_is_under_the_mail(ticket: Ticket, bob: User) -> None:
    with workspace(ticket.workspace_id):
        Mailbox.objects.for_workspace(ticket.workspace_id).update(signature="Acme, at your service")
    message = send(write(ticket, bob, "Hello"))
    assert outbox.outbox[0].body.startswith("Hello\n\n-- \nAcme, at your service\n\nOn ")
    assert message.body_text == "Hello"


def test_a_conversation_without_a_contact_is_answered_to_its_sender(acme: Workspace, bob: User) -> None:
    mailboxes.create(acme, HELLO, "inbox")
    receive(mail(), HELLO)
    with workspace(acme):
        Conversation.objects.for_workspace(acme).update(contact=None)
        conversation = Conversation.objects.for_workspace(acme).get()
    send(write(conversation, bob))
    assert outbox.outbox[0].to == ["dana@example.com"]


def test_names_with_accents_and_commas_are_encoded(ticket: Ticket, bob: User) -> None:
    Workspace.objects.filter(pk=ticket.workspace_id).update(name="Müller, Söhne\nBcc: eve@example.com")
    with workspace(ticket.workspace_id):
        Ticket.objects.for_workspace(ticket.workspace_id).update(subject="Größe\r\nBcc: eve@example.com")
        fresh = Ticket.objects.for_workspace(ticket.workspace_id).get()
    send(write(fresh, bob))
    sent = email.message_from_bytes(outbox.outbox[0].message().as_bytes(), policy=policy.default)
    assert sent["From"].addresses[0].display_name == "Müller, Söhne Bcc: eve@example.com"
    assert sent["From"].addresses[0].addr_spec == SUPPORT
    assert sent["Subject"] == "Re: Größe Bcc: eve@example.com"
    assert sent["Bcc"] is None


def test_the_mail_that_is_answered_is_quoted_below(ticket: Ticket, bob: User) -> None:
    receive(
        mail("Where is it?\n\n> On Monday I asked", message_id="<two@example.com>", references="<one@example.com>"),
        SUPPORT,
    )
    message = send(write(ticket, bob, "Here."))
    own, quoted = quoting.split(outbox.outbox[0].body)
    introduction, *lines = quoted.splitlines()
    assert own == "Here.\n\n"
    assert introduction.startswith("On ")
    assert introduction.endswith(" UTC, Dana Scully wrote:")
    assert lines == ["> Where is it?", ">", ">> On Monday I asked"]
    assert message.body_text == "Here.", "agents see what they wrote"


def test_a_long_mail_is_quoted_in_part(ticket: Ticket, bob: User) -> None:
    receive(mail("line\n" * 1000, message_id="<two@example.com>", references="<one@example.com>"), SUPPORT)
    send(write(ticket, bob))
    lines = outbox.outbox[0].body.splitlines()
    assert lines[-1] == "> […]"
    assert lines.count("> line") == composing.MOST_QUOTED


def test_a_bounce_is_not_what_an_agent_answers(ticket: Ticket, bob: User) -> None:
    bounce = {"from": "MAILER-DAEMON@mx.example", "auto_submitted": "auto-replied", "message_id": "<bounce@mx.example>"}
    assert receive(mail("No such user", references="<one@example.com>", **bounce), SUPPORT).result == "ticket_appended"
    message = send(write(ticket, bob))
    assert message.in_reply_to == "one@example.com"
    assert "No such user" not in outbox.outbox[0].body


def test_copies_go_to_others_and_blind_ones_are_in_no_header(ticket: Ticket, bob: User) -> None:
    message = send(write(ticket, bob, cc=["erin@example.com", "frank@müller.example"], bcc=["boss@acme.example"]))
    [sent] = outbox.outbox
    assert sent.recipients() == [
        "dana@example.com", "erin@example.com", "frank@xn--mller-kva.example", "boss@acme.example",
    ]  # fmt: skip
    raw = sent.message().as_string()
    assert "Cc: erin@example.com, frank@xn--mller-kva.example" in raw
    assert "boss" not in raw
    assert (message.cc, message.bcc) == ("erin@example.com, frank@müller.example", "boss@acme.example")


def test_a_note_has_no_copies(ticket: Ticket, bob: User) -> None:
    note = write(ticket, bob, note=True, cc=["erin@example.com"], bcc=["boss@acme.example"])
    assert (note.cc, note.bcc) == ("", "")


def test_a_file_that_is_gone_is_said(ticket: Ticket, bob: User) -> None:
    message = write(ticket, bob, attachments=[SimpleUploadedFile("bill.pdf", b"%PDF", "application/pdf")])
    with workspace(ticket.workspace_id):
        default_storage.delete(message.attachments.get().file.name)
    message = send(message)
    assert (message.state, message.failure) == ("failed", "The file bill.pdf isn't in the storage any more.")


def test_a_workspace_without_a_mailbox_says_what_to_do(in_acme: Workspace, bob: User) -> None:
    contact, _ = Contact.objects.for_workspace(in_acme).by_mail("dana@example.com")
    ticket = Ticket.objects.for_workspace(in_acme).open(Actor.agent(bob), contact, "By hand", "She called.")
    message = send(write(ticket, bob))
    assert (message.state, message.failure) == ("failed", composing.NO_MAILBOX)
    mailboxes.create(in_acme, SUPPORT, "ticket")
    assert outbound.retry(message)
    assert send(message).state == "sent"
    assert outbox.outbox[0].extra_headers["Message-ID"].endswith("@acme.example>")


def test_an_address_that_needs_smtputf8_says_so(ticket: Ticket, bob: User) -> None:
    with workspace(ticket.workspace_id):
        Contact.objects.for_workspace(ticket.workspace_id).update(
            email="jöhn@example.com", email_key="jöhn@example.com"
        )
    message = send(write(ticket, bob))
    assert message.state == "failed"
    assert message.failure.startswith("jöhn@example.com can't be written to")
