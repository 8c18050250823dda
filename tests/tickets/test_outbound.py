"""Replies on their way out, and back."""

import email
import smtplib
from email import policy
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.tickets.mails import mail
from tickets import mailboxes, outbound, tasks
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
    assert sent.body == "It is on its way."
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
    assert outbox.outbox[0].body == "Hello\n\n-- \nAcme, at your service"
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


# What goes wrong


class Failing(EmailBackend):
    """A mail server that answers with this error."""

    error: Exception

    def send_messages(self, messages: Any) -> int:
        raise self.error


@pytest.fixture
def server(settings: Any) -> type[Failing]:
    settings.EMAIL_BACKEND = f"{__name__}.Failing"
    return Failing


REFUSED = smtplib.SMTPRecipientsRefused({"dana@example.com": (550, b"No such user")})


@pytest.mark.parametrize(
    ("error", "state", "failure"),
    [
        (REFUSED, "failed", "The mail server refused it: 550 No such user"),
        (smtplib.SMTPDataError(554, b"Spam"), "failed", "The mail server refused it: 554 Spam"),
        (smtplib.SMTPServerDisconnected("gone"), "unknown", f"{outbound.NOT_KNOWN} gone"),
        (TimeoutError("timed out"), "unknown", f"{outbound.NOT_KNOWN} timed out"),
    ],
)
def test_a_failure_is_said_on_the_message(
    ticket: Ticket, bob: User, server: type[Failing], error: Exception, state: str, failure: str
) -> None:
    server.error = error
    message = send(write(ticket, bob))
    assert (message.state, message.failure) == (state, failure)


def test_no_server_is_a_failure(ticket: Ticket, bob: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = send(write(ticket, bob))
    assert message.state == "failed"
    assert message.failure.startswith("The mail server can't be reached: ")


def test_try_again_sends_the_same_message_id(ticket: Ticket, bob: User, server: type[Failing], settings: Any) -> None:
    server.error = REFUSED
    failed = send(write(ticket, bob))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with workspace(ticket.workspace_id):
        assert outbound.retry(failed)
        assert not outbound.retry(failed), "it is queued by now"
    message = send(failed)
    assert (message.state, message.failure) == ("sent", "")
    assert outbox.outbox[0].extra_headers["Message-ID"] == f"<{failed.message_id}>"


def test_nothing_is_sent_twice_by_itself(ticket: Ticket, bob: User) -> None:
    message = write(ticket, bob)
    send(message)
    send(message)
    assert len(outbox.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_sending_leaves_it_unknown(ticket: Ticket, bob: User, server: type[Failing]) -> None:
    message = write(ticket, bob)
    server.error = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        tasks.send(message.workspace_id, message.pk)
    connection.close()
    assert (again(message).state, again(message).failure) == ("unknown", outbound.NOT_KNOWN)
    assert send(message).state == "unknown", "a job that is done again leaves it alone"


def test_a_workspace_without_a_mailbox_says_what_to_do(in_acme: Workspace, bob: User) -> None:
    contact, _ = Contact.objects.for_workspace(in_acme).by_mail("dana@example.com")
    ticket = Ticket.objects.for_workspace(in_acme).open(Actor.agent(bob), contact, "By hand", "She called.")
    message = send(write(ticket, bob))
    assert (message.state, message.failure) == ("failed", outbound.NO_MAILBOX)
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
