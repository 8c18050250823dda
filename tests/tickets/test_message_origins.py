"""What stands behind a message: why it is this contact's, and the mail that it came as."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, MessageFactory, TicketFactory
from tests.tickets.mails import mail
from tickets import attribution, held, mailboxes, originals
from tickets.inbound import Result, receive
from tickets.models import Message, RawMail

SUPPORT = "support@acme.example"


@pytest.fixture
def support(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    return acme


def why(acme: Workspace, result: Result) -> attribution.Why:
    with workspace(acme):
        messages = Message.objects.for_workspace(acme).select_related("author_contact", "ticket__contact")
        return attribution.explain(messages.get(pk=result.message_id))


def page(client: Client, acme: Workspace, result: Result, name: str) -> Any:
    return client.get(acme.url(f"tickets:{name}", result.message_id))


def test_from_decides_and_makes_a_contact(support: Workspace, as_bob: Client) -> None:
    first = receive(mail(), SUPPORT)
    again = receive(mail(message_id="<2@example.com>"), SUPPORT)
    told = why(support, first)
    assert (told.header, told.address, str(told.contact), told.created) == (
        "From", "dana@example.com", "Dana Scully", True,
    )  # fmt: skip
    assert not why(support, again).created
    assert "so this mail created the contact" in page(as_bob, support, first, "why").content.decode()
    assert "The contact was known" in page(as_bob, support, again, "why").content.decode()


@pytest.mark.parametrize(
    ("headers", "decided"),
    [
        ({"from": "undisclosed", "sender": "dana@example.com"}, "Sender"),
        ({"from": "undisclosed", "reply_to": "dana@example.com"}, "Reply-To"),
    ],
)
def test_another_header_decides(support: Workspace, headers: dict[str, str], decided: str) -> None:
    told = why(support, receive(mail(**headers), SUPPORT))
    assert (told.header, told.address) == (decided, "dana@example.com")
    assert decided in told.decided


def test_a_known_contact(support: Workspace) -> None:
    with workspace(support):
        ContactFactory(workspace=support, email="dana@example.com")
    assert not why(support, receive(mail(), SUPPORT)).created


def test_a_reply_of_somebody_else(support: Workspace) -> None:
    receive(mail(), SUPPORT)
    reply = mail(**{"from": "mulder@example.com", "in_reply_to": "<one@example.com>", "message_id": "<2@example.com>"})
    told = why(support, receive(reply, SUPPORT))
    assert (str(told.contact), str(told.requester)) == ("Mulder", "Dana Scully")


def test_by_hand(support: Workspace, bob: User, as_bob: Client) -> None:
    receive(mail(**{"from": "undisclosed"}), SUPPORT)
    with workspace(support):
        kenji = ContactFactory(workspace=support, name="Kenji Mori", email="kenji@kumo.example")
        raw_mail = RawMail.objects.for_workspace(support).get()
        result = held.assign(support, raw_mail.pk, kenji, Actor.agent(bob))
    told = why(support, result)
    assert (told.header, told.address, told.created) == ("", "kenji@kumo.example", False)
    assert "Assigned by Bob, by hand." in page(as_bob, support, result, "why").content.decode()


def test_a_machines_mail_in_a_thread_may_have_no_contact(support: Workspace, as_bob: Client) -> None:
    receive(mail(), SUPPORT)
    bounce = mail(
        auto_submitted="auto-replied", in_reply_to="<one@example.com>", message_id="<2@example.com>",
        **{"from": "MAILER-DAEMON@example.com"},
    )  # fmt: skip
    result = receive(bounce, SUPPORT)
    assert (result.result, why(support, result).contact) == ("ticket_appended", None)
    assert "No contact has this address" in page(as_bob, support, result, "why").content.decode()


def test_an_erased_contact(support: Workspace) -> None:
    result = receive(mail(), SUPPORT)
    with workspace(support):
        Message.objects.for_workspace(support).update(author_contact=None)
    assert why(support, result).contact is None


def test_a_message_by_hand_has_no_reason_and_no_original(support: Workspace, as_bob: Client) -> None:
    with workspace(support):
        ticket = TicketFactory(workspace=support, contact=ContactFactory(workspace=support))
        message = MessageFactory(workspace=support, ticket=ticket)
    for name in ("why", "original", "original_download"):
        assert as_bob.get(support.url(f"tickets:{name}", message.pk)).status_code == 404
    thread = as_bob.get(support.url("tickets:detail", ticket.number)).content.decode()
    assert "Why this contact?" not in thread
    assert "Show original" not in thread


def test_a_thread_leads_to_both(support: Workspace, as_bob: Client) -> None:
    result = receive(mail(), SUPPORT)
    thread = as_bob.get(support.url("tickets:detail", result.ticket)).content.decode()
    assert support.url("tickets:why", result.message_id) in thread
    assert support.url("tickets:original", result.message_id) in thread


def test_the_original_is_shown_and_saved(support: Workspace, as_bob: Client) -> None:
    raw = mail("<img src=x onerror=alert(1)>")
    result = receive(raw, SUPPORT)
    shown = page(as_bob, support, result, "original").content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert support.url("tickets:detail", 1) + f"#message-{result.message_id}" in shown
    saved = page(as_bob, support, result, "original_download")
    assert b"".join(saved.streaming_content) == raw
    assert saved["Content-Disposition"] == 'attachment; filename="My order.eml"'


def test_an_original_that_is_forgotten_says_so(support: Workspace, as_bob: Client) -> None:
    result = receive(mail(), SUPPORT)
    with workspace(support):
        RawMail.objects.for_workspace(support).update(received_at=timezone.now() - timedelta(days=91))
    originals.forget(support.pk)
    shown = page(as_bob, support, result, "original").content.decode()
    assert "kept any more" in shown
    assert "Download" not in shown
    assert page(as_bob, support, result, "original_download").status_code == 404


def test_the_restored_contact_was_known(support: Workspace, bob: User) -> None:
    receive(mail(), SUPPORT)
    with workspace(support):
        Contact.objects.for_workspace(support).trash(Actor.agent(bob))
    assert not why(support, receive(mail(message_id="<2@example.com>"), SUPPORT)).created
