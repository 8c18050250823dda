"""One's own settings and two-step sign-in, in a browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.workspaces.models import User, Workspace
from tests.workspaces.test_two_steps import code


def test_name_zone_and_theme(page: Page, acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> None:
    sign_in(bob)
    page.goto(acme.url("tickets:list"))
    page.get_by_role("button", name="Account: Bob").click()
    page.get_by_role("link", name="Profile").click()
    page.get_by_label("Name").fill("Robert")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("auckland")
    zone.press("Enter")
    page.get_by_label("Dark").check()
    page.get_by_label("In one that nobody is assigned to").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Account: Robert")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    bob.refresh_from_db()
    assert bob.time_zone == "Pacific/Auckland"


def test_two_step_sign_in_from_start_to_end(page: Page, acme: Workspace, bob: User) -> None:
    page.goto(acme.url("settings:profile"))
    page.get_by_label("Email").fill(bob.email)
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Set up").click()
    page.get_by_role("link", name="Set up").click()
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.get_by_label("Code from the app").fill(code(page.locator("#secret").inner_text()))
    page.get_by_role("button", name="Switch on").click()
    codes = page.locator("#codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.context.clear_cookies()
    page.goto(acme.url("settings:profile"))
    page.get_by_label("Email").fill(bob.email)
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_text("On: a code from your phone")).to_be_visible()


@pytest.mark.usefixtures("look")
def test_pages_are_accessible(page: Page, acme: Workspace, alice: User, axe: Callable[[], None]) -> None:
    def look_at(*urls: str) -> None:
        for url in urls:
            page.goto(url)
            axe()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url

    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/")
    look_at(acme.url("settings:profile"), "/accounts/password/change/", "/accounts/2fa/", "/accounts/reauthenticate/")
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/")
    look_at("/accounts/2fa/totp/activate/")
    page.get_by_label("Code from the app").fill(code(page.locator("#secret").inner_text()))
    page.keyboard.press("Enter")
    page.wait_for_url("**/recovery-codes/")
    axe()
    look_at("/accounts/2fa/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/totp/deactivate/")
    look_at("/accounts/2fa/reauthenticate/")
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/authenticate/")
    axe()
