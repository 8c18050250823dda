"""The pages before the frame, as people see them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.workspaces.models import User, Workspace


def test_an_agent_signs_in_with_the_keyboard(page: Page, acme: Workspace, bob: User) -> None:
    page.goto(acme.url("settings:workspace"))
    page.get_by_label("Email").fill(bob.email)
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Email or password is wrong.")
    expect(page.get_by_label("Email")).to_have_value(bob.email)
    page.get_by_label("Password").fill("password")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{acme.url('settings:workspace')}")


@pytest.mark.parametrize("path", ["login", "logout", "signup", "password/reset", "password/reset/done", "inactive"])
def test_pages_before_the_frame_are_accessible(
    page: Page, look: str, axe: Callable[[], None], bob: User, sign_in: Callable[[User], None], path: str
) -> None:
    if path == "logout":
        sign_in(bob)
    page.goto(f"/accounts/{path}/")
    axe()
