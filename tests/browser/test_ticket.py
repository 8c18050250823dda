"""A ticket as agents work on it: read, answered, and its requester's fields edited in place."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Locator, Page, expect

from contacts.models import Contact
from customfields import values
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, MailboxFactory, MessageFactory, TicketFactory
from tickets.models import Message, Ticket

TYPES = {  # label: type, options
    "Account": ("text", ()),
    "Seats": ("number", ()),
    "Renewal": ("date", ()),
    "Plan": ("select", ("Gold", "Silver")),
    "Signed": ("boolean", ()),
    "Record": ("url", ()),
    "Billing": ("email", ()),
}
WANTED = {
    "Account": "fathom-prod",
    "Seats": 180,
    "Renewal": "2027-03-03",
    "Plan": "Silver",
    "Products": ["API", "Import"],
    "Signed": True,
    "Record": "https://crm.example/a/1",
    "Billing": "billing@fathom.example",
}


@pytest.fixture
def ticket(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Ticket:
    """A ticket of Priya's, with a featured field of each type, and an agent at the screen."""
    with workspace(acme):
        for label, (kind, options) in TYPES.items():
            define(acme, label, kind, options=list(options), featured=True)
        define(acme, "Products", "select", options=["API", "Webhooks", "Import"], multiple=True, featured=True)
        priya = ContactFactory(workspace=acme, name="Priya Raman", email="priya@fathom.example")
        mailbox = MailboxFactory(workspace=acme, address="support@acme.example")
        ticket = TicketFactory(workspace=acme, subject="Webhooks twice", contact=priya, mailbox=mailbox)
        MessageFactory(workspace=acme, ticket=ticket, author_contact=priya, author_name="Priya Raman")
    sign_in(bob)
    return ticket


def stored(ticket: Ticket) -> dict[str, Any]:
    with workspace(ticket.workspace_id):
        fields = values.fields_of(ticket.workspace_id)
        found = values.read(ticket.workspace_id, [ticket.contact_id], fields)[ticket.contact_id]
        shown = {field.label: field.type.to_api(found.get(field.pk)) for field in fields}
        return {
            label: int(value) if label == "Seats" and value is not None else value for label, value in shown.items()
        }


def line(page: Page, label: str) -> Locator:
    return page.locator(".prop").filter(has=page.get_by_text(label, exact=True)).first


def edit(page: Page, label: str) -> Locator:
    """Open a field in place; its control has the focus."""
    page.get_by_role("button", name=f"Edit {label}").click()
    control = line(page, label).locator("input:focus, select:focus")
    expect(control).to_have_count(1)
    return control


def saved(page: Page, label: str) -> None:
    expect(line(page, label).get_by_text("Saved")).to_be_visible()


def open_ticket(page: Page, ticket: Ticket) -> None:
    page.goto(ticket.workspace.url("tickets:detail", ticket.number))
    expect(page.get_by_role("heading", name="Webhooks twice")).to_be_visible()


def test_every_type_is_edited_by_mouse(page: Page, ticket: Ticket, look: str, axe: Callable[[], None]) -> None:
    open_ticket(page, ticket)
    axe()
    for label, text in (
        ("Account", "fathom-prod"),
        ("Seats", "180"),
        ("Renewal", "2027-03-03"),
        ("Record", "https://crm.example/a/1"),
        ("Billing", "billing@fathom.example"),
    ):
        edit(page, label).fill(text)
        page.get_by_role("heading", name="Webhooks twice").click()  # leaving saves
        saved(page, label)
    edit(page, "Plan").select_option("Silver")
    saved(page, "Plan")
    page.get_by_role("switch", name="Signed").click()
    saved(page, "Signed")
    edit(page, "Products")
    for label in ("API", "Import"):
        page.locator(".ts-dropdown").get_by_role("option", name=label).click()
    axe()
    page.get_by_role("heading", name="Webhooks twice").click()
    saved(page, "Products")
    assert stored(ticket) == WANTED
    axe()


def test_every_type_is_edited_by_keyboard(page: Page, ticket: Ticket, look: str) -> None:
    open_ticket(page, ticket)

    def enter(label: str, *keys: str, text: str = "") -> None:
        page.get_by_role("button", name=f"Edit {label}").focus()
        page.keyboard.press("Enter")
        expect(line(page, label).locator("input:focus, select:focus")).to_have_count(1)
        if text:
            page.keyboard.type(text)
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        saved(page, label)

    enter("Account", text="fathom-prod")
    enter("Seats", text="180")
    enter("Renewal", text="03032027")  # the same day in whatever order the browser asks
    enter("Plan", text="Silver")
    enter("Record", text="https://crm.example/a/1")
    enter("Billing", text="billing@fathom.example")
    page.get_by_role("switch", name="Signed").focus()
    page.keyboard.press("Space")
    saved(page, "Signed")
    choose_products(page)
    assert stored(ticket) == WANTED


