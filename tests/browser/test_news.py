"""Two agents at their screens: what one does, and what mail brings, the other sees without reloading."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import User, Workspace
from tests.browser.conftest import PHONE
from tests.browser.test_together import desk_of, edit
from tests.customfields.test_definitions import define
from tests.tickets.mails import mail
from tickets import mailboxes, outbound
from tickets.inbound import receive
from tickets.models import Conversation, Ticket, Viewing

SUPPORT, SALES = "support@acme.example", "sales@acme.example"
ROWS = "[data-row]"
SOON = 5_000  # ms: what a mail that comes in may take


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Pages ask every 4.5 s, and two of them one after the other take longer than Playwright waits by itself."""
    expect.set_options(timeout=10_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def desk(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    """Two tickets and a conversation, and Bob at the screen."""
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, SALES, "inbox")
    with workspace(acme):
        define(acme, "Plan", featured=True)
    bring("Smoke", "one")
    bring("Fire", "two")
    bring("A demo", "three", to=SALES)
    sign_in(bob)
    return acme


@pytest.fixture
def hers(desk: Workspace, alice: User, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    with desk_of(alice, browser, live_server) as page:
        yield page


def bring(subject: str, name: str, to: str = SUPPORT, **headers: Any) -> None:
    receive(mail(f"About {name}", subject=subject, message_id=f"<{name}@example.com>", **headers), to)


def answer(name: str, **headers: Any) -> None:
    """The customer's next mail in a thread."""
    receive(mail("Any news?", message_id=f"<again-{name}@example.com>", in_reply_to=f"<{name}@example.com>"), SUPPORT)


def ticket(desk: Workspace, subject: str) -> Ticket:
    with workspace(desk):
        return Ticket.objects.for_workspace(desk).get(subject=subject)


def test_a_mail_shows_in_open_lists(
    page: Page, desk: Workspace, hers: Page, look: str, axe: Callable[[], None]
) -> None:
    page.goto(desk.url("tickets:list") + "?status=open&status=pending")
    hers.goto(desk.url("tickets:inbox"))
    expect(page.locator(ROWS)).to_have_count(2)
    bring("Water", "four")
    bring("A price", "five", to=SALES)
    expect(page.locator(ROWS).first).to_contain_text("Water", timeout=SOON)
    expect(hers.locator(ROWS).first).to_contain_text("A price", timeout=SOON)
    expect(page.locator("#threads-open")).to_have_text("3 open")
    expect(page.locator(ROWS)).to_have_count(3)
    assert "status=pending" in (page.locator("#threads-news").get_attribute("hx-get") or "")
    axe()


def test_what_one_has_not_seen_is_marked(page: Page, desk: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(desk.url("tickets:list"))
    expect(page.locator(".unread")).to_have_count(2)
    axe()
    page.get_by_role("link", name="Unread: Smoke").click()
    expect(page.get_by_text("About one")).to_be_visible()
    page.go_back()
    expect(page.locator(".unread")).to_have_count(1)
    expect(page.get_by_role("link", name="Smoke")).to_have_accessible_name("Smoke")
    answer("one")
    expect(page.locator(".unread")).to_have_count(2)
    expect(page.locator(ROWS).first).to_contain_text("Smoke")


def test_the_rails_numbers_follow(page: Page, desk: Workspace, hers: Page) -> None:
    """At once where the page hears of it, and when one comes back to a tab."""
    numbers = "nav[aria-label=Main] [data-number={}]"
    page.goto(desk.url("tickets:list"))
    hers.goto(desk.url("contacts:list"))
    expect(hers.locator(numbers.format("tickets"))).to_have_text("2")
    bring("Water", "four")
    expect(page.locator(numbers.format("tickets"))).to_have_text("3")
    hers.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(hers.locator(numbers.format("tickets"))).to_have_text("3")
    with workspace(desk):
        Conversation.objects.for_workspace(desk).change(SYSTEM, status="closed")
    hers.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(hers.locator(numbers.format("conversations"))).to_be_hidden()


def test_all_are_marked_as_read(page: Page, desk: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(desk.url("tickets:list"))
    expect(page.locator(f"{ROWS}.unread")).to_have_count(2)
    page.get_by_role("button", name="More actions").click()
    axe()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("All tickets are marked as read.")).to_be_visible()
    expect(page.locator(f"{ROWS}.unread")).to_have_count(0)
    expect(page.get_by_role("button", name="Mark all as read")).to_be_hidden()
    page.goto(desk.url("tickets:inbox"))
    expect(page.locator(f"{ROWS}.unread")).to_have_count(1)


def test_what_one_does_in_a_list_is_not_taken_away(page: Page, desk: Workspace, axe: Callable[[], None]) -> None:
    page.goto(desk.url("tickets:list"))
    page.get_by_label("Select #1 Smoke").check()
    bring("Water", "four")
    told = page.get_by_text("1 new or changed")
    expect(told).to_be_visible()
    expect(page.locator("#threads-open")).to_have_text("3 open")
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.get_by_label("Select #1 Smoke")).to_be_checked()
    axe()
    page.get_by_label("Select #1 Smoke").uncheck()
    page.get_by_role("button", name="Show").click()
    expect(page.locator(ROWS)).to_have_count(3)
    expect(told).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(ROWS).nth(1).get_by_role("link").first).to_be_focused()
    before = page.evaluate("document.activeElement.textContent")
    bring("Wind", "five")
    expect(page.locator(ROWS)).to_have_count(4)
    assert page.evaluate("document.activeElement.textContent") == before, "the focus goes with its row"
    expect(page.locator(ROWS).nth(2).get_by_role("link").first).to_be_focused()


def test_a_hidden_tab_asks_nothing(page: Page, desk: Workspace) -> None:
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => window.away === true })")
    page.goto(desk.url("tickets:list"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(lambda response: response.status == 304):
        pass
    page.evaluate("away = true")
    page.wait_for_timeout(500)  # one may have been on its way
    asked.clear()
    page.wait_for_timeout(5_000)
    assert asked == []
    bring("Water", "four")
    page.evaluate("away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(ROWS)).to_have_count(3)


def test_a_thread_gets_its_messages_while_one_writes(
    page: Page, desk: Workspace, hers: Page, look: str, axe: Callable[[], None]
) -> None:
    smoke = ticket(desk, "Smoke")
    url = desk.url("tickets:detail", smoke.number)
    page.goto(url)
    page.get_by_label("Message", exact=True).fill("Dear Dana, I")
    page.evaluate("document.querySelector('.msg').dataset.kept = 'yes'")
    answer("one")
    expect(page.get_by_text("Any news?")).to_be_visible()
    hers.goto(url)
    hers.get_by_label("Status").select_option("Pending")
    expect(page.locator(".event").filter(has_text="Alice changed status")).to_be_visible()
    expect(page.locator("#thread-header")).to_contain_text("Pending")
    expect(page.locator(".msg[data-kept=yes]")).to_have_count(1)
    expect(page.locator(".msg")).to_have_count(2)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Dana, I")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.locator("#details select[name=status]")).to_have_value("pending")
    axe()


def test_details_wait_until_they_are_left(page: Page, desk: Workspace, hers: Page) -> None:
    smoke = ticket(desk, "Smoke")
    url = desk.url("tickets:detail", smoke.number)
    page.goto(url)
    edit(page, "Plan")
    page.keyboard.type("Gold")
    with workspace(desk):
        smoke.change(Actor.agent(User.objects.get(name="Alice")), priority=4)
    expect(page.locator(".event").filter(has_text="Alice changed priority")).to_be_visible()
    expect(page.locator("form.editing input:focus")).to_have_value("Gold")
    expect(page.locator("select[name=priority]")).to_have_value("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Edit Plan: Gold")).to_be_visible()
    page.get_by_label("Message", exact=True).focus()
    expect(page.locator("select[name=priority]")).to_have_value("4")
    expect(page.get_by_role("button", name="Edit Plan: Gold")).to_be_visible()


def test_a_new_message_below_is_told(page: Page, desk: Workspace, axe: Callable[[], None]) -> None:
    page.set_viewport_size(PHONE)
    smoke = ticket(desk, "Smoke")
    with workspace(desk):
        for number in range(12):
            outbound.reply(
                smoke, Actor.agent(User.objects.get(name="Bob")), f"Note {number}\n\nof some lines", note=True
            )
    page.goto(desk.url("tickets:detail", smoke.number))
    page.locator("#thread-scroll").evaluate("box => box.scrollTo(0, 0)")
    answer("one")
    jump = page.get_by_role("button", name="New message")
    expect(jump).to_be_visible()
    expect(page.get_by_text("Any news?")).not_to_be_in_viewport()
    axe()
    jump.click()
    expect(page.get_by_text("Any news?")).to_be_in_viewport()
    expect(jump).to_be_hidden()


@pytest.mark.parametrize("where", ["ticket", "conversation"])
def test_who_else_is_looking(
    page: Page, desk: Workspace, hers: Page, look: str, axe: Callable[[], None], where: str
) -> None:
    with workspace(desk):
        conversation = Conversation.objects.for_workspace(desk).get()
    url = {
        "ticket": desk.url("tickets:detail", ticket(desk, "Smoke").number),
        "conversation": desk.url("tickets:conversation", conversation.pk),
    }[where]
    page.goto(url)
    hers.goto(url)
    expect(page.get_by_text("Alice is also viewing")).to_be_visible()
    expect(hers.get_by_text("Bob is also viewing")).to_be_visible()
    axe()
    hers.goto(desk.url("tickets:list"))
    with workspace(desk):  # rather than wait for it to become old
        Viewing.objects.for_workspace(desk).filter(user__name="Alice").update(at="2026-01-01T00:00Z")
    expect(page.get_by_text("Alice is also viewing")).to_have_count(0)


def test_who_was_signed_out_keeps_what_they_wrote(page: Page, desk: Workspace, expected_statuses: set[int]) -> None:
    expected_statuses.add(401)
    page.goto(desk.url("tickets:detail", ticket(desk, "Smoke").number))
    page.get_by_label("Message", exact=True).fill("Dear Dana")
    expect(page.get_by_text("Draft saved")).to_be_visible()
    page.context.clear_cookies()
    with page.expect_response(lambda response: response.status == 401):
        pass
    expect(page.get_by_label("Message", exact=True)).to_have_value("Dear Dana")
    expect(page.locator("[data-news]")).to_have_count(0)
