"""The Contacts page as agents use it: found, made, changed, deleted and brought back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from contacts import searching
from contacts.bulkedits import batches, running
from contacts.models import BulkEdit, Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, OrganizationFactory

ROWS = "[data-row]"


@pytest.fixture
def people(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    """Five contacts, of whom one is Fathom's, and an agent at the screen."""
    with workspace(acme):
        define(acme, "Plan", "select", options=["Gold", "Silver"])
        fathom = OrganizationFactory(workspace=acme, name="Fathom")
        names = ["Dana Cole", "José Núñez", "Priya Raman", "Ravi Shah"]
        contacts = [ContactFactory(workspace=acme, name=name) for name in names]
        contacts.append(ContactFactory(workspace=acme, name="Mei Lin", organization=fathom))
        searching.index(contacts)
    sign_in(bob)
    return acme


def open_contacts(page: Page, acme: Workspace) -> None:
    page.goto(acme.url("contacts:list"))
    expect(page.locator(ROWS)).to_have_count(5)


def test_search_as_one_types(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    open_contacts(page, people)
    axe()
    page.get_by_role("searchbox", name="Search contacts").press_sequentially("nunez")
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("link", name="José Núñez", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]q=nunez"))
    page.get_by_role("searchbox", name="Search contacts").fill("fathom")
    expect(page.get_by_role("link", name="Mei Lin", exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Search contacts").fill("nobody at all")
    expect(page.get_by_text("No contact matches")).to_be_visible()
    axe()
    page.get_by_role("link", name="Clear search and filters").click()
    expect(page.locator(ROWS)).to_have_count(5)


def test_a_dialog_leaves_the_page_where_it_is(page: Page, people: Workspace) -> None:
    page.set_viewport_size({"width": 390, "height": 480})
    open_contacts(page, people)
    page.get_by_role("link", name="New contact").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_create_and_edit(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    open_contacts(page, people)
    page.get_by_role("link", name="New contact").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Aiko Tanaka")
    dialog.get_by_label("Email").fill("person")
    dialog.get_by_label("Plan").select_option("Gold")
    axe()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Email")).to_be_focused()
    expect(dialog.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Name")).to_have_value("Aiko Tanaka")
    axe()
    dialog.get_by_label("Email").fill("aiko@kumo.example")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(ROWS)).to_have_count(6)

    page.get_by_role("link", name="Edit Aiko Tanaka").click(force=True)
    dialog.get_by_label("Name").fill("Aiko T.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Aiko T.", exact=True)).to_be_visible()
    with workspace(people):
        aiko = Contact.objects.for_workspace(people).get(email="aiko@kumo.example")
        assert (aiko.name, aiko.field_values.get().option.label) == ("Aiko T.", "Gold")


def test_bulk_delete_and_undo(page: Page, people: Workspace, look: str, axe: Callable[[], None]) -> None:
    open_contacts(page, people)
    for name in ("Priya Raman", "Ravi Shah"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    axe()
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Delete 2 contacts?")
    axe()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(ROWS)).to_have_count(3)
    axe()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(ROWS)).to_have_count(5)


def test_a_dialog_that_is_a_page(page: Page, people: Workspace) -> None:
    page.goto(people.url("contacts:new"))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("dialog[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(ROWS)).to_have_count(5)


def test_choosing_all_that_match(page: Page, people: Workspace) -> None:
    with workspace(people):
        ContactFactory.create_batch(51, workspace=people)
    page.goto(people.url("contacts:list"))
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name="Select all 56 that match").click()
    expect(page.get_by_text("All 56 contacts that match are selected.")).to_be_visible()
    expect(page.get_by_text("All 50 contacts on this page")).to_be_hidden()
    expect(page.get_by_role("button", name="Clear selection").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("toolbar", name="Bulk actions")).to_be_hidden()


def test_by_keyboard_alone(page: Page, people: Workspace) -> None:
    open_contacts(page, people)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search contacts")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("body").evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 selected")).to_be_visible()
    row = page.locator("[data-row] a[href]").first
    page.keyboard.press("c")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(row).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()


