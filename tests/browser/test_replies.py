"""A reply on its way, and a mail's remote images, as agents see them."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.tickets.mails import mail
from tests.tickets.test_outbound import SUPPORT
from tickets import mailboxes, tasks
from tickets.inbound import receive
from tickets.models import Message, Ticket

PIXEL = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
HTML = '<p>Look</p><img src="https://shop.example/a.gif" alt="Sale">'


@pytest.fixture
def ticket(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Ticket:
    mailboxes.create(acme, SUPPORT, "ticket")
    receive(mail(HTML, cc="Erin <erin@example.com>", content_type="text/html"), SUPPORT)
    sign_in(bob)
    with workspace(acme):
        return Ticket.objects.for_workspace(acme).get()


def replies(ticket: Ticket) -> list[Message]:
    with workspace(ticket.workspace_id):
        return list(ticket.messages.filter(direction="outbound"))


def test_a_reply_with_copies_is_followed_until_it_is_sent(
    page: Page, ticket: Ticket, look: str, axe: Callable[[], None]
) -> None:
    page.goto(ticket.workspace.url("tickets:detail", ticket.number))
    page.get_by_text("Cc, Bcc").click()
    page.get_by_label("Erin <erin@example.com>").check()
    page.get_by_label("Bcc", exact=True).fill("boss@acme.example, nobody@")
    page.get_by_label("Message", exact=True).fill("Here it is.")
    page.set_input_files(".attach [type=file]", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    axe()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("nobody@: ")).to_be_visible()
    expect(page.get_by_label("Bcc", exact=True)).to_be_focused()
    expect(page.get_by_label("Erin <erin@example.com>")).to_be_checked()
    axe()
    assert replies(ticket) == []
    page.get_by_label("Bcc", exact=True).fill("boss@acme.example")
    page.get_by_role("button", name="Send").click()
    reply = page.locator(".msg.out")
    expect(reply.get_by_text("Sending")).to_be_visible()
    expect(reply.get_by_text("Bcc boss@acme.example")).to_be_visible()
    expect(reply.get_by_text("log.txt")).to_be_visible()
    assert page.evaluate("document.querySelector('.attach [type=file]').files.length") == 0
    (message,) = replies(ticket)
    assert (message.cc, message.bcc) == ("erin@example.com", "boss@acme.example")
    tasks.send(message.workspace_id, message.pk)
    expect(reply.get_by_text("Sent", exact=True)).to_be_visible()
    expect(page.locator("[hx-trigger^=every]")).to_have_count(0)
    axe()


def test_try_again_in_place(page: Page, ticket: Ticket, axe: Callable[[], None]) -> None:
    page.goto(ticket.workspace.url("tickets:detail", ticket.number))
    page.get_by_label("Message", exact=True).fill("Here it is.")
    page.get_by_role("button", name="Send").click()
    reply = page.locator(".msg.out")
    expect(reply.get_by_text("Sending")).to_be_visible()
    (message,) = replies(ticket)
    with workspace(ticket.workspace_id):
        Message.objects.for_workspace(ticket.workspace_id).filter(pk=message.pk).update(
            state="unknown", failure="Gone?"
        )
    page.get_by_label("Message", exact=True).fill("What I write meanwhile stays")
    expect(reply.get_by_text("Gone?")).to_be_visible()
    axe()
    reply.get_by_role("button", name="Try again").click()
    expect(reply.get_by_text("Sending")).to_be_visible()
    tasks.send(message.workspace_id, message.pk)
    expect(reply.get_by_text("Sent", exact=True)).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("What I write meanwhile stays")


def test_remote_images_are_loaded_once_somebody_asks(page: Page, ticket: Ticket, axe: Callable[[], None]) -> None:
    asked: list[dict[str, str]] = []

    def answer(route: Any) -> None:
        asked.append(route.request.headers)
        route.fulfill(body=PIXEL, content_type="image/gif")

    page.route("https://shop.example/**", answer)
    url = ticket.workspace.url("tickets:detail", ticket.number)
    page.goto(url)
    expect(page.get_by_text("Sale")).to_be_visible()
    axe()
    assert asked == []
    page.get_by_role("link", name="Show images").click()
    picture = page.get_by_role("img", name="Sale")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") == 1
    assert ["referer" in headers or "cookie" in headers for headers in asked] == [False]
    page.goto(url)
    expect(page.get_by_role("link", name="Show images")).to_be_visible()
    assert len(asked) == 1, "nothing is remembered"
