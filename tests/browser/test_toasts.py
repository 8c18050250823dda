"""What went wrong is said where one is: in a dialog, nothing behind it is seen, heard or reached."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.workspaces.models import User, Workspace

GONE = "Something went wrong. Nothing was changed; try again."


@pytest.fixture
def expected_statuses() -> set[int]:
    return {500}


def test_an_error_in_a_dialog(
    page: Page, acme: Workspace, bob: User, sign_in: Callable[[User], None], look: str, axe: Callable[[], None]
) -> None:
    sign_in(bob)
    page.goto(acme.url("organizations:list"))
    page.get_by_role("link", name="New organization").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Fathom")
    page.route("**/organizations/new/", lambda route: route.fulfill(status=500))
    save = dialog.get_by_role("button", name="Save")
    save.click()
    said = dialog.get_by_role("alert").filter(has_text=GONE)
    expect(said).to_be_visible()
    expect(said).to_be_in_viewport(ratio=1)
    box = said.bounding_box()
    assert box
    assert said.evaluate(
        "(toast, at) => toast.contains(document.elementFromPoint(...at))", [box["x"] + 5, box["y"] + 5]
    )
    axe()
    save.click()
    expect(said).to_have_count(1)
    said.get_by_role("button", name="Dismiss").click()
    expect(said).to_have_count(0)
    save.click()
    expect(said).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text(GONE)).to_be_visible()  # it was perhaps not read yet
    axe()
    page.unroute("**/organizations/new/")
    page.get_by_role("link", name="New organization").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Fathom")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Fathom", exact=True)).to_be_visible()
    expect(page.get_by_text(GONE)).to_have_count(0)  # it went well since
