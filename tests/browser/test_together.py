"""Several people at once: agents at the same contact, and an admin who changes the fields that they fill in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from contacts.models import Contact
from customfields import removing, values
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace
from tests.browser.conftest import DESKTOP, PHONE
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, ConversationFactory, MessageFactory, TicketFactory

PLACES = ("ticket", "contact", "conversation")


@pytest.fixture
def places(acme: Workspace) -> dict[str, str]:
    """Where Dana's fields are edited: each place's address."""
    with workspace(acme):
        define(acme, "Seats", "number", featured=True)
        define(acme, "Plan", "select", options=["Gold", "Silver", "Bronze"], featured=True)
        define(acme, "Uses", "select", options=["API", "CLI", "SSO"], multiple=True, featured=True)
        dana = ContactFactory(workspace=acme, name="Dana Cole", email="dana@kumo.example")
        ticket = TicketFactory(workspace=acme, contact=dana)
        conversation = ConversationFactory(workspace=acme, contact=dana)
        for thread in ({"ticket": ticket}, {"conversation": conversation}):
            MessageFactory(workspace=acme, author_contact=dana, **thread)
        return {
            "ticket": acme.url("tickets:detail", ticket.number),
            "contact": acme.url("contacts:detail", dana.pk),
            "conversation": acme.url("tickets:conversation", conversation.pk),
        }


@contextmanager
def desk_of(user: User, browser: Browser, live_server: LiveServer, **options: Any) -> Iterator[Page]:
    """Somebody else's browser."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(base_url=live_server.url, viewport=DESKTOP, reduced_motion="reduce", **options)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def line(page: Page, label: str) -> Locator:
    return page.locator(".prop").filter(has=page.get_by_text(label, exact=True)).first


def edit(page: Page, label: str) -> None:
    """Open a field by the keyboard."""
    page.get_by_role("button", name=f"Edit {label}").focus()
    page.keyboard.press("Enter")
    expect(line(page, label).locator("input:focus, select:focus")).to_have_count(1)


def saved(page: Page, label: str) -> None:
    expect(line(page, label).get_by_text("Saved")).to_be_visible()


def stored(acme: Workspace) -> dict[str, str]:
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).get(email="dana@kumo.example").pk
        held = values.read(acme, [dana])[dana]
        return {field.label: field.type.to_text(held.get(field.pk)) for field in values.fields_of(acme)}


