"""Organizations are found, made and edited without leaving their table."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from organizations.models import Organization
from tests.organizations.test_models import define


@pytest.fixture
def as_agent(bob: User, sign_in: Callable[[User], None]) -> None:
    sign_in(bob)


@pytest.mark.usefixtures("as_agent")
def test_an_organization_is_made_found_edited_and_deleted(page: Page, acme: Workspace) -> None:
    with workspace(acme):
        define(acme, "Kumo Robotics", ["kumo.example"])
    page.goto(acme.url("organizations:list"))
    page.get_by_role("link", name="New organization").click()
    page.get_by_label("Name").fill("Fathom")
    domains = page.get_by_role("combobox", name="Domains")
    for domain in ("fathom.example", "gmail.com"):
        domains.fill(domain)
        domains.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("gmail.com is a free-mail provider")).to_be_visible()
    expect(domains).to_have_attribute("aria-invalid", "true")
    expect(domains).to_be_focused()
    domains.press("Backspace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Fathom", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Organizations 2")).to_be_visible()
    page.get_by_label("Search organizations").fill("fatho")
    expect(page.get_by_role("link", name="Kumo Robotics", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Edit Fathom").click()
    page.get_by_label("Name").fill("Fathom Ltd")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Fathom Ltd", exact=True)).to_be_visible()
    assert "q=fatho" in page.url
    page.get_by_role("link", name="Edit Fathom Ltd").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete organization").click()
    expect(page.get_by_text("No organization matches")).to_be_visible()
    with workspace(acme):
        assert Organization.objects.for_workspace(acme).get().name == "Kumo Robotics"


@pytest.mark.usefixtures("as_agent", "look")
def test_pages_are_accessible(page: Page, acme: Workspace, axe: Callable[[], None]) -> None:
    page.goto(acme.url("organizations:list"))
    axe()
    with workspace(acme):
        kumo = define(acme, "Kumo Robotics", ["kumo.example", "kumo-robotics.example"])
    for url in (
        acme.url("organizations:list"),
        acme.url("organizations:list") + "?q=none",
        acme.url("organizations:detail", kumo.pk),
        acme.url("organizations:delete", kumo.pk),
    ):
        page.goto(url)
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
