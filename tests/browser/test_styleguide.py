"""Every component in every state, in each look: axe-core and the console find nothing, and nothing scrolls sideways."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

PAGE = "/styleguide/"


@pytest.fixture(autouse=True)
def debug(settings: Any) -> None:
    settings.DEBUG = True


def test_the_page(page: Page, look: str, axe: Callable[[], None]) -> None:
    page.goto(PAGE)
    expect(page.get_by_role("combobox", name="Owner").first).to_be_visible()
    axe()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_buttons_ask_for(page: Page, look: str, axe: Callable[[], None]) -> None:
    page.goto(PAGE)
    page.get_by_role("button", name="Delete + Undo").click()
    toasts = page.locator("#toasts")
    expect(toasts.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Delete organization").click()
    dialog = page.get_by_role("dialog", name="Delete “Hafen & Söhne”?")
    expect(dialog).to_be_visible()
    axe()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_a_line_is_edited_in_place(page: Page) -> None:
    page.goto(PAGE)
    page.get_by_role("button", name="Edit Seats 0: 50").click()
    page.get_by_role("textbox", name="Seats 0").press("Enter")
    expect(page.locator("#field-0")).to_contain_text("Saved")


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_error_pages(page: Page, look: str, axe: Callable[[], None], expected_statuses: set[int], status: int) -> None:
    expected_statuses.add(status)
    page.goto(f"{PAGE}?error={status}")
    expect(page.locator("main b")).to_have_text(str(status))
    axe()
