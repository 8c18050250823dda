"""Agents answer tickets and conversations, and change them in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from contacts import searching
from contacts.models import Contact
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import (
    ContactFactory,
    ConversationFactory,
    FieldFactory,
    MailboxFactory,
    MessageFactory,
    TicketFactory,
)
from tickets.models import Conversation, Ticket


@pytest.fixture
def dana(acme: Workspace) -> Contact:
    with workspace(acme):
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@fathom.example")
        searching.index([dana])
    return dana


@pytest.fixture
def ticket(acme: Workspace, dana: Contact) -> Ticket:
    with workspace(acme):
        mailbox = MailboxFactory(workspace=acme)
        ticket = TicketFactory(workspace=acme, contact=dana, subject="Smoke", mailbox=mailbox)
        MessageFactory(workspace=acme, ticket=ticket, author_contact=dana, body_text="It smells.\n\n> before")
    return ticket


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    with workspace(acme):
        FieldFactory(workspace=acme, label="Account ID", featured=True)
        conversation = ConversationFactory(
            workspace=acme, subject="Annual billing", from_email="lena@hollowfern.example"
        )
        MessageFactory(workspace=acme, conversation=conversation, body_text="Is there a discount?")
    return conversation


@pytest.fixture(autouse=True)
def signed_in(bob: User, sign_in: Callable[[User], None]) -> None:
    sign_in(bob)


def test_a_reply_and_a_note(page: Page, acme: Workspace, ticket: Ticket) -> None:
    page.goto(acme.url("tickets:detail", ticket.number))
    page.get_by_label("Message", exact=True).fill("Leave the room!")
    page.get_by_label("Attach file").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"exit"})
    page.get_by_label("Message", exact=True).press("Control+Enter")
    messages = page.get_by_role("region", name="Messages")
    expect(messages).to_contain_text("Leave the room!")
    expect(messages.get_by_role("link", name="plan.txt")).to_be_visible()
    expect(messages).to_contain_text("Sending")
    page.get_by_text("Internal note", exact=True).click()
    page.get_by_label("Message", exact=True).fill("Arson?")
    page.get_by_role("button", name="Send").click()
    expect(messages.locator(".note")).to_contain_text("Arson?")


def test_a_property_is_changed_beside_a_draft(page: Page, acme: Workspace, ticket: Ticket) -> None:
    page.goto(acme.url("tickets:detail", ticket.number))
    page.get_by_label("Message", exact=True).fill("A draft")
    page.get_by_label("Status").focus()
    page.get_by_label("Status").select_option("Pending")
    expect(page.locator("#thread-header")).to_contain_text("Pending")
    expect(page.locator("#messages")).to_contain_text("Bob changed status from Open to Pending")
    expect(page.get_by_label("Status")).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value("A draft")


def test_the_requester_is_changed_by_keyboard(page: Page, acme: Workspace, ticket: Ticket) -> None:
    with workspace(acme):
        searching.index([ContactFactory(workspace=acme, name="Erin Blake", email="erin@example.com")])
    page.goto(acme.url("tickets:detail", ticket.number))
    page.get_by_role("link", name="Change requester").press("Enter")
    selector = page.get_by_role("combobox", name="Select contact")
    expect(selector).to_be_focused()
    expect(page.get_by_role("option", name="Erin Blake")).to_be_visible()
    selector.click()  # into the box: its list stays
    expect(page.get_by_role("option", name="Erin Blake")).to_be_visible()
    page.keyboard.type("erin")
    page.keyboard.press("Enter")  # before the server has answered
    expect(page.locator("#details .card")).to_contain_text("erin@example.com")
    expect(page.locator("#messages")).to_contain_text("changed requester from Dana Cole to Erin Blake")


def test_a_new_ticket_for_a_new_contact(page: Page, acme: Workspace, dana: Contact) -> None:
    page.goto(acme.url("tickets:list"))
    page.keyboard.press("c")
    contact = page.get_by_role("combobox", name="Select contact")
    expect(contact).to_be_focused()
    page.get_by_role("button", name="Create ticket").click()
    expect(page.get_by_role("dialog").get_by_text("This field is required.").first).to_be_visible()
    expect(contact).to_be_focused()
    expect(contact).to_have_attribute("aria-invalid", "true")
    expect(contact).to_have_accessible_description(re.compile("This field is required."))
    page.keyboard.type("frank@example.com")
    page.get_by_role("option", name="Create contact").click()
    page.get_by_label("Subject").fill("By phone")
    page.get_by_label("Message").fill("He called.")
    page.get_by_role("button", name="Create ticket").click()
    expect(page.get_by_role("heading", name="By phone")).to_be_visible()
    expect(page.get_by_text("Ticket #1 created")).to_be_visible()
    expect(page.locator("#details")).to_contain_text("frank@example.com")


def test_search_and_chips(page: Page, acme: Workspace, dana: Contact, ticket: Ticket) -> None:
    with workspace(acme):
        TicketFactory(workspace=acme, contact=dana, subject="Invoice", status="pending")
    page.goto(acme.url("tickets:list"))
    page.keyboard.press("/")
    page.keyboard.type("dana")
    page.wait_for_url("**?q=dana")
    page.get_by_role("button", name="Status").click()
    page.get_by_label("Pending", exact=True).check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name="Invoice")).to_be_visible()
    expect(page.get_by_role("link", name="Smoke")).to_have_count(0)
    page.get_by_role("button", name="Remove filter Status").click()
    expect(page.get_by_role("link", name="Smoke")).to_be_visible()
    expect(page.get_by_label("Search tickets")).to_have_value("dana")
    page.get_by_role("link", name="Unassigned").click()
    expect(page.get_by_role("link", name="Unassigned")).to_have_attribute("aria-current", "page")


def test_a_conversations_contact(page: Page, acme: Workspace, dana: Contact, conversation: Conversation) -> None:
    page.goto(acme.url("tickets:conversation", conversation.pk))
    page.get_by_role("combobox", name="Select contact").click()
    page.keyboard.type("dan")
    page.get_by_role("option", name="Dana Cole").click()
    expect(page.locator("#details")).to_contain_text("dana@fathom.example")
    expect(page.locator("#details")).to_contain_text("Account ID")
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="Select contact").click()
    page.keyboard.type("lena")
    page.get_by_role("option", name="Create contact").click()
    expect(page.locator("#details .card")).to_contain_text("lena@hollowfern.example")
    expect(page.locator("#messages")).to_contain_text("Bob set the contact to Lena")


def test_all_pages_look_right(
    look: str, page: Page, axe: Callable[[], None], acme: Workspace, ticket: Ticket, conversation: Conversation
) -> None:
    with workspace(acme):
        Field.objects.for_workspace(acme).update(featured=True)
    for url in (
        acme.url("tickets:list"),
        acme.url("tickets:list") + "?status=open&q=smoke",
        acme.url("tickets:list") + "?q=nothing",
        acme.url("tickets:new"),
        acme.url("tickets:detail", ticket.number),
        acme.url("tickets:detail", ticket.number) + "?choose=contact",
        acme.url("tickets:inbox"),
        acme.url("tickets:conversation", conversation.pk),
        acme.url("tickets:of_contact", ticket.contact_id),
    ):
        page.goto(url)
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{url} scrolls sideways ({look})"
