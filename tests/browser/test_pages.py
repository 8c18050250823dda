"""Every page of a workspace, found in the URLs, in its states: full of the longest texts, empty, without a match, and
not for agents. It fits a screen and a phone, axe-core finds nothing in light and dark, and the console says nothing.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from contacts import searching
from contacts.models import Import, ImportProblem, ImportRow, View
from customfields import types
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces import invitations
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import ApiToken, User, Workspace
from organizations.models import Domain
from tests.browser.conftest import LOOKS, PHONE
from tests.conftest import signed_in
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, ConversationFactory, MessageFactory, OrganizationFactory, TicketFactory
from tests.longer import LONGER
from tests.test_isolation import PAGES
from tickets import mailboxes
from tickets.models import RawMail

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunte"  # 60 characters
LONG = "N" * 200
ARABIC = "مرحبا بكم في مكتب المساعدة " * 7
ADDRESS = f"{'a' * 64}@{'.'.join(['b' * 61] * 3)}.ex"  # 254 characters
SECTIONS = sorted({name.rpartition(":")[0] for name, _ in PAGES} - {""})
ASKING = {"contacts:view_new": "?table=contacts", "contacts:views": "?table=contacts"}
SEARCHED = ["tickets:list", "tickets:inbox", "contacts:list", "contacts:trash", "organizations:list", "settings:tags"]
WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"
# What reaches over the edge of what holds it, and can't be scrolled to or isn't cut on purpose.
LOST = """() => [...document.querySelectorAll("main *, dialog[open] *")].filter((one) => {
    const { width, height, right, left } = one.getBoundingClientRect();
    if (!width || !height || one.closest(".sr-only, svg") || (right <= innerWidth + 1 && left >= -1)) return false;
    for (let box = one.parentElement; box; box = box.parentElement)
        if (getComputedStyle(box).overflowX !== "visible") return false;
    return true;
}).map((one) => `${one.tagName}.${one.className}`)"""
# Boxes that scroll sideways, though only a table, a row of tabs or chips, and code may.
SIDEWAYS = """() => [...document.querySelectorAll("main *, dialog[open], dialog[open] *")].filter((one) =>
    ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.clientWidth
    && one.scrollWidth > one.clientWidth + 1 && !one.matches(".tabs, .chips, code, .scroll:has(> .table)")
).map((box) => [box, ...box.querySelectorAll("*")].filter((one) => one === box
    || one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1
).map((one) => `${one.tagName}.${one.className}`).join(" "))"""


def values_for(fields: list[Field]) -> dict[Field, Any]:
    """The longest value of each type."""
    values: dict[str, Any] = {
        "text": WORD * 6, "number": Decimal("-12345678901234.123456"), "date": date(2026, 1, 2), "boolean": True,
        "url": f"https://example.com/{'u' * 300}", "email": ADDRESS,
    }  # fmt: skip
    return {field: values.get(field.type.name) or field.choices[0] for field in fields}


@pytest.fixture
def full(acme: Workspace, alice: User) -> dict[str, Any]:
    """Whatever people name, as long as they may; and the parameters of routes that lead to it, by namespace."""
    User.objects.filter(pk=alice.pk).update(name=(WORD * 4)[:200])
    Workspace.objects.filter(pk=acme.pk).update(name=(WORD * 4)[:200])
    with workspace(acme):
        organization = OrganizationFactory(workspace=acme, name=LONG)
        for number in range(6):
            Domain.objects.create(workspace=acme, organization=organization, name=f"{number}.{'l' * 60}.example")
        fields = [
            define(acme, f"{kind} {WORD}", kind, featured=True, help_text=(WORD + " ") * 4,
                   options=[f"{WORD} {number}" for number in range(4)] if kind == "select" else [])
            for kind in types.NAMES
        ]  # fmt: skip
        for number in range(12):
            define(acme, f"{number} {ARABIC[:80]}", "text")
        contact = ContactFactory(
            workspace=acme, name=f"{WORD} {WORD}", email=ADDRESS, email_key=ADDRESS, organization=organization
        )
        searching.index([contact])
        tags = [f"{number} {WORD[:57]}" if number % 10 == 0 else f"tag {number}" for number in range(100)]
        contact.change(Actor.agent(alice), {"name": LONG}, values_for(fields), tags=tags)
        trashed = ContactFactory(workspace=acme, name=ARABIC.strip(), deleted_at=contact.created_at)
        searching.index([trashed])
        view = View.objects.create(workspace=acme, table="contacts", name="V" * 100, shared=True)
        run = Import.objects.create(
            workspace=acme, actor_kind="system", filename=f"{LONG}.csv", encoding="utf-8", status="done"
        )
        ImportRow.objects.create(workspace=acme, run=run, row=2, line=2, cells=[LONG])
        ImportProblem.objects.create(workspace=acme, run=run, row=2, position=0, code="required", reason=WORD * 3)
        mailbox = mailboxes.create(acme, f"{'s' * 60}@{'m' * 60}.example", "ticket", name=LONG)
        raw = RawMail.objects.create(
            workspace=acme, mailbox=mailbox, recipient=mailbox.address, data=(WORD * 20).encode(), state="held",
            fingerprint=b"x" * 32, sender=ADDRESS, subject=LONG, reason=WORD,
        )  # fmt: skip
        ticket = TicketFactory(workspace=acme, contact=contact, subject=LONG, mailbox=mailbox)
        ticket.change(Actor.agent(alice), tags=tags[:40])
        conversation = ConversationFactory(workspace=acme, contact=contact, subject=ARABIC, mailbox=mailbox)
        texts = {
            "body_text": f"{WORD * 20}\n{ARABIC}",
            "author_contact": contact,
            "mailbox": mailbox,
            "attribution": f"From: {ADDRESS}",
        }
        message = MessageFactory(workspace=acme, ticket=ticket, raw_mail=raw, **texts)
        MessageFactory(workspace=acme, conversation=conversation, **texts)
        tag = contact.tags.first()
        select = next(field for field in fields if field.type.name == "select")
    token, _ = ApiToken.issue(acme, LONG, ["contacts:read", "contacts:write", "tickets:read"])
    invitation = invitations.invite(acme, ADDRESS, "agent", alice, "https://desk.example")
    return {
        "settings": {
            "token_id": token.pk, "mailbox_id": mailbox.pk, "raw_mail_id": raw.pk, "tag_id": tag.pk,
            "membership_id": alice.memberships.get().pk, "invitation_id": invitation.pk,
        },
        "organizations": {"pk": organization.pk},
        "customfields": {"pk": select.pk, "option_pk": select.choices[0].pk},
        "contacts": {
            "import_pk": run.pk, "pk": contact.pk, "field_pk": fields[0].pk, "property": "email", "view_pk": view.pk,
            "organization_pk": organization.pk,
        },
        "tickets": {
            "number": ticket.number, "conversation_id": conversation.pk, "contact_id": contact.pk,
            "message_id": message.pk,
        },
    }  # fmt: skip


def pages(client: Client, acme: Workspace, ids: dict[str, Any], section: str = "") -> Iterator[tuple[str, str]]:
    """The whole pages, of all routes that the rows at hand lead to: each one's address and HTML."""
    for name, parameters in PAGES:
        given = ids.get(name.partition(":")[0], {})
        if not name.startswith(section) or not given.keys() >= set(parameters) - {"slug"}:
            continue
        url = reverse(name, kwargs={"slug": acme.slug, **{key: given[key] for key in parameters if key != "slug"}})
        answer = client.get(url + ASKING.get(name, ""))
        if answer.headers["Content-Type"].startswith("text/html") and answer.content.startswith(b"<!doctype html>"):
            assert answer.status_code in (200, 405), f"{url} is {answer.status_code}"
            if answer.status_code == 200:
                yield url + ASKING.get(name, ""), answer.content.decode()


