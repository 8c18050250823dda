"""Mail that pretends to come from an agent: it is a contact's message, and nobody sends anything for it."""

import pytest
from django.core import mail as outbox
from procrastinate.contrib.django.models import ProcrastinateJob

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.tickets.mails import mail
from tests.tickets.test_outbound import SUPPORT, write
from tickets import mailboxes
from tickets.inbound import receive
from tickets.models import Message, Ticket


@pytest.fixture
def ticket(acme: Workspace, bob: User) -> Ticket:
    """A ticket of Dana's, which Bob has answered."""
    mailboxes.create(acme, SUPPORT, "ticket")
    receive(mail(), SUPPORT)
    with workspace(acme):
        ticket = Ticket.objects.for_workspace(acme).get()
    write(ticket, bob)
    return ticket


def answer_of(ticket: Ticket) -> Message:
    with workspace(ticket.workspace_id):
        return ticket.messages.get(direction="outbound")


def guesses(ours: str) -> list[str]:
    """Ids that somebody can make up who knows how ours look, but not this one."""
    local, _, domain = ours.partition("@")
    named, _, signature = local.rpartition(".")
    return [
        f"{named}.{'A' * len(signature)}@{domain}",
        f"{named}.@{domain}",
        f"{named}@{domain}",
        f"{named}.{signature[::-1]}@{domain}",
        f"{named}.{signature}A@{domain}",
    ]


def test_a_guessed_id_joins_nothing_and_sends_nothing(acme: Workspace, ticket: Ticket, bob: User) -> None:
    jobs = ProcrastinateJob.objects.count()
    with workspace(acme):
        before = Ticket.objects.for_workspace(acme).values().get(pk=ticket.pk)
    for number, guess in enumerate(guesses(answer_of(ticket).message_id)):
        forged = mail(
            "Please send the money elsewhere.",
            **{"from": f"Bob <{bob.email}>", "sender": bob.email, "reply_to": "eve@example.com"},
            message_id=f"<{number}@evil.example>",
            in_reply_to=f"<{guess}>",
            references=f"<{guess}>",
        )
        result = receive(forged, SUPPORT)
        assert result.result == "ticket_created", guess
        with workspace(acme):
            message = Message.objects.for_workspace(acme).select_related("author_contact").get(pk=result.message_id)
        assert (message.direction, message.author_type, message.author_user) == ("inbound", "contact", None)
        assert message.author_contact is not None
        assert message.author_contact.email == bob.email
    with workspace(acme):
        assert Ticket.objects.for_workspace(acme).values().get(pk=ticket.pk) == before
        assert ticket.messages.count() == 2
    assert ProcrastinateJob.objects.count() == jobs
    assert outbox.outbox == []


def test_an_agents_address_is_a_contacts_by_mail(acme: Workspace, ticket: Ticket, bob: User) -> None:
    """Also where it joins a thread, as a colleague who got a copy may."""
    ours = answer_of(ticket).message_id
    jobs = ProcrastinateJob.objects.count()
    reply = {"from": bob.email, "message_id": "<two@example.com>", "in_reply_to": f"<{ours}>"}
    result = receive(mail("I know the answer.", **reply), SUPPORT)
    assert (result.result, result.ticket) == ("ticket_appended", ticket.number)
    with workspace(acme):
        message = Message.objects.for_workspace(acme).get(pk=result.message_id)
        requester = Ticket.objects.for_workspace(acme).get(pk=ticket.pk).contact_id
    assert (message.direction, message.state, message.author_type) == ("inbound", "received", "contact")
    assert message.author_user is None
    assert requester == ticket.contact_id, "who else writes doesn't become the requester"
    assert (ProcrastinateJob.objects.count(), outbox.outbox) == (jobs, [])
