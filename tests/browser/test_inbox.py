"""A conversation's contact: found as one types, set, changed, cleared, made on the spot."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from contacts import searching
from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, ConversationFactory, MessageFactory
from tickets.models import Conversation


@pytest.fixture
def conversation(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Conversation:
    with workspace(acme):
        define(acme, "Plan", featured=True)
        searching.index([ContactFactory(workspace=acme, name=name) for name in ("Lena Fischer", "Helena Marques")])
        conversation = ConversationFactory(
            workspace=acme, subject="Annual billing", from_email="lena@hollowfern.example", from_name="Lena"
        )
        MessageFactory(workspace=acme, conversation=conversation, author_email="lena@hollowfern.example")
    sign_in(bob)
    return conversation


def of(conversation: Conversation) -> str | None:
    with workspace(conversation.workspace_id):
        found = Conversation.objects.for_workspace(conversation.workspace_id).select_related("contact").get()
        return found.contact.name if found.contact else None


def test_set_change_and_clear(page: Page, conversation: Conversation, look: str, axe: Callable[[], None]) -> None:
    page.goto(conversation.workspace.url("tickets:conversation", conversation.pk))
    selector = page.get_by_role("combobox", name="Select contact")
    selector.click()
    selector.press_sequentially("lena")
    axe()
    page.get_by_role("option", name="Lena Fischer").click()
    expect(page.get_by_role("button", name="Edit Plan")).to_be_visible()
    assert of(conversation) == "Lena Fischer"
    axe()
    page.get_by_role("link", name="Change", exact=True).click()
    selector.press_sequentially("helena")
    page.get_by_role("option", name="Helena Marques").click()
    expect(page.locator(".card")).to_contain_text("Helena Marques")
    assert of(conversation) == "Helena Marques"
    page.get_by_role("button", name="Clear").click()
    expect(selector).to_be_visible()
    assert of(conversation) is None


def test_made_on_the_spot_by_keyboard(page: Page, conversation: Conversation) -> None:
    page.goto(conversation.workspace.url("tickets:conversation", conversation.pk))
    page.get_by_role("combobox", name="Select contact").focus()
    page.keyboard.type("hollow")
    expect(page.get_by_text("Create contact")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text("lena@hollowfern.example")
    with workspace(conversation.workspace_id):
        made = Contact.objects.for_workspace(conversation.workspace_id).get(email="lena@hollowfern.example")
    assert of(conversation) == made.name
