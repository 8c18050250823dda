"""The lists of tickets and of conversations by mouse and by keyboard alone, and how short the ways through them are."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from contacts import searching
from contacts.bulkedits import batches
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import (
    ContactFactory,
    ConversationFactory,
    MailboxFactory,
    MessageFactory,
    OrganizationFactory,
    TicketFactory,
)
from tickets.bulkedits.running import WORK
from tickets.models import Conversation, ThreadEdit, Ticket

ROWS = "[data-row]"


@pytest.fixture
def desk(acme: Workspace, bob: User, sign_in: Callable[[User], None]) -> Workspace:
    """Four tickets and two conversations, and an agent at the screen."""
    with workspace(acme):
        mailbox = MailboxFactory(workspace=acme)
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@fathom.example")
        lena = ContactFactory(workspace=acme, name="Lena Fischer", email="lena@hafen.example")
        searching.index([dana, lena])
        for subject in ("Smoke", "Fire", "Water", "Invoice"):
            ticket = TicketFactory(workspace=acme, contact=dana, subject=subject, mailbox=mailbox)
            MessageFactory(workspace=acme, ticket=ticket, author_contact=dana)
        for subject in ("Annual billing", "A demo"):
            conversation = ConversationFactory(workspace=acme, subject=subject, from_email="erin@example.com")
            MessageFactory(workspace=acme, conversation=conversation, author_email="erin@example.com")
    sign_in(bob)
    return acme


class Hand:
    """Counts the keys and clicks that something takes; what is typed as a text is none of them."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def click(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)


def open_list(page: Page, url: str, rows: int) -> None:
    page.goto(url)
    expect(page.locator(ROWS)).to_have_count(rows)


def test_selected_rows_are_changed_and_changed_back(
    page: Page, desk: Workspace, look: str, axe: Callable[[], None]
) -> None:
    open_list(page, desk.url("tickets:list"), 4)
    page.get_by_label("Select #1 Smoke").check()
    page.get_by_label("Select #2 Fire").check()
    axe()
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Status").click()
    dialog = page.get_by_role("dialog", name="Set status")
    expect(dialog.get_by_label("Status")).to_be_focused()
    axe()
    dialog.get_by_label("Status").select_option("Resolved")
    dialog.get_by_role("button", name="Change 2 tickets").click()
    expect(page.get_by_text("2 tickets changed")).to_be_visible()
    expect(page.locator(ROWS).get_by_text("Resolved")).to_have_count(2)
    expect(page.locator("#threads-open")).to_have_text("2 open")
    axe()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 tickets changed back")).to_be_visible()
    expect(page.locator(ROWS).get_by_text("Open", exact=True)).to_have_count(4)


def test_all_that_match_and_their_progress(
    page: Page, desk: Workspace, monkeypatch: pytest.MonkeyPatch, axe: Callable[[], None]
) -> None:
    monkeypatch.setattr("contacts.savedviews.LIMITS", (2, 50))
    monkeypatch.setattr(batches, "AT_ONCE", 0)
    open_list(page, desk.url("tickets:list") + "?status=open", 2)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Select all 4 that match").click()
    expect(page.get_by_text("All 4 tickets that match are selected.")).to_be_visible()
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Tag").click()
    dialog = page.get_by_role("dialog", name="Add or remove a tag")
    expect(dialog.get_by_text("4 tickets", exact=True)).to_be_visible()
    dialog.get_by_role("combobox").fill("vip")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Change 4 tickets").click()
    expect(page.get_by_text("0 of 4 tickets")).to_be_visible()
    axe()
    with workspace(desk):
        one = ThreadEdit.objects.for_workspace(desk).get()
    WORK.run(desk.pk, one.pk)
    expect(page.get_by_text("4 tickets changed")).to_be_visible()
    expect(page.locator(ROWS).get_by_text("vip")).to_have_count(2)
    page.locator("#bulk-edits").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is being undone")).to_be_visible()


