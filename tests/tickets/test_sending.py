"""Replies handed to a mail server that refuses, hangs up, or is away: tried again, or said; never sent twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.tickets.mails import mail
from tests.tickets.smtpserver import HANG_UP, MailServer, mail_server
from tests.tickets.test_outbound import SUPPORT, again, jobs_of, send, write
from tickets import mailboxes, outbound, sending, tasks
from tickets.inbound import receive
from tickets.models import Message, Ticket


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    mailboxes.create(acme, SUPPORT, "ticket")
    receive(mail(), SUPPORT)
    with workspace(acme):
        return Ticket.objects.for_workspace(acme).get()


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "gopimi.lib.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 5
        yield server


def make_due(message: Message) -> None:
    """As if its time had come."""
    with workspace(message.workspace_id):
        messages = Message.objects.for_workspace(message.workspace_id).filter(pk=message.pk)
        messages.update(retry_at=timezone.now() - timedelta(seconds=1))


def minutes_until(when: Any) -> int:
    return round((when - timezone.now()).total_seconds() / 60)


def test_it_is_sent(ticket: Ticket, bob: User, server: MailServer) -> None:
    message = send(write(ticket, bob, cc=["erin@example.com"], bcc=["boss@acme.example"]))
    assert (message.state, message.failure, message.sending_since) == ("sent", "", None)
    [(recipients, raw)] = server.mails
    assert recipients == ["dana@example.com", "erin@example.com", "boss@acme.example"]
    assert f"Message-ID: <{message.message_id}>".encode() in raw
    assert b"boss" not in raw


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({"RCPT": "550 No such user"}, "The mail server refused it: dana@example.com: 550 No such user"),
        ({"MAIL": "553 Not from here"}, "The mail server refused it: 553 Not from here"),
        ({"DATA": "554 No"}, "The mail server refused it: 554 No"),
        ({".": "554 Spam"}, "The mail server refused it: 554 Spam"),
    ],
)
def test_what_is_refused_for_good_has_failed(
    ticket: Ticket, bob: User, server: MailServer, answers: dict[str, str], failure: str
) -> None:
    server.answers = answers
    message = send(write(ticket, bob))
    assert (message.state, message.failure, message.retry_at) == ("failed", failure, None)
    assert len(jobs_of(message)) == 1


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ({"RCPT": "450 Later"}, "The mail server refused it: dana@example.com: 450 Later"),
        ({"MAIL": "421 Busy"}, "The mail server refused it: 421 Busy"),
        ({".": "451 Greylisted"}, "The mail server refused it: 451 Greylisted"),
        ({"RCPT": HANG_UP}, "The mail server can't be reached: Connection unexpectedly closed"),
        ({"EHLO": "421 Busy", "HELO": "421 Busy"}, "The mail server refused it: 421 Busy"),
    ],
)
def test_what_is_refused_for_now_is_tried_again_later_and_later(
    ticket: Ticket, bob: User, server: MailServer, answers: dict[str, str], failure: str
) -> None:
    server.answers = answers
    message = write(ticket, bob)
    for number, minutes in enumerate(sending.MINUTES, 1):
        message = send(message)
        assert (message.state, message.failure, message.tries) == ("queued", failure, number)
        assert minutes_until(message.retry_at) == minutes
        assert send(message).tries == number, "it isn't due"
        newest = max(jobs_of(message), key=lambda job: job.id)
        assert newest.scheduled_at == message.retry_at
        make_due(message)
    message = send(message)
    assert (message.state, message.failure, message.retry_at) == ("failed", failure, None)
    assert len(jobs_of(message)) == 1 + len(sending.MINUTES)


def test_a_server_that_is_back_gets_it_once(ticket: Ticket, bob: User, server: MailServer) -> None:
    server.answers = {".": "451 Later"}
    message = send(write(ticket, bob))
    server.answers = {}
    make_due(message)
    message = send(message)
    assert (message.state, message.failure, message.retry_at) == ("sent", "", None)
    assert len(server.mails) == 2, "the first wasn't taken"
    assert send(message).state == "sent"
    assert len(server.mails) == 2


def test_no_server_is_tried_again(ticket: Ticket, bob: User, server: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT = 1
    message = send(write(ticket, bob))
    assert (message.state, message.tries, message.sending_since) == ("queued", 1, None)
    assert message.failure.startswith("The mail server can't be reached: ")


def test_a_wrong_password_is_for_an_admin_to_mend(ticket: Ticket, bob: User, server: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "gopimi", "guess"
    server.answers = {"EHLO": "250-tests\r\n250 AUTH PLAIN", "AUTH": "535 Wrong password"}
    message = send(write(ticket, bob))
    assert (message.state, message.failure) == ("failed", "The mail server refused it: 535 Wrong password")


def test_some_are_refused_and_others_have_it(ticket: Ticket, bob: User, server: MailServer) -> None:
    server.answers = {"RCPT erin@example.com": "550 Gone", "RCPT frank@example.com": "450 Later"}
    message = send(write(ticket, bob, cc=["erin@example.com"], bcc=["frank@example.com"]))
    assert (message.state, message.failure) == (
        "sent", "Not taken for erin@example.com: 550 Gone; frank@example.com: 450 Later",
    )  # fmt: skip
    assert len(server.mails) == 1


def test_a_connection_lost_after_the_mail_leaves_it_unknown(ticket: Ticket, bob: User, server: MailServer) -> None:
    server.answers = {".": HANG_UP}
    message = send(write(ticket, bob))
    assert message.state == "unknown"
    assert message.failure.startswith(sending.NOT_KNOWN)
    assert send(message).state == "unknown"
    assert len(server.mails) == 1, "never again by itself"
    server.answers = {}
    with workspace(ticket.workspace_id):
        assert outbound.retry(message)
        assert not outbound.retry(message), "it is queued by now"
    assert send(message).state == "sent"
    ids = [line for _, raw in server.mails for line in raw.splitlines() if line.startswith(b"Message-ID:")]
    assert ids == [f"Message-ID: <{message.message_id}>".encode()] * 2


def test_try_again_begins_anew(ticket: Ticket, bob: User, server: MailServer) -> None:
    server.answers = {"RCPT": "550 No"}
    message = send(write(ticket, bob))
    with workspace(ticket.workspace_id):
        Message.objects.for_workspace(ticket.workspace_id).update(tries=5)
        outbound.retry(message)
    message = again(message)
    assert (message.state, message.failure, message.tries, message.retry_at) == ("queued", "", 0, None)


class Interrupted(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
def test_what_interrupts_the_sending_leaves_it_unknown(ticket: Ticket, bob: User, settings: Any) -> None:
    message = write(ticket, bob)
    settings.EMAIL_BACKEND = f"{__name__}.Interrupted"
    with pytest.raises(KeyboardInterrupt):
        tasks.send(message.workspace_id, message.pk)
    connection.close()
    assert (again(message).state, again(message).failure) == ("unknown", sending.NOT_KNOWN)


def test_the_job_of_a_worker_that_died_only_says_so(ticket: Ticket, bob: User, server: MailServer) -> None:
    message = write(ticket, bob)
    with workspace(ticket.workspace_id):
        Message.objects.for_workspace(ticket.workspace_id).filter(pk=message.pk).update(sending_since=timezone.now())
    message = send(message)
    assert (message.state, message.failure) == ("unknown", sending.NOT_KNOWN)
    assert server.mails == []


@pytest.mark.parametrize(("answer", "state"), [("250 Taken", "sent"), ("451 Later", "queued"), ("554 Spam", "failed")])
def test_a_worker_that_was_only_taken_for_dead_knows_better(
    ticket: Ticket, bob: User, server: MailServer, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    message = write(ticket, bob)
    server.answers = {".": answer}
    hand_over = sending._hand_over

    def slowly(*arguments: Any) -> sending.Outcome:
        assert send(message).state == "unknown", "the job is found again meanwhile"
        return hand_over(*arguments)

    monkeypatch.setattr(sending, "_hand_over", slowly)
    assert send(message).state == state
    assert len(server.mails) == 1


def test_its_late_answer_counts_no_more_once_an_agent_has_sent_it_again(
    ticket: Ticket, bob: User, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ticket, bob)

    def slowly(*_: Any) -> sending.Outcome:
        assert send(message).state == "unknown"
        with workspace(ticket.workspace_id):
            assert outbound.retry(again(message))
        return sending.Outcome("failed", "Late")

    monkeypatch.setattr(sending, "_hand_over", slowly)
    message = send(message)
    assert (message.state, message.failure) == ("queued", "")
