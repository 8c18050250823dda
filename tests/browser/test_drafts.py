"""Writing: a draft that outlives a reload and follows to another device, and files by drop and by paste."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.browser.test_replies import replies
from tests.browser.test_together import desk_of
from tests.factories import ContactFactory, MailboxFactory, MessageFactory, TicketFactory
from tickets.models import Draft, Ticket

# Files that come by the mouse or the clipboard: (selector, event, [[name, type, size], …]).
BRING = """([selector, name, files]) => {
  const held = new DataTransfer();
  for (const [name, type, size] of files) held.items.add(new File([new Uint8Array(size)], name, { type }));
  const options = { bubbles: true, cancelable: true, dataTransfer: held, clipboardData: held };
  const kind = name === "paste" ? ClipboardEvent : DragEvent;
  document.querySelector(selector).dispatchEvent(new kind(name, options));
}"""


@pytest.fixture
def ticket(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Ticket:
    with workspace(acme):
        mailbox = MailboxFactory(workspace=acme, address="support@acme.example")
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@fathom.example")
        ticket = TicketFactory(workspace=acme, contact=dana, subject="Smoke", mailbox=mailbox)
        MessageFactory(workspace=acme, ticket=ticket, author_contact=dana)
    sign_in(bob)
    return ticket


@pytest.fixture
def url(ticket: Ticket) -> str:
    return ticket.workspace.url("tickets:detail", ticket.number)


def body(page: Page) -> Any:
    return page.get_by_label("Message", exact=True)


def files(page: Page) -> Any:
    return page.get_by_role("list", name="Files to attach").get_by_role("listitem")


def drafts(ticket: Ticket) -> list[str]:
    with workspace(ticket.workspace_id):
        rows = Draft.objects.for_workspace(ticket.workspace_id).filter(discarded=False)
        return list(rows.values_list("body", flat=True))


def test_a_draft_through_reload_and_on_another_device(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    ticket: Ticket,
    url: str,
    alice: User,
    bob: User,
    look: str,
    axe: Callable[[], None],
) -> None:
    page.goto(url)
    body(page).press_sequentially("Dear Dana,")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.get_by_text("Cc, Bcc").click()
    with page.expect_response("**/draft/"):
        page.get_by_label("Cc", exact=True).fill("erin@example.com")
    page.set_input_files(".attach [type=file]", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    expect(page.get_by_role("link", name="log.txt")).to_be_visible()
    axe()
    page.reload()
    expect(body(page)).to_have_value("Dear Dana,")
    expect(files(page)).to_have_text(["log.txt5 bytes"])
    expect(page.get_by_label("Cc", exact=True)).to_have_value("erin@example.com")
    with desk_of(bob, browser, live_server) as phone:
        phone.goto(url)
        expect(body(phone)).to_have_value("Dear Dana,")
        expect(files(phone)).to_have_text(["log.txt5 bytes"])
        phone.locator("label", has_text="Internal note").click()
        with phone.expect_response("**/draft/"):
            body(phone).fill("Dear Dana, it burns.")
    with desk_of(alice, browser, live_server) as hers:
        hers.goto(url)
        expect(body(hers)).to_have_value("")
        expect(hers.get_by_text("log.txt")).to_have_count(0)
    page.reload()
    expect(body(page)).to_have_value("Dear Dana, it burns.")
    expect(page.get_by_label("Internal note")).to_be_checked()


def test_sent_at_once_it_leaves_no_draft(page: Page, ticket: Ticket, url: str) -> None:
    page.goto(url)
    for number in range(3):
        body(page).press_sequentially(f"Note {number}", delay=1)
        if number == 2:
            page.wait_for_timeout(800)  # the draft is on its way
        page.keyboard.press("Control+Enter")
        expect(page.locator(".msg.out")).to_have_count(number + 1)
        expect(body(page)).to_have_value("")
    page.wait_for_timeout(1_000)
    assert drafts(ticket) == []
    assert [reply.body_text for reply in replies(ticket)] == ["Note 0", "Note 1", "Note 2"]
    expect(page.get_by_text("Draft saved")).to_have_count(0)


def test_discard_and_undo(page: Page, ticket: Ticket, url: str, axe: Callable[[], None]) -> None:
    page.goto(url)
    body(page).fill("Dear Dana")
    page.get_by_role("button", name="Discard draft").click()
    expect(body(page)).to_have_value("")
    expect(body(page)).to_be_focused()
    expect(page.get_by_text("Draft discarded")).to_be_visible()
    axe()
    assert drafts(ticket) == []
    page.get_by_role("button", name="Undo").click()
    expect(body(page)).to_have_value("Dear Dana")
    assert drafts(ticket) == ["Dear Dana"]
    page.wait_for_timeout(1_000)
    expect(body(page)).to_have_value("Dear Dana")


def test_a_draft_that_cannot_be_saved_is_said(page: Page, ticket: Ticket, url: str) -> None:
    page.goto(url)
    write = "(box, text) => { box.value = text; box.dispatchEvent(new Event('input', { bubbles: true })); }"
    body(page).evaluate(write, "x" * 1_000_001)
    expect(page.get_by_text("Draft not saved")).to_be_visible()
    body(page).evaluate(write, "Dear Dana")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    expect(page.get_by_text("Draft not saved")).to_be_hidden()


def test_files_by_drop_and_paste(page: Page, ticket: Ticket, url: str, look: str, axe: Callable[[], None]) -> None:
    page.goto(url)
    page.evaluate(BRING, ["#messages", "dragover", [["log.txt", "text/plain", 2048]]])
    expect(page.locator("#composer")).to_have_class("composer dropping")
    page.evaluate(BRING, ["#messages", "drop", [["log.txt", "text/plain", 2048], ["big.zip", "", 21 * 2**20]]])
    expect(page.locator("#composer")).to_have_class("composer")
    expect(files(page)).to_have_text(["log.txt2.0 KB"])
    expect(page.get_by_role("alert").filter(has_text="big.zip (21 MB) can’t be attached")).to_be_visible()
    axe()
    page.evaluate(BRING, ["#composer textarea", "paste", [["image.png", "image/png", 10]]])
    expect(page.get_by_role("link", name="Pasted ")).to_be_visible()  # uploads end in any order
    page.set_input_files(".attach [type=file]", {"name": "more.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    expect(page.get_by_role("link", name="more.txt")).to_be_visible()
    expect(files(page)).to_have_count(3)
    expect(files(page).nth(1)).to_contain_text("Pasted ")
    expect(page.get_by_text("more.txt is attached")).to_be_attached()
    expect(page.get_by_text("can’t be attached")).to_be_hidden()
    page.get_by_role("button", name="Remove log.txt").click()
    expect(files(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Remove Pasted")).to_be_focused()
    axe()
    body(page).fill("Here it is.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg.out .file")).to_have_count(2)
    expect(files(page)).to_have_count(0)
    (reply,) = replies(ticket)
    with workspace(ticket.workspace_id):
        assert [file.size for file in reply.attachments.order_by("id")] == [10, 5]


def test_pasted_text_stays_text(page: Page, ticket: Ticket, url: str) -> None:
    page.goto(url)
    page.evaluate(
        """() => {
          const held = new DataTransfer();
          held.items.add(new File([new Uint8Array(9)], "image.png", { type: "image/png" }));
          held.setData("text/plain", "a table");
          const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: held });
          window.taken = !document.querySelector("#composer textarea").dispatchEvent(event);
        }"""
    )
    assert page.evaluate("taken") is False
    expect(page.locator("#picked > li")).to_have_count(0)


def held_back(page: Page, ticket: Ticket) -> list[Any]:
    """The uploads from here on, which go on when a test says so."""
    routes: list[Any] = []
    page.route("**/draft/files/", lambda route: routes.append(route))
    return routes


def test_a_reply_waits_for_its_files(page: Page, ticket: Ticket, url: str, look: str, axe: Callable[[], None]) -> None:
    page.goto(url)
    uploads = held_back(page, ticket)
    page.set_input_files(".attach [type=file]", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    expect(page.get_by_role("progressbar", name="Uploading log.txt")).to_be_visible()
    body(page).fill("Here it is.")
    expect(page.get_by_text("Draft saved")).to_be_visible()  # the text doesn't wait
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    assert replies(ticket) == []
    uploads.pop().continue_()
    expect(page.locator(".msg.out .file")).to_have_text("log.txt 5 bytes")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    assert len(replies(ticket)) == 1
    axe()


def test_a_file_that_did_not_arrive(
    page: Page, ticket: Ticket, url: str, expected_statuses: set[int], axe: Callable[[], None]
) -> None:
    expected_statuses.add(503)
    page.goto(url)
    uploads = held_back(page, ticket)
    page.set_input_files(".attach [type=file]", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"smoke"})
    expect(page.get_by_role("progressbar")).to_be_visible()
    body(page).fill("Here it is.")
    page.keyboard.press("Control+Enter")
    uploads.pop().fulfill(status=503)
    expect(page.get_by_role("alert").filter(has_text="Not uploaded")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    axe()
    assert replies(ticket) == [], "it isn't sent without its file"
    page.get_by_role("button", name="Upload again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    uploads.pop().continue_()
    expect(page.get_by_role("link", name="log.txt")).to_be_visible()
    page.set_input_files(".attach [type=file]", {"name": "b.txt", "mimeType": "text/plain", "buffer": b"b"})
    expect(page.get_by_role("progressbar", name="Uploading b.txt")).to_be_visible()
    page.get_by_role("button", name="Remove b.txt").click()
    expect(files(page)).to_have_count(1)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg.out .file")).to_have_text("log.txt 5 bytes")


def test_one_that_the_server_refuses(page: Page, ticket: Ticket, url: str, look: str, axe: Callable[[], None]) -> None:
    """Another tab has put something into the draft meanwhile."""
    page.goto(url)
    big = {"name": "big.bin", "mimeType": "", "buffer": b"x" * (11 * 2**20)}
    other = page.context.new_page()
    other.goto(url)
    other.set_input_files(".attach [type=file]", big)
    expect(other.get_by_role("link", name="big.bin")).to_be_visible()
    other.close()
    page.set_input_files(".attach [type=file]", {**big, "name": "second.bin"})
    expect(page.get_by_role("alert").filter(has_text="second.bin: The attachments of a message")).to_be_visible()
    axe()
    page.locator("#picked").get_by_role("button", name="Dismiss").click()
    expect(files(page)).to_have_count(0)
    page.reload()
    expect(files(page)).to_have_text(["big.bin11.0 MB"])
    with page.expect_response("**/draft/"):
        page.get_by_role("button", name="Remove big.bin").click()
    expect(files(page)).to_have_count(0)
    assert drafts(ticket) == []


def test_without_javascript_files_go_with_the_form(
    browser: Browser, live_server: LiveServer, ticket: Ticket, url: str, bob: User
) -> None:
    with desk_of(bob, browser, live_server, java_script_enabled=False) as plain:
        plain.goto(url)
        plain.get_by_label("Message", exact=True).fill("Here it is.")
        plain.set_input_files(".attach [type=file]", {"name": "log.txt", "mimeType": "text/plain", "buffer": b"smoke"})
        plain.get_by_role("button", name="Send").click()
        expect(plain.locator(".msg.out .file")).to_have_text("log.txt 5 bytes")