def test_conversations_are_closed_together(page: Page, desk: Workspace) -> None:
    open_list(page, desk.url("tickets:inbox"), 2)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("toolbar", name="Bulk actions").get_by_role("button", name="Status").click()
    page.get_by_role("dialog").get_by_label("Status").select_option("Closed")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Change 2 conversations").press("Enter")
    expect(page.get_by_text("2 conversations changed")).to_be_visible()
    expect(page.get_by_text("No open conversations")).to_be_visible()


def test_a_ticket_is_edited_by_keyboard(page: Page, desk: Workspace, axe: Callable[[], None]) -> None:
    open_list(page, desk.url("tickets:list") + "?sort=number", 4)
    for key in ("j", "j", "e"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name="Edit ticket #2")
    expect(dialog.get_by_label("Subject")).to_be_focused()
    axe()
    dialog.get_by_label("Subject").fill("Fire!")
    dialog.get_by_label("Priority").select_option("Urgent")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.locator(ROWS).nth(1)).to_contain_text("Fire!")
    expect(page.locator(ROWS).nth(1)).to_contain_text("Urgent")


def test_from_ticket_to_ticket(page: Page, desk: Workspace, look: str, axe: Callable[[], None]) -> None:
    open_list(page, desk.url("tickets:list") + "?sort=number&status=open", 4)
    page.get_by_role("link", name="Fire").click()
    expect(page.locator("#thread-header")).to_contain_text("2 of 4")
    axe()
    page.keyboard.press("e")
    page.get_by_role("dialog").get_by_label("Status").select_option("Closed")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#thread-header")).to_contain_text("Closed")
    expect(page.get_by_label("Status")).to_have_value("closed")
    expect(page.locator("#messages")).to_contain_text("Bob changed status from Open to Closed")
    page.keyboard.press("j")
    expect(page.locator("#thread-header")).to_contain_text("#3")
    page.keyboard.press("k")
    expect(page.locator("#thread-header")).to_contain_text("#1")  # the second isn't in this list any more
    page.get_by_role("link", name="Next ticket").click()
    expect(page.locator("#thread-header")).to_contain_text("#3")
    page.get_by_role("link", name="Back to tickets").click()
    expect(page.locator(ROWS)).to_have_count(3)


def test_the_order_stays_while_one_searches(page: Page, desk: Workspace) -> None:
    open_list(page, desk.url("tickets:list"), 4)
    page.get_by_role("link", name="No.").click()
    page.get_by_role("link", name="No.").click()
    expect(page.locator(ROWS).first).to_contain_text("Smoke")
    page.get_by_label("Search tickets").press_sequentially("dana")
    page.wait_for_url("**q=dana")
    expect(page.locator(ROWS).first).to_contain_text("Smoke")


def test_days_and_rows_per_page(page: Page, desk: Workspace, look: str, axe: Callable[[], None]) -> None:
    open_list(page, desk.url("tickets:list"), 4)
    with workspace(desk):
        Ticket.objects.for_workspace(desk).filter(subject="Smoke").update(created_at="2026-01-02T12:00Z")
    page.get_by_role("button", name="Created", exact=True).click()
    page.locator("#filter-created_at").get_by_label("On or before").fill("2026-01-02")
    axe()
    page.locator("#filter-created_at").get_by_role("button", name="Apply").click()
    expect(page.locator(ROWS)).to_have_count(1)
    if look.startswith("desktop"):
        page.get_by_label("Rows per page").select_option("100")
        page.wait_for_url("**limit=100**")
        assert "created_at__lte=2026-01-02" in page.url
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Remove filter Created").click()
    expect(page.locator(ROWS)).to_have_count(4)


def test_an_organization_is_searched_for(page: Page, desk: Workspace, axe: Callable[[], None]) -> None:
    with workspace(desk):
        contact = ContactFactory(workspace=desk, organization=OrganizationFactory(workspace=desk, name="Fathom"))
        TicketFactory(workspace=desk, contact=contact, subject="Theirs")
        OrganizationFactory(workspace=desk, name="Hafen")
    open_list(page, desk.url("tickets:list"), 5)
    page.get_by_role("button", name="Organization").click()
    page.get_by_role("combobox", name="Organization").press_sequentially("fath")
    page.get_by_role("option", name="Fathom").click()
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_text("Organization is Fathom")).to_be_visible()
    axe()
    page.get_by_role("button", name="Remove filter Organization").click()
    expect(page.locator(ROWS)).to_have_count(5)


