"""The command palette by keyboard and by touch: open, find, go, and what it says when nothing comes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from contacts import searching
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, TicketFactory


@pytest.fixture
def desk(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    with workspace(acme):
        lena = ContactFactory(workspace=acme, name="Lena Fischer", email="lena@hafen.example")
        searching.index([lena])
        TicketFactory(workspace=acme, subject="Invoice shows the old VAT number", contact=lena)
    sign_in(bob)
    return acme


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search or go to")


def test_by_keyboard_to_what_is_found(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("contacts:list"))
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    page.keyboard.type("lena")
    expect(page.get_by_role("option", name="Lena Fischer lena@hafen.example")).to_be_visible()
    page.keyboard.press("ArrowDown")
    ticket = page.get_by_role("option", name="Invoice shows the old VAT number")
    expect(box(page)).to_have_attribute("aria-activedescendant", ticket.get_attribute("id") or "none")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(desk.url("tickets:detail", 1) + "$"))


def test_a_quick_enter_waits_for_the_answer(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("contacts:list"))
    page.keyboard.press("Meta+k")
    expect(box(page)).to_be_focused()
    page.keyboard.type("#1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(desk.url("tickets:detail", 1) + "$"))


def test_escape_gives_the_focus_back(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("contacts:list"))
    search = page.get_by_role("searchbox", name="Search contacts")
    search.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("x")  # at once, before the dialog has come
    expect(box(page)).to_have_value("x")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(search).to_be_focused()
    expect(search).to_have_value("")


def test_the_list_is_as_wide_as_the_dialog(page: Page, desk: Workspace) -> None:
    page.set_viewport_size({"width": 1440, "height": 400})  # so that it scrolls
    page.goto(desk.url("contacts:list"))
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    listed = page.get_by_role("dialog").get_by_role("listbox")
    before = listed.bounding_box()
    listed.evaluate("(list) => { list.scrollTop = 40; }")
    page.wait_for_function("(list) => list.scrollTop > 0", arg=listed.element_handle())
    page.evaluate("() => new Promise(requestAnimationFrame)")  # scroll events come with the next frame
    page.evaluate("() => new Promise(requestAnimationFrame)")
    assert listed.bounding_box() == before


def test_an_action_opens_over_the_page(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("tickets:inbox"))
    page.keyboard.press("Control+k")
    expect(box(page)).to_be_focused()
    page.keyboard.type("new con")
    page.get_by_role("option", name="New contact").click()
    name = page.get_by_role("dialog", name="New contact").get_by_label("Name")
    name.fill("Alice")
    page.keyboard.press("Control+k")  # what is written isn't lost
    expect(name).to_have_value("Alice")
    expect(page).to_have_url(re.compile(desk.url("tickets:inbox") + "$"))


def test_in_each_look(page: Page, desk: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(desk.url("tickets:list"))
    if look.startswith("phone"):
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("navigation", name="More").get_by_role("link", name="Search").click()
    else:
        page.get_by_role("complementary").get_by_role("link", name="Search").click()
    expect(page.get_by_role("option", name="Inbox")).to_be_visible()
    axe()
    box(page).press_sequentially("lena")
    expect(page.get_by_role("group", name="Tickets").get_by_role("option")).to_have_count(1)
    axe()
    box(page).press_sequentially("zz")
    expect(page.get_by_text("No results found")).to_be_visible()
    axe()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_it_says_so_when_the_search_fails_and_tries_again(
    page: Page, desk: Workspace, expected_statuses: set[int]
) -> None:
    expected_statuses.add(503)
    page.goto(desk.url("tickets:list"))
    page.route("**/palette/options/*", lambda route: route.fulfill(status=503))
    page.keyboard.press("Control+k")
    box(page).press_sequentially("len")
    expect(page.get_by_text("The search didn’t work.")).to_be_visible()
    page.unroute("**/palette/options/*")
    box(page).press_sequentially("a")
    expect(page.get_by_role("option", name="Lena Fischer lena@hafen.example")).to_be_visible()


def test_the_keys_are_listed(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("tickets:list"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Command palette")