@pytest.fixture
def stands(page: Page, axe: Callable[[], None]) -> Callable[[str], None]:
    """Assert that a page is as it should be on a screen by day and on a phone by night: `stands(address)`.

    axe-core, which takes longest, looks at every other page, at one of the two in turn. With LONGER it looks at each of
    them in all four looks.
    """
    looks = list(LOOKS.values()) if LONGER > 1 else [LOOKS["desktop-light"], LOOKS["phone-dark"]]
    turns = cycle([looks[0], None, looks[1], None])

    def check(address: str) -> None:
        turn = next(turns)
        for look in looks:
            size, theme = look
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            page.goto(address)
            where = f"{address}, {size['width']} px, {theme}"
            wide, screen = page.evaluate(WIDTHS)
            assert wide <= screen, f"{where}, is wider than the screen: {page.evaluate(LOST)}"
            assert page.evaluate(LOST) == [], where
            assert page.evaluate(SIDEWAYS) == [], where
            if LONGER > 1 or look is turn:
                axe()

    return check


@pytest.mark.parametrize("section", SECTIONS)
def test_full_of_the_longest_texts(
    stands: Callable[[str], None], acme: Workspace, alice: User, full: dict[str, Any], sign_in: Callable[[User], None],
    section: str,
) -> None:  # fmt: skip
    sign_in(alice)
    found = [url for url, _ in pages(signed_in(alice), acme, full, f"{section}:")]
    assert len(found) > 2
    for address in found:
        stands(address)