def test_without_javascript(people: Workspace, bob: User, browser, live_server) -> None:
    """A form, a link and a redirect are under everything."""
    with browser.new_context(java_script_enabled=False, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Email").fill(bob.email)
        page.get_by_label("Password").fill("password")
        page.get_by_role("button", name="Sign in").click()
        page.goto(people.url("contacts:new"))
        page.get_by_label("Name").fill("Aiko Tanaka")
        page.get_by_label("Email").fill("aiko@kumo.example")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Aiko Tanaka")).to_be_visible()
        page.goto(people.url("contacts:list") + "?q=tanaka")
        expect(page.locator(ROWS)).to_have_count(1)


def test_copy_as_api_call(page: Page, people: Workspace, axe: Callable[[], None]) -> None:
    """With what was searched since the page was loaded; also where the browser keeps its clipboard to itself."""
    open_contacts(page, people)
    page.get_by_role("searchbox", name="Search contacts").press_sequentially("nunez")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Copy as API call").click()
    dialog = page.get_by_role("dialog", name="Copy as API call")
    address = dialog.get_by_label("Address of the API call")
    expect(address).to_have_value(re.compile(r"^http://.+/api/v1/contacts\?q=nunez&sort=-created_at$"))
    axe()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == address.input_value()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    dialog.get_by_role("button", name="Copied").click()
    assert page.evaluate("getSelection().toString()") == address.input_value()


def select_everybody(page: Page) -> None:
    for box in page.locator(f"{ROWS} .check").all():  # on a phone there is no heading to select the page by
        box.check()


def test_many_are_changed_at_once_and_changed_back(
    page: Page, people: Workspace, look: str, axe: Callable[[], None]
) -> None:
    open_contacts(page, people)
    select_everybody(page)
    bar = page.get_by_role("toolbar", name="Bulk actions")
    bar.get_by_role("button", name="Tag").click()
    dialog = page.get_by_role("dialog", name="Add or remove a tag")
    expect(dialog.get_by_text("5 contacts", exact=True)).to_be_visible()
    axe()
    dialog.get_by_role("combobox").fill("vip")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Change 5 contacts").click()
    expect(page.get_by_text("5 contacts changed")).to_be_visible()
    expect(page.locator(ROWS).get_by_text("vip")).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("5 contacts changed back")).to_be_visible()
    expect(page.locator(ROWS).get_by_text("vip")).to_have_count(0)


def test_a_field_of_many_is_set(page: Page, people: Workspace, axe: Callable[[], None]) -> None:
    open_contacts(page, people)
    select_everybody(page)
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Field").click()
    dialog = page.get_by_role("dialog", name="Set a field")
    dialog.get_by_label("Field", exact=True).select_option("Plan")
    dialog.get_by_role("button", name="Change 5 contacts").click()
    expect(dialog.get_by_text("Give a value")).to_be_visible()
    axe()
    dialog.get_by_label("Plan", exact=True).select_option("Gold")
    dialog.get_by_role("button", name="Change 5 contacts").click()
    expect(page.get_by_text("5 contacts changed")).to_be_visible()


def test_the_progress_of_many(
    page: Page, people: Workspace, look: str, axe: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 0)
    open_contacts(page, people)
    select_everybody(page)
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Organization").click()
    page.get_by_role("dialog").get_by_role("button", name="Change 5 contacts").click()
    expect(page.get_by_text("0 of 5 contacts")).to_be_visible()
    axe()
    with workspace(people):
        one = BulkEdit.objects.for_workspace(people).get()
    running.run(people.pk, one.pk)
    expect(page.get_by_text("1 contact changed, 4 had it so already")).to_be_visible()
    axe()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("1 contact changed")).to_have_count(0)
