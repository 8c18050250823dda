"""The import wizard from the Contacts page to the undo, with a file that has problems."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from contacts.importing import running, undoing
from contacts.models import Contact, Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define

FILE = (
    "full_name;mail;company;Renewal;plan_tier;fax\r\n"
    "Alice;alice@acme.example;Acme;01.03.2027;Pro;\r\n"
    "Bob;bob@;Acme;15.01.2027;Pro;\r\n"
    "Chloé;charlie@mistral.example;Mistral;31.02.2027;Gold;\r\n"
    "Dana;dana@acme.example;;24.12.2027;Team;\r\n"
)


@pytest.fixture
def acme_with_fields(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    with workspace(acme):
        define(acme, "Plan", "select", options=["Pro", "Team"])
        define(acme, "Renewal", "date")
    sign_in(bob)
    return acme


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_bytes(FILE.encode("cp1252"))
    return path


@pytest.fixture
def work(acme: Workspace) -> Callable[[], None]:
    """Does what a worker would: the job of the newest import."""

    def once() -> None:
        with workspace(acme):
            one = Import.objects.for_workspace(acme).latest("pk")
        (undoing.undo if one.status == "undoing" else running.run)(acme.pk, one.pk)

    return once


def names(acme: Workspace) -> set[str]:
    with workspace(acme):
        return set(Contact.objects.for_workspace(acme).alive().values_list("name", flat=True))


def stat(page: Page, words: str) -> Locator:
    return page.locator(".stat").filter(has_text=words).locator("b")


def upload(page: Page, acme: Workspace, file: Any) -> None:
    page.goto(acme.url("contacts:import_new"))
    page.get_by_label("CSV file").set_input_files(file)
    page.wait_for_url("**/columns/")


def start_dry_run(page: Page) -> None:
    page.get_by_role("button", name="Start dry run").click()
    expect(page.get_by_role("progressbar", name="Dry run progress")).to_be_visible()


def test_from_upload_to_undo(
    page: Page, acme_with_fields: Workspace, file: Path, work: Callable[[], None], look: str, axe: Callable[[], None]
) -> None:
    acme = acme_with_fields
    page.goto(acme.url("contacts:list"))
    if look.startswith("phone"):
        page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Import CSV").locator("visible=true").first.click()
    axe()
    page.get_by_label("CSV file").set_input_files(file)

    page.wait_for_url("**/columns/")
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    expect(page.get_by_label("Separator")).to_have_value(";")
    expect(page.get_by_role("cell", name="Chloé", exact=True)).to_be_visible()
    expect(page.get_by_label("Target of mail")).to_have_value("email")
    expect(page.get_by_label("Target of fax")).to_have_value("")
    expect(page.get_by_text("4 of 6 mapped")).to_be_visible()
    page.get_by_label("Target of plan_tier").focus()
    page.get_by_label("Target of plan_tier").select_option(label="Plan (select)")
    expect(page.get_by_text("“Gold” isn't an option of Plan.")).to_be_visible()
    expect(page.get_by_label("Target of plan_tier")).to_be_focused()
    expect(page.get_by_label("Date order").locator("option:checked")).to_have_text(
        "Day, month, year: 01.03.2027 is 1 Mar 2027"
    )
    axe()
    start_dry_run(page)
    axe()
    work()
    expect(page.get_by_role("heading", name="2 rows need attention")).to_be_visible()
    expect(stat(page, "will be created")).to_have_text("2")
    axe()
    page.get_by_label("Column").select_option(label="mail (1)")
    expect(page.get_by_label("mail in row 4")).to_have_count(0)
    page.get_by_label("mail in row 3").fill("bob@acme.example")
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_role("status").filter(has_text="1 of 1 row is right now.")).to_be_visible()
    expect(page.get_by_role("heading", name="1 row needs attention 1 fixed")).to_be_visible()
    assert names(acme) == set()
    page.get_by_role("button", name="Import 3 contacts").click()

    expect(page.get_by_role("progressbar", name="Import progress")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Cancel import")).to_be_visible()
    work()
    expect(page.get_by_text("Import finished")).to_be_visible()
    assert names(acme) == {"Alice", "Bob", "Dana"}
    axe()
    page.get_by_label("Renewal in row 4").fill("28.02.2027")
    page.get_by_label("plan_tier in row 4").fill("team")
    page.get_by_label("plan_tier in row 4").press("Enter")
    expect(page.get_by_role("heading", name="1 row failed")).to_be_hidden()
    expect(page.locator(".tally dd").first).to_have_text("4")
    assert names(acme) == {"Alice", "Bob", "Chloé", "Dana"}

    page.get_by_role("button", name="Undo import").click()
    axe()
    page.get_by_role("dialog").get_by_role("button", name="Undo import").click()
    expect(page.get_by_role("progressbar", name="Undo progress")).to_be_visible()
    work()
    expect(page.get_by_text("Import undone. 4 contacts moved to the trash")).to_be_visible()
    assert names(acme) == set()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("link", name="customers.csv", exact=True)).to_be_visible()
    expect(page.get_by_text("Undone")).to_be_visible()
    axe()


def test_a_file_that_cannot_be_read(page: Page, acme_with_fields: Workspace, axe: Callable[[], None]) -> None:
    page.goto(acme_with_fields.url("contacts:import_new"))
    field = page.get_by_label("CSV file")
    field.set_input_files({"name": "book.xlsx", "mimeType": "application/zip", "buffer": b"PK\x03\x04" + b"\x00" * 99})
    expect(page.get_by_role("alert")).to_contain_text("Save it as CSV and upload that.")
    axe()
    page.get_by_label("CSV file").evaluate("input => (input.dataset.most = 3)")
    field.set_input_files({"name": "big.csv", "mimeType": "text/csv", "buffer": b"email\n"})
    expect(page.get_by_role("alert")).to_have_text("big.csv is too large.")


def test_a_file_is_dropped(page: Page, acme_with_fields: Workspace, file: Path) -> None:
    page.goto(acme_with_fields.url("contacts:import_new"))
    dropped = page.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "dropped.csv", {type: "text/csv"}));
            return data;
        }""",
        "name,email\nAlice,alice@acme.example\n",
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": dropped})
    page.wait_for_url("**/columns/")
    expect(page.get_by_text("dropped.csv")).to_be_visible()