def test_with_nothing_in_it(
    stands: Callable[[str], None], page: Page, acme: Workspace, alice: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(alice)
    empty = [url for url, html in pages(signed_in(alice), acme, {}) if 'class="empty"' in html]
    assert len(empty) >= 10
    for address in empty:
        stands(address)
        box = page.locator(".empty")
        assert [box.locator(part).count() for part in ("h2", "p", "a")] == [1, 1, 1], address


def test_without_a_match(
    stands: Callable[[str], None], page: Page, acme: Workspace, alice: User, full: dict[str, Any],
    sign_in: Callable[[User], None],
) -> None:  # fmt: skip
    sign_in(alice)
    for name in SEARCHED:
        stands(f"{acme.url(name)}?q={WORD}x")
        expect(page.get_by_role("searchbox").first).to_have_value(f"{WORD}x")
        page.get_by_role("link", name="Clear search").click()
        expect(page.locator("[data-row]").first).to_be_visible()
        expect(page.get_by_role("searchbox").first).to_have_value("")


def test_not_for_agents_and_gone(
    stands: Callable[[str], None], page: Page, acme: Workspace, bob: User, sign_in: Callable[[User], None],
    expected_statuses: set[int],
) -> None:  # fmt: skip
    expected_statuses |= {403, 404}
    sign_in(bob)
    for address in (acme.url("settings:members"), acme.url("contacts:detail", 1)):
        stands(address)
        page.get_by_role("link", name="Go to tickets").click()
        expect(page).to_have_url(re.compile(re.escape(acme.url("tickets:list"))))


def test_what_was_pressed_has_the_focus_again_when_the_server_fails(
    page: Page, acme: Workspace, alice: User, full: dict[str, Any], sign_in: Callable[[User], None],
    expected_statuses: set[int],
) -> None:  # fmt: skip
    expected_statuses.add(503)
    sign_in(alice)
    page.goto(acme.url("tickets:detail", full["tickets"]["number"]))
    page.route("**/reply/", lambda route: route.fulfill(status=503))
    page.get_by_label("Message", exact=True).fill("Hello")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Something went wrong. Nothing was changed; try again.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hello")


def test_the_tab_that_one_is_at_is_in_sight_on_a_phone(
    page: Page, acme: Workspace, alice: User, sign_in: Callable[[User], None]
) -> None:
    sign_in(alice)
    page.set_viewport_size(PHONE)
    page.goto(acme.url("settings:held"))
    expect(page.locator("#settings-tabs").get_by_role("link", name="Held mail")).to_be_in_viewport(ratio=1)