def test_a_phone_selects_the_whole_page(page: Page, desk: Workspace, axe: Callable[[], None]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_list(page, desk.url("tickets:list"), 4)
    page.get_by_label("Select #1 Smoke").check()
    page.get_by_role("button", name="Select page").click()
    expect(page.get_by_text("4 selected")).to_be_visible()
    axe()


@pytest.mark.parametrize("by", ["keys", "clicks"])
def test_the_first_answer_takes_at_most_four_keys_or_clicks(page: Page, desk: Workspace, by: str) -> None:
    open_list(page, desk.url("tickets:list") + "?sort=number", 4)
    hand = Hand(page)
    if by == "keys":
        hand.press("j", "Enter")
        expect(page.locator("#composer")).to_be_visible()
        hand.press("r")
        hand.type("Leave the room!")
        hand.press("Control+Enter")
    else:
        hand.click(page.get_by_role("link", name="Smoke"))
        hand.click(page.get_by_label("Message", exact=True))
        hand.type("Leave the room!")
        hand.click(page.get_by_role("button", name="Send"))
    expect(page.locator("#messages .out")).to_contain_text("Leave the room!")
    assert hand.count <= 4
    with workspace(desk):
        assert Ticket.objects.for_workspace(desk).get(number=1).messages.filter(direction="outbound").count() == 1


@pytest.mark.parametrize("by", ["keys", "clicks"])
def test_a_contact_for_a_conversation_takes_at_most_three_and_a_name(page: Page, desk: Workspace, by: str) -> None:
    open_list(page, desk.url("tickets:inbox"), 2)
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Annual billing"))
    selector = page.get_by_role("combobox", name="Select contact")
    if by == "keys":
        expect(selector).to_be_visible()
        hand.press("p")
        expect(selector).to_be_focused()
    else:
        hand.click(selector)
    hand.type("lena")
    if by == "keys":
        hand.press("Enter")
    else:
        hand.click(page.get_by_role("option", name="Lena Fischer"))
    expect(page.locator("#details .card")).to_contain_text("lena@hafen.example")
    assert hand.count <= 3
    with workspace(desk):
        found = Conversation.objects.for_workspace(desk).select_related("contact").get(subject="Annual billing")
    assert found.contact is not None
    assert found.contact.name == "Lena Fischer"


def test_a_note_by_its_key(page: Page, desk: Workspace) -> None:
    page.goto(desk.url("tickets:detail", 1))
    page.keyboard.press("n")
    page.keyboard.type("Arson?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages .note")).to_contain_text("Arson?")


@pytest.mark.parametrize("way", ["key", "button"])
def test_a_new_ticket_begins_at_its_first_field(page: Page, desk: Workspace, way: str) -> None:
    open_list(page, desk.url("tickets:list"), 4)
    if way == "key":
        page.keyboard.press("c")
    else:
        page.get_by_role("link", name="New ticket").click()
    expect(page.get_by_role("dialog").get_by_role("combobox", name="Select contact")).to_be_focused()


def test_a_click_into_the_open_selector_leaves_its_list(page: Page, desk: Workspace) -> None:
    with workspace(desk):
        conversation = Conversation.objects.for_workspace(desk).order_by("pk")[0]
    page.goto(desk.url("tickets:conversation", conversation.pk))
    selector = page.get_by_role("combobox", name="Select contact")
    selector.click()
    page.get_by_role("option", name="Dana Cole").click()
    page.get_by_role("link", name="Change", exact=True).click()
    expect(page.get_by_role("option", name="Lena Fischer")).to_be_visible()
    selector.click()
    expect(page.get_by_role("option", name="Lena Fischer")).to_be_visible()
    selector.click()
    expect(page.get_by_role("option", name="Lena Fischer")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", name="Lena Fischer")).to_have_count(0)
