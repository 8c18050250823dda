"""A fresh installation in a browser, up to the first steps."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.workspaces.models import User, Workspace


@pytest.mark.usefixtures("db")
def test_from_nothing_to_the_first_mailbox(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_label("Workspace").fill("Acme Support")
    page.get_by_label("Your name").fill("Dana Cole")
    page.get_by_label("Email").fill("dana@acme.example")
    page.get_by_label("Password").fill("a long new one")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/")
    steps = page.get_by_role("region", name="First steps 0 of 4")
    steps.get_by_role("link", name="Add a mailbox").click()
    page.get_by_role("textbox", name="Address", exact=True).fill("support@acme.example")
    page.get_by_role("button", name="Create mailbox").click()
    expect(page.get_by_role("heading", name="support@acme.example")).to_be_visible()
    page.get_by_role("link", name="Tickets").first.click()
    steps = page.get_by_role("region", name="First steps 1 of 4")
    expect(steps.get_by_role("link", name="Add a mailbox")).to_have_count(0)
    steps.get_by_role("button", name="Dismiss").click()
    expect(steps).to_have_count(0)
    page.reload()
    expect(page.get_by_text("First steps")).to_have_count(0)


@pytest.mark.usefixtures("db", "look")
def test_the_first_page_is_accessible(page: Page, axe: Callable[[], None]) -> None:
    page.goto("/welcome/")
    axe()
    page.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    axe()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.usefixtures("look")
def test_the_first_steps_are_accessible(
    page: Page, acme: Workspace, alice: User, sign_in: Callable[[User], None], axe: Callable[[], None]
) -> None:
    sign_in(alice)
    page.goto(acme.url("tickets:list"))
    expect(page.get_by_text("First steps")).to_be_visible()
    axe()
