"""Mailboxes and held mail, as admins and agents work with them, and what stands behind a message."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory
from tests.tickets.mails import mail
from tickets import mailboxes
from tickets.inbound import receive
from tickets.models import Mailbox, RawMail, Ticket

SUPPORT = "support@acme.example"
NOBODY = {
    "from": "undisclosed",
    "subject": "Invoice 2026-118 <img src=x onerror=alert(1)>",
    "message_id": "<h@x.example>",
}


@pytest.fixture
def as_admin(alice: User, sign_in: Callable[[User], None]) -> None:
    sign_in(alice)


def one(acme: Workspace) -> Mailbox:
    with workspace(acme):
        return Mailbox.objects.for_workspace(acme).get()


def hold(acme: Workspace, **headers: str) -> int:
    """A mail that is held; its id."""
    receive(mail("Hello <script>alert(1)</script>", **{**NOBODY, **headers}), SUPPORT)
    with workspace(acme):
        return RawMail.objects.for_workspace(acme).order_by("-id")[0].pk


@pytest.mark.usefixtures("as_admin")
def test_a_mailbox_is_made_changed_and_deleted(page: Page, acme: Workspace) -> None:
    page.goto(acme.url("settings:workspace"))
    page.get_by_role("link", name="Mailboxes").click()
    page.get_by_role("link", name="New mailbox").first.click()
    address = page.get_by_role("textbox", name="Address", exact=True)
    expect(address).to_be_focused()
    address.fill("support@")
    page.get_by_role("button", name="Create mailbox").click()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_be_focused()
    address.fill(SUPPORT)
    others = page.get_by_role("combobox", name="Other addresses")
    others.fill("help@acme.example")
    others.press("Enter")
    page.get_by_role("button", name="Create mailbox").click()
    expect(page.get_by_role("heading", name=SUPPORT)).to_be_visible()
    page.get_by_label("Signature").fill("Acme Support")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_label("Signature")).to_have_value("Acme Support")
    assert mailboxes.find("help@acme.example").mailbox_id == one(acme).pk
    page.get_by_role("button", name="Stop receiving").click()
    page.get_by_role("button", name="Delete mailbox").click()
    expect(page.get_by_text("No mailboxes yet")).to_be_visible()


@pytest.mark.usefixtures("as_admin")
def test_the_secret_shows_when_asked_for_and_can_be_made_anew(page: Page, acme: Workspace) -> None:
    before = mailboxes.create(acme, SUPPORT, "ticket").webhook_secret
    page.goto(acme.url("settings:mailbox", one(acme).pk))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    secret = page.locator("#secret")
    expect(secret).to_be_hidden()
    page.get_by_text("Show the secret").focus()
    page.keyboard.press("Enter")
    expect(secret).to_have_text(before)
    page.get_by_role("button", name="Copy the secret").click()
    expect(page.get_by_role("button", name="Copied the secret")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == before
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="New secret").click()
    assert one(acme).webhook_secret == before
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="New secret").click()
    expect(page.get_by_text("There is a new secret")).to_be_visible()
    assert one(acme).webhook_secret != before


def test_a_held_mail_is_assigned_from_the_keyboard(
    page: Page, acme: Workspace, bob: User, sign_in: Callable[[User], None]
) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    hold(acme)
    with workspace(acme):
        ContactFactory(workspace=acme, name="Kenji Mori", email="kenji@kumo.example")
    sign_in(bob)
    page.goto(acme.url("settings:held"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hello <script>alert(1)</script>")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    page.get_by_role("button", name="Assign").press("Enter")
    expect(page.get_by_role("combobox", name="Select contact")).to_be_focused()
    page.keyboard.type("mei@kumo.example")
    expect(page.get_by_text("Create contact")).to_be_visible()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Assign").press("Enter")
    page.wait_for_url(f"**{acme.url('tickets:detail', 1)}")
    expect(page.get_by_text("Ticket #1 opened")).to_be_visible()
    page.get_by_role("button", name="Why this contact?").press("Enter")
    expect(page.get_by_text("Assigned by Bob, by hand.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Why this contact?")).to_be_focused()
    page.get_by_role("link", name="Show original").press("Enter")
    expect(page.get_by_label("Original as text")).to_contain_text("From: undisclosed")
    with workspace(acme):
        assert Ticket.objects.for_workspace(acme).select_related("contact").get().contact.email == "mei@kumo.example"


@pytest.mark.usefixtures("as_admin")
def test_the_list_follows_what_is_done(page: Page, acme: Workspace) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    pk = hold(acme)
    hold(acme, subject="Second", message_id="<2@x.example>")
    page.goto(acme.url("settings:held"))
    page.get_by_role("button", name="Try again: Second").click()
    expect(page.get_by_text("It is still held.")).to_be_visible()
    with workspace(acme):  # as a mail that came when a rule of ours was wrong
        RawMail.objects.for_workspace(acme).filter(pk=pk).update(data=mail())
    page.get_by_role("button", name="Try again: Invoice").click()
    expect(page.get_by_text("Ticket #1 opened")).to_be_visible()
    expect(page.get_by_role("button", name="Try again: Invoice")).to_have_count(0)
    expect(page.get_by_role("link", name="Held mail 1")).to_be_visible()
    page.get_by_role("link", name="Second", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete mail").click()
    expect(page.get_by_text("No held mail")).to_be_visible()


@pytest.mark.usefixtures("as_admin", "look")
def test_pages_are_accessible(page: Page, acme: Workspace, axe: Callable[[], None]) -> None:
    page.goto(acme.url("settings:mailboxes"))
    axe()
    box = mailboxes.create(acme, SUPPORT, "ticket", "Support", [f"other{number}@acme.example" for number in range(9)])
    stopped = mailboxes.create(acme, "old@acme.example", "inbox")
    with workspace(acme):
        mailboxes.stop(stopped)
    page.goto(acme.url("settings:held"))
    axe()
    pk = hold(acme)
    machine = hold(acme, auto_submitted="auto-replied", message_id="<2@x.example>")
    result = receive(mail("x" * 5000), SUPPORT)
    for url in (
        acme.url("settings:mailboxes"),
        acme.url("settings:new_mailbox"),
        acme.url("settings:mailbox", box.pk),
        acme.url("settings:mailbox", stopped.pk),
        acme.url("settings:stop_mailbox", box.pk),
        acme.url("settings:stop_mailbox", stopped.pk),
        acme.url("settings:held"),
        acme.url("settings:held") + "?kind=automatic",
        acme.url("settings:held_mail", pk),
        acme.url("settings:held_mail", machine),
        acme.url("settings:assign_held", pk),
        acme.url("settings:delete_held", pk),
        acme.url("tickets:detail", result.ticket),
        acme.url("tickets:why", result.message_id),
        acme.url("tickets:original", result.message_id),
    ):
        page.goto(url)
        for hidden in page.locator("details.reveal > summary").all():
            hidden.click()
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
