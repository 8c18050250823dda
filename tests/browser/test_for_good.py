"""What admins do for good: the trash purged, a person erased, tags renamed, merged and deleted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Contact, Tag
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace


@pytest.fixture
def as_admin(alice: User, sign_in: Callable[[User], None]) -> None:
    sign_in(alice)


@pytest.fixture
def people(acme: Workspace) -> list[Contact]:
    """Three, of whom the last two are in the trash."""
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        made = [
            contacts.add(SYSTEM, email=f"p{n}@kumo.example", name=f"Person {n}", tags=["vip", f"only {n}"])
            for n in range(3)
        ]
        contacts.filter(pk__in=[made[1].pk, made[2].pk]).trash(SYSTEM)
    return made


@pytest.mark.usefixtures("as_admin")
def test_the_trash_is_purged(page: Page, acme: Workspace, people: list[Contact]) -> None:
    page.goto(acme.url("contacts:trash"))
    page.get_by_label("Select Person 1").check()
    page.get_by_role("button", name="Purge", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Purge Person 1?")
    dialog.get_by_role("button", name="Purge", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("1 contact purged")).to_be_visible()
    expect(page.get_by_label("Select Person 1")).to_have_count(0)
    page.get_by_role("button", name="Purge all").click()
    expect(dialog).to_contain_text("Purge Person 2?")
    dialog.get_by_role("button", name="Purge", exact=True).click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).get() == people[0]


@pytest.mark.usefixtures("as_admin")
def test_a_person_is_erased(page: Page, acme: Workspace, people: list[Contact]) -> None:
    page.goto(acme.url("contacts:detail", people[0].pk))
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Erase person").click()
    address = page.get_by_label("Type the address to confirm")
    address.fill("p1@kumo.example")
    page.get_by_role("button", name="Erase person").click()
    expect(page.get_by_text("This isn't the address")).to_be_visible()
    address.fill("p0@kumo.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The person was erased")).to_be_visible()
    expect(page.get_by_text("Person 0")).to_have_count(0)
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).get(pk=people[0].pk).erased_at


@pytest.mark.usefixtures("as_admin")
def test_tags_are_renamed_merged_and_deleted(page: Page, acme: Workspace, people: list[Contact]) -> None:
    page.goto(acme.url("settings:tags"))
    page.get_by_role("link", name="Rename only 0").click()
    name = page.get_by_role("textbox", name="Name")
    name.fill("VIP")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is a tag “vip” already.")).to_be_visible()
    page.get_by_role("link", name="Merge into “vip”").click()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("only 0 was merged into vip")).to_be_visible()
    expect(page.get_by_role("link", name="Rename only 0")).to_have_count(0)  # the table is there anew
    page.get_by_role("link", name="Delete only 1").click()
    page.get_by_role("button", name="Delete tag").click()
    expect(page.get_by_role("link", name="Delete only 1")).to_have_count(0)
    page.get_by_label("Search tags").fill("only")
    expect(page.get_by_text("1 tag", exact=True)).to_be_visible()
    page.get_by_role("link", name="Rename only 2").click()
    name.fill("rare")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No tag matches")).to_be_visible()
    with workspace(acme):
        assert set(Tag.objects.for_workspace(acme).values_list("name", flat=True)) == {"rare", "vip"}


@pytest.mark.usefixtures("as_admin", "look")
def test_pages_are_accessible(page: Page, acme: Workspace, people: list[Contact], axe: Callable[[], None]) -> None:
    with workspace(acme):
        tag = Tag.objects.for_workspace(acme).get(name="vip")
    for url in (
        acme.url("contacts:trash"),
        acme.url("contacts:detail", people[1].pk),
        acme.url("contacts:erase", people[0].pk),
        acme.url("settings:tags"),
        acme.url("settings:tags") + "?q=none",
        acme.url("settings:rename_tag", tag.pk),
        acme.url("settings:merge_tag", tag.pk),
        acme.url("settings:delete_tag", tag.pk),
    ):
        page.goto(url)
        axe()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    page.goto(acme.url("contacts:trash"))
    page.get_by_role("button", name="Purge all").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 contacts")
    axe()