def choose_products(page: Page) -> None:
    page.get_by_role("button", name="Edit Products").focus()
    page.keyboard.press("Enter")
    expect(line(page, "Products").locator("input:focus")).to_have_count(1)
    for label in ("API", "Import"):
        page.keyboard.type(label)
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    saved(page, "Products")


def test_keys_are_faster_than_a_busy_page(page: Page, ticket: Ticket) -> None:
    page.add_init_script("const later = setTimeout; window.setTimeout = (f, ms = 0, ...a) => later(f, ms + 400, ...a)")
    open_ticket(page, ticket)
    choose_products(page)
    assert stored(ticket)["Products"] == WANTED["Products"]


def test_escape_restores_and_a_mistake_stays(page: Page, ticket: Ticket, axe: Callable[[], None]) -> None:
    open_ticket(page, ticket)
    edit(page, "Account")
    page.keyboard.type("never mind")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Edit Account")).to_be_focused()
    edit(page, "Billing")
    page.keyboard.type("billing@")
    page.keyboard.press("Enter")
    control = page.get_by_label("Billing", exact=True)
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_value("billing@")
    axe()
    assert not any(stored(ticket).values())


def test_the_second_of_two_people_is_told(page: Page, ticket: Ticket, alice: User) -> None:
    open_ticket(page, ticket)
    edit(page, "Seats")
    page.keyboard.type("200")
    with workspace(ticket.workspace_id):
        (seats,) = (field for field in values.fields_of(ticket.workspace_id) if field.label == "Seats")
        values.write(ticket.workspace_id, ticket.contact_id, seats, 180)
    page.keyboard.press("Enter")
    expect(page.get_by_text("changed this to 180")).to_be_visible()
    page.get_by_role("button", name="Keep 200").click()
    saved(page, "Seats")
    assert stored(ticket)["Seats"] == 200


def test_reply_and_note(page: Page, ticket: Ticket, look: str, axe: Callable[[], None]) -> None:
    open_ticket(page, ticket)
    page.get_by_label("Message", exact=True).fill("We are on it." + "\n\nReally." * 30)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg").filter(has_text="We are on it.")).to_be_visible()
    page.get_by_text("Internal note", exact=True).first.click()
    page.locator("textarea:visible").fill("Looks like the retry worker.")
    page.keyboard.press("Control+Enter")
    note = page.locator(".msg").filter(has_text="Looks like the retry worker.")
    expect(note).to_be_in_viewport()
    note_box, composer_box = note.bounding_box(), page.locator("#composer").bounding_box()
    assert note_box
    assert composer_box
    assert note_box["y"] + note_box["height"] <= composer_box["y"]
    axe()
    with workspace(ticket.workspace_id):
        written = Message.objects.for_workspace(ticket.workspace_id).filter(ticket=ticket).order_by("id")
        assert [message.direction for message in written] == ["inbound", "outbound", "note"]
    assert mail.outbox == []  # the background job sends it, and a note is never sent


def test_status_and_assignee(page: Page, ticket: Ticket, bob: User) -> None:
    open_ticket(page, ticket)
    page.get_by_label("Status", exact=True).select_option("resolved")
    expect(page.get_by_text("changed status from")).to_be_visible()
    page.get_by_label("Assignee", exact=True).select_option(label="Bob")
    expect(page.get_by_text("took this")).to_be_visible()
    with workspace(ticket.workspace_id):
        ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee_id) == ("resolved", bob.pk)


def test_requesters_page(page: Page, ticket: Ticket, look: str, axe: Callable[[], None]) -> None:
    open_ticket(page, ticket)
    page.get_by_role("link", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="Priya Raman")).to_be_visible()
    expect(page.get_by_role("link", name="Webhooks twice")).to_be_visible()
    axe()
    edit(page, "Name")
    page.keyboard.type("Priya R.")
    page.keyboard.press("Enter")
    saved(page, "Name")
    with workspace(ticket.workspace_id):
        assert Contact.objects.for_workspace(ticket.workspace_id).get().name == "Priya R."
