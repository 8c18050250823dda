"""Members told by mail of what customers write, as each chooses."""

from typing import Any

import pytest
from django.core import mail as outbox
from procrastinate.contrib.django.models import ProcrastinateJob

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import member
from tests.tickets.mails import mail
from tickets import mailboxes, notifying
from tickets.inbound import receive
from tickets.models import Ticket

SUPPORT = "support@acme.example"


@pytest.fixture
def support(acme: Workspace, alice: User, bob: User) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")


def choose(user: User, **choices: bool) -> None:
    Membership.objects.filter(user=user).update(**choices)


def told() -> list[str]:
    """Do the jobs that are waiting; who got a mail."""
    outbox.outbox.clear()
    waiting = ProcrastinateJob.objects.filter(task_name=notifying.TELL).order_by("id")
    for job in waiting:
        assert set(job.args) == {"workspace_id", "message_id", "user_id"}
        notifying.tell(**job.args)
    return [address for sent in outbox.outbox for address in sent.to]


def again(number: int, **headers: str) -> bytes:
    return mail(in_reply_to="<one@example.com>", message_id=f"<{number}@example.com>", **headers)


def assign(acme: Workspace, user: User | None) -> None:
    with workspace(acme):
        Ticket.objects.for_workspace(acme).update(assignee=user)


@pytest.mark.usefixtures("support")
def test_by_default_the_assignee_alone_is_told(acme: Workspace, alice: User, bob: User) -> None:
    receive(mail(), SUPPORT)
    assert told() == []
    assign(acme, bob)
    receive(again(2), SUPPORT)
    assert told() == [bob.email]
    [sent] = outbox.outbox
    assert sent.subject == "[Acme] #1 My order"
    assert "Dana Scully wrote in #1 My order:\n\nHello" in sent.body
    assert f"{acme.url('tickets:detail', 1)}\n" in sent.body
    assert "it is assigned to you" in sent.body
    assert sent.message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.usefixtures("support")
def test_what_is_nobodys_is_told_to_those_who_want_it(acme: Workspace, bob: User, charlie: User) -> None:
    away = member(acme, "Olga", Role.AGENT)
    for user in (bob, charlie, away):
        choose(user, notify_unassigned=True)
    User.objects.filter(pk=away.pk).update(is_active=False)
    receive(mail(), SUPPORT)
    assert told() == [bob.email]
    assert "nobody is assigned to it" in outbox.outbox[0].body


@pytest.mark.usefixtures("support")
def test_the_assignee_may_choose_silence(acme: Workspace, alice: User, bob: User) -> None:
    choose(bob, notify_assigned=False)
    choose(alice, notify_unassigned=False)
    receive(mail(), SUPPORT)
    assign(acme, bob)
    receive(again(2), SUPPORT)
    assert told() == []


@pytest.mark.usefixtures("support")
def test_nobody_is_told_of_automatic_mail(acme: Workspace, bob: User) -> None:
    choose(bob, notify_unassigned=True)
    receive(mail(), SUPPORT)
    assert told() == [bob.email]
    receive(again(2, auto_submitted="auto-replied"), SUPPORT)
    receive(mail(message_id="<3@example.com>", auto_submitted="auto-generated"), SUPPORT)
    assert told() == [bob.email]  # of the first


@pytest.mark.usefixtures("support")
def test_nobody_is_told_of_their_own_mail(acme: Workspace, alice: User, bob: User) -> None:
    for user in (alice, bob):
        choose(user, notify_unassigned=True)
    receive(mail(**{"from": f"Bob <{bob.email.upper()}>"}), SUPPORT)
    assert told() == [alice.email]


@pytest.mark.usefixtures("support")
def test_whoever_left_or_what_is_gone_is_not_told(acme: Workspace, bob: User, mailoutbox: list[Any]) -> None:
    choose(bob, notify_unassigned=True)
    receive(mail(), SUPPORT)
    bob.memberships.get().delete()
    assert told() == []


@pytest.mark.usefixtures("support")
def test_the_same_mail_tells_once(acme: Workspace, bob: User) -> None:
    choose(bob, notify_unassigned=True)
    receive(mail(), SUPPORT)
    receive(mail(), SUPPORT)
    assert told() == [bob.email]


def test_a_conversation_tells_as_a_ticket_does(acme: Workspace, bob: User) -> None:
    mailboxes.create(acme, "hello@acme.example", "inbox")
    choose(bob, notify_unassigned=True)
    result = receive(mail(), "hello@acme.example")
    assert told() == [bob.email]
    assert outbox.outbox[0].subject == "[Acme] My order"
    assert acme.url("tickets:conversation", result.conversation) in outbox.outbox[0].body