def test_the_way_back_and_forward(
    page: Page, acme_with_fields: Workspace, file: Path, work: Callable[[], None]
) -> None:
    upload(page, acme_with_fields, file)
    start_dry_run(page)
    work()
    expect(page.get_by_role("heading", name="2 rows need attention")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Start dry run")).to_be_visible()
    page.get_by_label("Separator").select_option(",")
    expect(page.get_by_text("0 of 1 mapped")).to_be_visible()
    page.get_by_role("button", name="Start dry run").click()
    expect(page.get_by_text("Map a column to email")).to_be_visible()
    page.get_by_label("Separator").select_option(";")
    expect(page.get_by_text("4 of 6 mapped")).to_be_visible()
    start_dry_run(page)
    work()
    page.get_by_role("button", name=re.compile(r"Import \d contacts")).click()
    expect(page.get_by_role("progressbar", name="Import progress")).to_be_visible()
    work()
    expect(page.get_by_text("Import finished")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Import finished")).to_be_visible()  # what is done can't be mapped again


def test_without_javascript(acme_with_fields: Workspace, bob: User, file: Path, work, browser, live_server) -> None:
    with browser.new_context(java_script_enabled=False, base_url=live_server.url) as context:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Email").fill(bob.email)
        page.get_by_label("Password").fill("password")
        page.get_by_role("button", name="Sign in").click()
        page.goto(acme_with_fields.url("contacts:import_new"))
        page.get_by_label("CSV file").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        page.get_by_label("Separator").select_option("Comma ( , )")
        page.get_by_role("button", name="Read the file again").click()
        expect(page.get_by_text("0 of 1 mapped")).to_be_visible()
        page.get_by_label("Separator").select_option("Semicolon ( ; )")
        page.get_by_role("button", name="Read the file again").click()
        page.get_by_role("button", name="Start dry run").click()
        work()
        page.get_by_role("link", name="Reload").click()
        page.get_by_label("mail in row 3").fill("bob@acme.example")
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_text("1 of 2 rows is right now.")).to_be_visible()
        page.get_by_role("button", name="Import 3 contacts").click()
        work()
        page.get_by_role("link", name="Reload").click()
        page.get_by_role("button", name="Undo import").click()
        page.get_by_role("button", name="Undo import").click()
        work()
        page.get_by_role("link", name="Reload").click()
        expect(page.get_by_text("Import undone.")).to_be_visible()
