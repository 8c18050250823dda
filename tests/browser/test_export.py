"""Exporting from the Contacts page: what the search shows, and what is selected."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Download, Page, expect

from contacts import searching
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory

ROWS = "[data-row]"


@pytest.fixture
def people(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    with workspace(acme):
        names = ("Dana Cole", "José Núñez", "Priya Raman")
        searching.index([ContactFactory(workspace=acme, name=name) for name in names])
    sign_in(bob)
    return acme


def names(download: Download) -> list[str]:
    lines = download.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Name,Email,Organization")
    return [line.partition(",")[0] for line in lines[1:]]


def test_what_is_searched_and_what_is_selected(
    page: Page, people: Workspace, look: str, axe: Callable[[], None]
) -> None:
    page.goto(people.url("contacts:list") + "?sort=name")
    page.get_by_role("searchbox", name="Search contacts").fill("an")
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="Export", exact=True).click()
    menu = page.get_by_role("group", name="Export as CSV")
    axe()
    with page.expect_download() as found:
        menu.get_by_role("button", name="Columns as shown").click()
    expect(menu).to_be_hidden()
    assert names(found.value) == ["Dana Cole", "Priya Raman"]
    assert found.value.suggested_filename.startswith("acme-contacts-")

    page.get_by_role("checkbox", name="Select Priya Raman").check()
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Export").click()
    axe()
    with page.expect_download() as found:
        menu.get_by_role("button", name="All columns").click()
    assert names(found.value) == ["Priya Raman"]
    expect(page.get_by_text("1 selected")).to_be_visible()
