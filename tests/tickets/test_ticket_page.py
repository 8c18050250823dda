"""A ticket's page: thread, reply and note, properties changed in place, the contact beside it."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client

from contacts.models import Contact
from customfields import values
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL, Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import (
    ContactFactory,
    FieldFactory,
    MailboxFactory,
    MessageFactory,
    OrganizationFactory,
    TicketFactory,
)
from tickets import mailhtml
from tickets.models import Message, Ticket


def fragment(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    with workspace(acme):
        fathom = OrganizationFactory(workspace=acme, name="Fathom Analytics")
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@fathom.example", organization=fathom)
        mailbox = MailboxFactory(workspace=acme, address="support@acme.example")
        ticket = TicketFactory(workspace=acme, contact=dana, subject="Smoke in the server room", mailbox=mailbox)
        MessageFactory(workspace=acme, ticket=ticket, author_contact=dana, body_text="It smells.\n\n> before")
    return ticket


@pytest.fixture
def url(acme: Workspace, ticket: Ticket) -> str:
    return acme.url("tickets:detail", ticket.number)


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def reloaded(acme: Workspace, ticket: Ticket) -> Ticket:
    with workspace(acme):
        return Ticket.objects.for_workspace(acme).select_related("assignee", "contact").get(pk=ticket.pk)


def reply_of(ticket: Ticket, **values: str) -> Message:
    who = {"direction": "outbound", "author_type": "agent"}
    return MessageFactory(workspace=ticket.workspace, ticket=ticket, **who, **values)


def test_the_page(as_bob: Client, url: str) -> None:
    text = text_of(as_bob.get(url))
    for shown in (
        "#1",
        "Smoke in the server room",
        "It smells.",
        "Dana Cole",
        "dana@fathom.example",
        "Fathom Analytics",
    ):
        assert shown in text
    assert '<details class="quote"><summary aria-label="Show quoted text">' in text
    assert "To dana@fathom.example" in text


def test_what_was_done_stands_between_the_messages(
    as_bob: Client, acme: Workspace, alice: User, bob: User, ticket: Ticket, url: str
) -> None:
    with workspace(acme):
        erin = ContactFactory(workspace=acme, name="Erin")
        ticket.change(Actor.agent(alice), assignee=alice)
        ticket.change(Actor.agent(alice), assignee=bob, priority=4, tags=["fire"], subject="<b>Fire</b>")
        ticket.change(Actor.agent(alice), tags=[], assignee=None, contact=erin, status="resolved")
        ticket.reopen(EMAIL)
    text = text_of(as_bob.get(url, headers=fragment("messages")))
    for words in (
        "<b>Alice</b> took this",
        "<b>Alice</b> assigned this to <b>Bob</b>",
        "<b>Alice</b> took this from <b>Bob</b>",
        "changed priority from <b>Normal</b> to <b>Urgent</b>",
        "added <b>fire</b>",
        "removed <b>fire</b>",
        "changed requester from <b>Dana Cole</b> to <b>Erin</b>",
        "to <b>&lt;b&gt;Fire&lt;/b&gt;</b>",
        "<b>A new message</b> changed status from <b>Resolved</b> to <b>Open</b>",
    ):
        assert words in text


def test_a_reply_is_queued_and_the_thread_comes_back(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    file = SimpleUploadedFile("log.txt", b"smoke", "text/plain")
    data = {"kind": "reply", "body": "Leave the room!", "attachments": [file]}
    text = text_of(as_bob.post(f"{url}reply/", data, headers=fragment("thread")))
    assert text.lstrip().startswith('<section class="thread" id="thread"')
    assert "Leave the room!" in text
    assert "Sending" in text
    assert "log.txt" in text
    with workspace(acme):
        message = ticket.messages.get(direction="outbound")
        assert (message.state, message.to, message.author_user.name) == ("queued", "dana@fathom.example", "Bob")
        assert message.attachments.get().size == 5
    assert reloaded(acme, ticket).status == "open"


def test_a_note_is_not_mailed(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    text = text_of(as_bob.post(f"{url}reply/", {"kind": "note", "body": "Arson?"}, headers=fragment("thread")))
    assert "Internal note" in text
    with workspace(acme):
        assert ticket.messages.get(direction="note").state == "sent"
        assert not ticket.messages.filter(direction="outbound").exists()


def test_an_empty_reply_is_refused_and_nothing_is_written(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str
) -> None:
    answer = as_bob.post(f"{url}reply/", {"kind": "note", "body": "  "}, headers=fragment("thread"))
    text = text_of(answer, 422)
    assert "Write something first." in text
    assert 'aria-invalid="true"' in text
    assert 'value="note" checked' in text
    with workspace(acme):
        assert ticket.messages.count() == 1


def test_without_javascript_a_reply_leads_back(as_bob: Client, url: str) -> None:
    answer = as_bob.post(f"{url}reply/", {"kind": "reply", "body": "On our way."})
    assert (answer.status_code, answer["Location"]) == (302, url)


@pytest.mark.parametrize(
    ("values", "shown", "again"),
    [
        ({"state": "sent"}, "Sent<", False),
        ({"state": "sent", "failure": "Not taken for erin"}, "Not taken for erin", False),
        ({"state": "failed", "failure": "Mailbox full"}, "Mailbox full", True),
        ({"state": "unknown", "failure": "Interrupted"}, "Unknown", True),
        ({"state": "queued", "retry_at": "2026-03-02T14:05Z", "failure": "Busy"}, "Tries again at 14:05", False),
    ],
)
def test_the_state_of_a_reply(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str, values: dict[str, str], shown: str, again: bool
) -> None:
    with workspace(acme):
        message = reply_of(ticket, **values)
    text = text_of(as_bob.get(url))
    assert shown in text
    assert ("Try again" in text) is again
    retry, target = acme.url("tickets:retry", message.pk), fragment(f"state-{message.pk}")
    text = text_of(as_bob.post(retry, headers=target))
    assert text.lstrip().startswith(f'<div class="outcome" id="state-{message.pk}"')
    assert ("Sending" in text) is (again or values["state"] == "queued")
    assert as_bob.post(retry)["Location"] == f"{url}#message-{message.pk}"


@pytest.mark.parametrize(
    ("data", "expected"),
    [({"status": "pending"}, ("pending", 2)), ({"priority": "4"}, ("open", 4)), ({"assignee": ""}, ("open", 2))],
)
def test_a_property_is_changed_in_place(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str, data: dict[str, str], expected: tuple[str, int]
) -> None:
    answer = as_bob.post(f"{url}change/", data, headers=fragment("properties"))
    assert text_of(answer).lstrip().startswith('<details class="panel" open id="properties"')
    assert ("HX-Trigger" in answer) is (data != {"assignee": ""})
    ticket = reloaded(acme, ticket)
    assert (ticket.status, ticket.priority) == expected


def test_only_members_are_offered_and_taken(
    as_bob: Client, acme: Workspace, alice: User, charlie: User, ticket: Ticket, url: str
) -> None:
    assert "Charlie" not in text_of(as_bob.get(url))
    assert as_bob.post(f"{url}change/", {"assignee": charlie.pk}, headers=fragment("properties")).status_code == 422
    assert as_bob.post(f"{url}change/", {"assignee": alice.pk}).status_code == 302
    assert reloaded(acme, ticket).assignee == alice


@pytest.mark.parametrize("data", [{"status": "done"}, {"priority": "9"}, {"contact": ""}, {"contact": "new:nobody"}])
def test_what_can_not_be_is_refused(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str, data: dict[str, str]
) -> None:
    assert as_bob.post(f"{url}change/", data, headers=fragment("details")).status_code == 422
    assert reloaded(acme, ticket).updated_at == ticket.updated_at


def test_tags_are_edited_in_place(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    assert "Add tags" in text_of(as_bob.get(url))
    assert "<select" in text_of(as_bob.get(f"{url}tags/?edit=1", headers=fragment("ticket-tags")))
    data = {"value": ["fire", "water"], "expected": ""}
    assert "Saved" in text_of(as_bob.post(f"{url}tags/", data, headers=fragment("ticket-tags")))
    with workspace(acme):
        assert {tag.name for tag in ticket.tags.all()} == {"fire", "water"}
    conflict = as_bob.post(f"{url}tags/", {"value": ["earth"], "expected": ""}, headers=fragment("ticket-tags"))
    assert "Keep earth" in text_of(conflict, 412)


def test_the_requester_is_changed(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    with workspace(acme):
        erin = ContactFactory(workspace=acme, name="Erin", email="erin@example.com")
    assert 'aria-label="Select contact"' in text_of(as_bob.get(f"{url}?choose=contact", headers=fragment("details")))
    answer = as_bob.post(f"{url}change/", {"contact": str(erin.pk)}, headers=fragment("details"))
    assert "erin@example.com" in text_of(answer)
    as_bob.post(f"{url}change/", {"contact": "new:Frank@example.com"})
    contact = reloaded(acme, ticket).contact
    assert (contact.email, contact.name) == ("Frank@example.com", "Frank")
    as_bob.post(f"{url}change/", {"contact": "ERIN@example.com"})
    assert reloaded(acme, ticket).contact == erin


def test_a_stranger_is_no_requester(
    as_bob: Client, acme: Workspace, globex: Workspace, ticket: Ticket, url: str
) -> None:
    with workspace(globex):
        stranger = ContactFactory(workspace=globex)
    with workspace(acme):
        trashed = ContactFactory(workspace=acme, deleted_at="2026-01-01T00:00Z", email="gone@example.com")
    for choice in (stranger.pk, trashed.pk, "new:gone@example.com", 10**30):
        assert as_bob.post(f"{url}change/", {"contact": str(choice)}, headers=fragment("details")).status_code == 422
    assert reloaded(acme, ticket).contact == ticket.contact


def test_an_erased_requester(as_bob: Client, acme: Workspace, url: str, ticket: Ticket) -> None:
    with workspace(acme):
        Contact.objects.for_workspace(acme).update(
            email=None, email_key=None, name="", erased_at=Now(), deleted_at=Now()
        )
    assert "Deleted person" in text_of(as_bob.get(url))
    assert as_bob.post(f"{url}reply/", {"kind": "reply", "body": "Hello?"}).status_code == 422
    assert as_bob.post(f"{url}reply/", {"kind": "note", "body": "Erased."}).status_code == 302


def test_mails_html_is_shown_with_its_pictures(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    with workspace(acme):
        quoted = "<blockquote>old <blockquote>older</blockquote></blockquote>"
        html = f'<p>See</p><img src="cid:smoke@here" alt="Smoke">{quoted}'
        message = MessageFactory(workspace=acme, ticket=ticket, body_html=html)
        row = message.attachments.create(
            workspace=acme, filename="a.png", content_type="image/png", size=1, content_id="smoke@here", file="x"
        )
    text = text_of(as_bob.get(url))
    assert f'<img src="{acme.url("tickets:attachment", row.signed)}" alt="Smoke"' in text
    assert f"•••</summary>{quoted}</details>" in text


def test_remote_images_are_loaded_when_asked_for_and_never_by_a_guessed_link(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str
) -> None:
    with workspace(acme):
        html = mailhtml.sanitize("<p>See</p><img src='https://shop.example/a.png' alt='Sale'>")
        messages = [MessageFactory(workspace=acme, ticket=ticket, body_html=html) for _ in range(2)]
    answer = as_bob.get(url)
    assert text_of(answer).count("Show images") == 2
    assert "shop.example" not in text_of(answer)
    for forged in ("1", str(messages[0].pk), f"{messages[0].pk}:x"):
        answer = as_bob.get(url, {"images": forged})
        assert "shop.example" not in text_of(answer)
        assert "https:" not in answer["Content-Security-Policy"]
    address = re.findall(r'href="([^"]*)">Show images', text_of(answer))[0]
    answer = as_bob.get(unescape(address).partition("#")[0])
    text = text_of(answer)
    assert text.count('<img src="https://shop.example/a.png" alt="Sale"') == 1, "of that message alone"
    assert text.count("Show images") == 1
    assert "img-src 'self' https: http:;" in answer["Content-Security-Policy"] + ";"


@pytest.mark.parametrize(
    ("content_type", "is_shown"), [("image/png", True), ("image/svg+xml", False), ("text/html", False)]
)
def test_only_pictures_are_shown_in_a_mail(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str, content_type: str, is_shown: bool
) -> None:
    with workspace(acme):
        message = MessageFactory(workspace=acme, ticket=ticket, body_html='<img src="cid:a@b" alt="Smoke">')
        message.attachments.create(
            workspace=acme, filename="a", content_type=content_type, size=1, content_id="a@b", file="x"
        )
    assert ('alt="Smoke"' in text_of(as_bob.get(url))) is is_shown


def test_a_signature_is_folded(as_bob: Client, acme: Workspace, ticket: Ticket, url: str) -> None:
    with workspace(acme):
        MessageFactory(workspace=acme, ticket=ticket, body_text="See https://a.example\n\n-- \nDana\n\n> before")
    text = text_of(as_bob.get(url))
    assert 'aria-label="Show signature">•••</summary><p>-- <br>Dana' in text
    assert '<a href="https://a.example" target="_blank" rel="noopener noreferrer nofollow">' in text


def test_the_number_of_queries(
    as_bob: Client, acme: Workspace, alice: User, ticket: Ticket, url: str, django_assert_max_num_queries: Any
) -> None:
    with workspace(acme):
        for number in range(8):
            field = FieldFactory(workspace=acme, featured=True)
            values.write(acme, ticket.contact_id, field, f"Value {number}")
        for number in range(30):
            message = MessageFactory(workspace=acme, ticket=ticket, author_contact=ticket.contact)
            message.attachments.create(
                workspace=acme, filename="x", content_type="text/plain", size=1, file=f"{number}"
            )
            ticket.change(Actor.agent(alice), status=("pending", "open")[number % 2])
    for more in (1, 0):  # the first time it is written down that it was seen
        with django_assert_max_num_queries(18 + 3 + more):  # three are of the transaction that wraps it in a test
            assert "Value 7" in text_of(as_bob.get(url))


def test_a_message_alone_polls_until_its_state_is_final(
    as_bob: Client, acme: Workspace, ticket: Ticket, url: str
) -> None:
    with workspace(acme):
        message = reply_of(ticket, state="queued")
    own = acme.url("tickets:message", message.pk)
    assert f'hx-get="{own}" hx-trigger="every 2s"' in text_of(as_bob.get(url))
    with workspace(acme):
        Message.objects.for_workspace(acme).filter(pk=message.pk).update(state="sent")
    text = text_of(as_bob.get(own, headers=fragment(f"state-{message.pk}")))
    assert "Sent" in text
    assert "hx-get" not in text
    assert "every" not in text_of(as_bob.get(url))
    assert as_bob.get(own)["Location"] == f"{url}#message-{message.pk}"


def test_it_is_nobody_elses(as_charlie: Client, globex: Workspace, ticket: Ticket, url: str) -> None:
    assert as_charlie.get(url).status_code == 404
    assert as_charlie.get(globex.url("tickets:detail", ticket.number)).status_code == 404
    assert as_charlie.post(globex.url("tickets:change", ticket.number), {"status": "closed"}).status_code == 404
