"""GoPimi in German, in a German browser."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Contact
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace
from tests.factories import FieldFactory


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "de-DE"}


@pytest.fixture
def two_contacts(acme: Workspace) -> None:
    with workspace(acme):
        renewal = FieldFactory(workspace=acme, key="renewal", label="Verlängerung", kind=Kind.DATE, featured=True)
        contacts = Contact.objects.for_workspace(acme)
        contacts.add(SYSTEM, name="Carol", email="carol@example.com", values={renewal: date(2025, 3, 4)})
        contacts.add(SYSTEM, name="Dan", email="dan@example.com")


@pytest.mark.usefixtures("two_contacts")
def test_from_signing_in_to_a_new_contact(page: Page, acme: Workspace, bob: User, axe: Callable[[], None]) -> None:
    page.goto(acme.url("contacts:list"))
    page.get_by_label("E-Mail").fill(bob.email)
    page.get_by_label("Passwort").fill("password")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("cell", name="4. März 2025")).to_be_visible()
    page.get_by_role("checkbox", name="Alle auf dieser Seite auswählen").check()
    expect(page.get_by_text("2 ausgewählt")).to_be_visible()
    page.get_by_role("button", name="Löschen").click()
    expect(page.get_by_role("heading", name="2 Kontakte löschen?")).to_be_visible()
    axe()
    page.get_by_role("button", name="Abbrechen").click()
    page.get_by_role("link", name="Neuer Kontakt").click()
    dialog = page.get_by_role("dialog", name="Neuer Kontakt")
    dialog.get_by_label("E-Mail").fill("erin")
    dialog.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Eine E-Mail-Adresse braucht ein @-Zeichen.")).to_be_visible()
    dialog.get_by_label("E-Mail").fill("erin@example.com")
    dialog.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("erin gespeichert")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("erin@example.com.*gerade eben"))).to_be_visible()


@pytest.mark.usefixtures("two_contacts")
def test_pages_fit_in_every_look(
    look: str, page: Page, acme: Workspace, alice: User, sign_in: Callable[[User], None], axe: Callable[[], None]
) -> None:
    sign_in(alice)
    names = ("contacts:list", "tickets:list", "tickets:inbox", "settings:profile", "settings:members")
    for name in names:
        page.goto(acme.url(name))
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        axe()


def test_a_member_chooses_another_language(
    page: Page, acme: Workspace, bob: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(bob)
    page.goto(acme.url("settings:profile"))
    page.get_by_label("Sprache").select_option(label="English")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
