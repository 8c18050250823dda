"""Saved views, chips that are edited in place, and an exact count, as agents use them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from contacts import searching
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, TicketFactory

ROWS = "[data-row]"


@pytest.fixture
def people(acme: Workspace, alice: User, sign_in: Callable[[User], None]) -> Workspace:
    """Three contacts, two of them with tags, a ticket, and an admin at the screen."""
    with workspace(acme):
        define(acme, "Plan", "select", options=["Gold", "Silver"])
        contacts = [ContactFactory(workspace=acme, name=name) for name in ("Dana Cole", "José Núñez", "Ravi Shah")]
        searching.index(contacts)
        for contact, names in zip(contacts, (["vip", "beta"], ["vip"]), strict=False):
            contact.set_tags(names)
        TicketFactory(workspace=acme, contact=contacts[0], subject="Webhooks twice", priority=4)
    sign_in(alice)
    return acme


def save_view(page: Page, name: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile(r"[?&]view=\d+"))


def test_a_view_of_contacts(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(people.url("contacts:list") + "?tag=vip&sort=name")
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="Views").click()
    axe()
    page.locator("#views").get_by_role("link", name="Save as view").click()
    page.get_by_role("dialog").get_by_label("Everybody in the workspace").check()
    axe()
    save_view(page, "Important")
    expect(page.get_by_role("button", name="Important")).to_be_visible()
    expect(page.locator("#view-changed")).to_have_count(0)
    page.get_by_role("searchbox", name="Search contacts").press_sequentially("nunez")
    expect(page.locator("#view-changed")).to_contain_text("Important changed")
    expect(page.locator("mark").first).to_have_text("Núñez")
    axe()
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#view-changed")).to_have_count(0)
    page.goto(people.url("contacts:list"))
    expect(page.locator(ROWS)).to_have_count(3)
    page.get_by_role("button", name="Views").click()
    page.locator("#views").get_by_role("link", name="Important").click()
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Important").click()
    page.locator("#views").get_by_role("link", name="Manage views").click()
    axe()
    page.get_by_role("dialog").get_by_role("link", name="Edit Important").click()
    page.get_by_role("dialog").get_by_role("link", name="Delete").click()
    axe()
    page.get_by_role("button", name="Delete view").click()
    expect(page.get_by_role("button", name="Views")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(3)


def test_the_columns_of_a_view(page: Page, people: Workspace) -> None:
    page.goto(people.url("contacts:list"))
    page.get_by_role("button", name="Views").click()
    page.locator("#views").get_by_role("link", name="Save as view").click()
    save_view(page, "Mine")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Created").check()
    expect(page.get_by_role("columnheader", name="Created")).to_be_visible()
    page.get_by_role("button", name="Move Created up").click()
    expect(page.locator("#view-changed")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Search contacts").fill("dana")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Created")).to_be_visible()
    page.get_by_role("link", name="Discard").click()
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.get_by_role("columnheader", name="Created")).to_have_count(0)


def test_views_are_put_in_order(page: Page, people: Workspace) -> None:
    for name in ("First", "Second"):
        page.goto(people.url("contacts:list"))
        page.get_by_role("button", name="Views").click()
        page.locator("#views").get_by_role("link", name="Save as view").click()
        save_view(page, name)
    page.get_by_role("button", name="Second").click()
    page.locator("#views").get_by_role("link", name="Manage views").click()
    with page.expect_response(re.compile("/views/order/")):
        page.get_by_role("button", name="Move Second up").click()
    page.reload()
    expect(page.get_by_role("navigation", name="Views", exact=True).get_by_role("link")).to_have_text(
        ["Second", "First"]
    )


def test_a_view_of_tickets(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(people.url("tickets:list") + "?priority=urgent&status=open")
    page.get_by_role("link", name="Save view").click()
    axe()
    save_view(page, "Burning")
    tab = page.get_by_role("navigation", name="Ticket views").get_by_role("link", name="Burning 1")
    expect(tab).to_have_attribute("aria-current", "page")
    page.get_by_role("searchbox", name="Search tickets").fill("webhooks")
    expect(page.locator("#view-changed")).to_be_visible()
    axe()
    page.get_by_role("link", name="Manage views").click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Burning", exact=True)).to_be_visible()


def test_a_chip_is_edited_in_place(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    page.goto(people.url("contacts:list") + "?tag=vip&cf_plan__empty=true")
    expect(page.locator(ROWS)).to_have_count(2)
    chip = page.get_by_role("button", name="Tag has vip")
    chip.focus()
    page.keyboard.press("Enter")
    popover = page.get_by_role("dialog", name="Filter contacts")
    popover.get_by_label("Value for Tag").select_option("beta")
    axe()
    popover.get_by_role("button", name="Show contacts").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"tag=beta"))
    expect(page).to_have_url(re.compile(r"cf_plan__empty=true"))
    page.get_by_role("searchbox", name="Search contacts").press("Enter")  # removes no chip
    expect(page.get_by_role("button", name="Tag has beta")).to_be_visible()


def test_an_exact_count(page: Page, people: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.views.table.COUNTED", 1)
    monkeypatch.setattr("contacts.savedviews.LIMITS", (1, 50))
    page.goto(people.url("contacts:list") + "?tag=vip")
    footer = page.locator(".foot")
    expect(footer).to_contain_text("1–1 of 1+")
    page.get_by_role("button", name="Next page").or_(page.get_by_role("link", name="Next page")).click()
    expect(footer.get_by_role("link", name="Previous page")).to_be_visible()
    expect(footer.get_by_role("link", name="Count all")).to_be_visible()  # which comes after the rows
    expect(footer).to_contain_text("1 of 1+")
    page.get_by_role("checkbox", name="Select all on this page").check()
    expect(page.get_by_text("Select all 1+ that match")).to_be_visible()
    held: list[Route] = []
    page.route("**/*count=true*", lambda route: held.append(route))
    footer.get_by_role("link", name="Count all").click()
    expect(footer.get_by_text("counting…")).to_be_visible()
    held.pop().continue_()
    expect(footer).to_contain_text("1 of 2")
    expect(page.get_by_text("Select all 2 that match")).to_be_visible()
