"""Admins define, order and delete custom fields, by mouse and by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define


@pytest.fixture
def as_admin(alice: User, sign_in: Callable[[User], None]) -> None:
    sign_in(alice)


def labels(acme: Workspace) -> list[str]:
    with workspace(acme):
        return [field.label for field in Field.objects.for_workspace(acme).active()]


@pytest.mark.usefixtures("as_admin")
def test_one_field_of_each_type_is_defined(page: Page, acme: Workspace) -> None:
    for name in ("Text", "Number", "Date", "Boolean", "URL", "Email"):
        page.goto(acme.url("customfields:list"))
        page.get_by_role("link", name="New field").click()
        page.get_by_label("Label").fill(f"My {name}")
        page.get_by_role("radio", name=name).check(force=True)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("link", name=f"My {name}", exact=True)).to_be_visible()
    page.get_by_role("link", name="New field").click()
    page.get_by_label("Label").fill("Größe & Plan")
    expect(page.get_by_label("Key", exact=True)).to_have_attribute("placeholder", "gro_e_plan")
    page.get_by_role("radio", name="Select").check(force=True)
    page.get_by_role("switch", name="Multiple").check()
    for number, option in enumerate(("Gold", "Silver"), start=1):
        page.get_by_role("button", name="Add option").click()
        expect(page.get_by_label(f"Option {number}")).to_be_focused()
        page.keyboard.type(option)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Select · 2 options")).to_be_visible()
    assert labels(acme) == [
        "My Text", "My Number", "My Date", "My Boolean", "My URL", "My Email", "Größe & Plan",
    ]  # fmt: skip


@pytest.mark.usefixtures("as_admin")
def test_fields_are_ordered_by_drag_and_by_keyboard(page: Page, acme: Workspace) -> None:
    with workspace(acme):
        for label in "ABC":
            define(acme, label)
    page.goto(acme.url("customfields:list"))
    with page.expect_response("**/reorder/"):
        page.get_by_role("button", name="Move C up").press("Enter")
    assert labels(acme) == ["A", "C", "B"]
    expect(page.get_by_role("button", name="Move C up")).to_be_focused()
    rows = page.locator(".frow")
    with page.expect_response("**/reorder/"):
        rows.nth(2).locator(".handle").drag_to(rows.nth(0), target_position={"x": 20, "y": 2})
    page.reload()
    assert labels(acme) == ["B", "A", "C"]


@pytest.mark.usefixtures("as_admin")
def test_a_field_is_archived_and_deleted(page: Page, acme: Workspace) -> None:
    with workspace(acme):
        define(acme, "Plan", "select", options=["Gold", "Silver"])
    page.goto(acme.url("customfields:list"))
    page.get_by_role("button", name="Archive Plan").click()
    expect(page.get_by_role("button", name="Bring back Plan")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Bring back Plan")).to_have_count(0)
    page.get_by_role("button", name="Archive Plan").click()
    page.get_by_role("link", name="Delete Plan").click()
    page.get_by_label("Type the key to confirm").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This isn't the key")).to_be_visible()
    page.get_by_label("Type the key to confirm").fill("plan")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No custom fields yet")).to_be_visible()


@pytest.mark.usefixtures("as_admin")
def test_options_are_edited_archived_and_replaced(page: Page, acme: Workspace) -> None:
    with workspace(acme):
        plan = define(acme, "Plan", "select", options=["Gold", "Silver", "Bronze"])
    page.goto(acme.url("customfields:detail", plan.pk))
    page.get_by_label("Option 1").fill("Or")
    page.get_by_role("button", name="Move Bronze up").click()
    page.get_by_role("button", name="Archive Silver").click()
    expect(page.get_by_label("Archived option Silver")).to_be_visible()
    expect(page.get_by_label("Option 1")).to_have_value("Or")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Plan saved")).to_be_visible()
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("link", name="Delete Silver").click()
    page.get_by_role("button", name="Delete option").click()
    expect(page.get_by_text("Silver deleted")).to_be_visible()
    with workspace(acme):
        assert [option.label for option in plan.own_options.known()] == ["Or", "Bronze"]


@pytest.mark.usefixtures("as_admin", "look")
def test_pages_are_accessible(page: Page, acme: Workspace, axe: Callable[[], None]) -> None:
    with workspace(acme):
        plan = define(acme, "Plan", "select", multiple=True, required=True, options=["Gold", "Silver"])
        define(acme, "Fax", featured=True).archive()
        fax = Field.objects.for_workspace(acme).archived().get()
    for url in (
        acme.url("customfields:list"),
        acme.url("customfields:new"),
        acme.url("customfields:detail", plan.pk),
        acme.url("customfields:delete", fax.pk),
    ):
        page.goto(url)
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(acme.url("customfields:list"))
    page.get_by_role("link", name="Delete Fax").click()
    axe()