@pytest.mark.parametrize("place", PLACES)
def test_two_agents_at_one_contact(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    acme: Workspace,
    places: dict[str, str],
    alice: User,
    bob: User,
    sign_in: Callable[[User], None],
    axe: Callable[[], None],
    place: str,
) -> None:
    sign_in(bob)
    page.set_viewport_size(PHONE)
    page.goto(places[place])
    with desk_of(alice, browser, live_server) as hers:
        hers.goto(places[place])
        edit(page, "Plan")
        edit(hers, "Seats")
        hers.keyboard.type("180")
        hers.keyboard.press("Enter")
        saved(hers, "Seats")
        page.locator("select:focus").select_option("Gold")
        saved(page, "Plan")
        assert stored(acme) == {"Seats": "180", "Plan": "Gold", "Uses": ""}, "different fields never collide"

        for label in ("Seats", "Plan"):
            edit(page, label)
            edit(hers, label)
        hers.locator("select:focus").select_option("Silver")
        saved(hers, "Plan")
        page.locator("select:focus").select_option("Bronze")
        told = line(page, "Plan").get_by_role("alert")
        expect(told).to_contain_text("Alice changed this to Silver")
        axe()
        page.keyboard.press("Tab")
        expect(told.get_by_role("button", name="Keep Bronze")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Edit Plan: Silver")).to_be_focused()

        edit(page, "Plan")
        edit(hers, "Plan")
        hers.locator("select:focus").select_option("Gold")
        saved(hers, "Plan")
        page.locator("select:focus").select_option("Bronze")
        expect(line(page, "Plan").get_by_role("alert")).to_contain_text("Alice changed this to Gold")
        page.keyboard.press("Enter")  # keeps what was chosen
        saved(page, "Plan")
    assert stored(acme)["Plan"] == "Bronze"


def test_several_options_at_once(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    acme: Workspace,
    places: dict[str, str],
    alice: User,
    bob: User,
    sign_in: Callable[[User], None],
) -> None:
    sign_in(bob)
    page.goto(places["ticket"])
    with desk_of(alice, browser, live_server) as hers:
        hers.goto(places["contact"])
        for desk in (page, hers):
            edit(desk, "Uses")
        for desk, labels in ((hers, ("API", "SSO")), (page, ("CLI",))):
            for label in labels:
                desk.keyboard.type(label)
                desk.keyboard.press("Enter")
            desk.keyboard.press("Tab")
        saved(hers, "Uses")
        expect(line(page, "Uses").get_by_role("alert")).to_contain_text("Alice changed this to API, SSO")
        page.get_by_role("button", name="Keep CLI").press("Enter")
        saved(page, "Uses")
    assert stored(acme)["Uses"] == "CLI"


def test_fields_that_an_admin_changes_meanwhile(
    page: Page,
    acme: Workspace,
    places: dict[str, str],
    bob: User,
    sign_in: Callable[[User], None],
    look: str,
    axe: Callable[[], None],
) -> None:
    sign_in(bob)
    page.goto(places["ticket"])
    edit(page, "Plan")
    with workspace(acme):
        plan = Field.objects.for_workspace(acme).get(key="plan")
        gold, silver, _ = plan.choices
        gold.archive()
        removing.delete_option(silver, SYSTEM)
    page.locator("select:focus").select_option("Gold")
    expect(line(page, "Plan")).to_contain_text("“Gold” is archived and can't be chosen any more. Choose another one.")
    expect(page.locator("select:focus")).to_have_value("")
    axe()
    page.locator("select:focus").select_option("Bronze")
    saved(page, "Plan")
    edit(page, "Seats")
    page.keyboard.type("200")
    with workspace(acme):
        Field.objects.for_workspace(acme).get(key="seats").archive()
    page.keyboard.press("Enter")
    gone = line(page, "Seats").get_by_role("alert")
    expect(gone).to_contain_text("Seats was archived in the meantime. “200” isn’t saved.")
    expect(gone).to_be_focused()
    axe()
    assert stored(acme) == {"Plan": "Bronze", "Uses": ""}


def test_an_admin_replaces_an_option_in_use(
    page: Page, acme: Workspace, places: dict[str, str], alice: User, sign_in: Callable[[User], None], look: str,
    axe: Callable[[], None],
) -> None:  # fmt: skip
    sign_in(alice)
    with workspace(acme):
        plan = Field.objects.for_workspace(acme).get(key="plan")
        dana = Contact.objects.for_workspace(acme).get(email="dana@kumo.example")
        dana.change(SYSTEM, values={plan: plan.choices[0]})
    page.goto(acme.url("customfields:detail", plan.pk))
    expect(page.get_by_text("1 use", exact=True)).to_be_visible()  # on a phone, too
    page.get_by_label("Help text").fill("What they pay for")
    page.get_by_role("link", name="Delete or replace Gold").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 contact has this option")).to_be_visible()
    axe()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Delete option").click()
    expect(dialog.get_by_text("Choose what these contacts get instead")).to_be_visible()
    axe()
    dialog.get_by_label("Give these contacts instead").select_option("Silver")
    dialog.get_by_role("button", name="Delete option").click()
    expect(page.get_by_text("Gold was replaced by Silver")).to_be_visible()
    expect(page.get_by_role("button", name="Add option")).to_be_focused()
    expect(page.get_by_label("Help text")).to_have_value("What they pay for")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Plan saved")).to_be_visible()
    assert stored(acme)["Plan"] == "Silver"


def test_a_field_in_use_is_archived_after_a_question(
    page: Page, acme: Workspace, places: dict[str, str], alice: User, sign_in: Callable[[User], None],
    axe: Callable[[], None],
) -> None:  # fmt: skip
    sign_in(alice)
    with workspace(acme):
        seats = Field.objects.for_workspace(acme).get(key="seats")
        Contact.objects.for_workspace(acme).get(email="dana@kumo.example").change(SYSTEM, values={seats: 5})
    page.goto(acme.url("customfields:list"))
    page.get_by_role("link", name="Archive Seats").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 contact has a value")).to_be_visible()
    axe()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Archive Seats").press("Enter")
    expect(dialog.get_by_role("button", name="Archive", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bring back Seats")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Archive Seats")).to_be_visible()


def test_options_are_ordered_by_drag(
    page: Page, acme: Workspace, places: dict[str, str], alice: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(alice)
    with workspace(acme):
        plan = Field.objects.for_workspace(acme).get(key="plan")
    page.goto(acme.url("customfields:detail", plan.pk))
    rows = page.locator(".opt")
    rows.nth(2).locator(".handle").drag_to(rows.nth(0), target_position={"x": 20, "y": 2})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Plan saved")).to_be_visible()
    with workspace(acme):
        assert [option.label for option in plan.own_options.active()] == ["Bronze", "Gold", "Silver"]
