"""Members and invitations, as admins see them, and the page that a link leads to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from gopimi.workspaces import invitations
from gopimi.workspaces.models import Invitation, Membership, Role, User, Workspace


@pytest.fixture
def as_admin(alice: User, sign_in: Callable[[User], None]) -> None:
    sign_in(alice)


@pytest.fixture
def expected_statuses() -> set[int]:
    return {410, 422}  # a link that is over, a form with a mistake in it


def invited(acme: Workspace, by: User, email: str = "erin@example.com") -> Invitation:
    return invitations.invite(acme, email, Role.AGENT, by, "https://desk.example")


def link(invitation: Invitation) -> str:
    return Invitation.path(invitations.secret(invitation))


@pytest.mark.usefixtures("as_admin")
def test_roles_and_removing(page: Page, acme: Workspace, alice: User, bob: User) -> None:
    page.goto(acme.url("settings:members"))
    expect(page.get_by_label("Role of Alice")).to_be_disabled()
    page.get_by_label("Role of Bob").select_option("Admin")
    expect(page.get_by_text("Bob is Admin now")).to_be_visible()
    expect(page.get_by_label("Role of Alice")).to_be_enabled()
    page.get_by_role("button", name="Remove Bob").click()
    page.get_by_role("button", name="Remove member").click()
    expect(page.get_by_text("Bob is removed")).to_be_visible()
    expect(page.get_by_label("Role of Bob")).to_have_count(0)
    expect(page.get_by_role("link", name="Members 1")).to_be_visible()
    assert not Membership.objects.filter(user=bob).exists()


@pytest.mark.usefixtures("as_admin")
def test_an_invitation_from_the_dialog_to_the_new_members_first_page(page: Page, acme: Workspace) -> None:
    page.goto(acme.url("settings:members"))
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("Email").fill("erin@")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_label("Email")).to_be_focused()
    page.get_by_label("Email").fill("Erin@example.com")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Invitation sent to erin@example.com")).to_be_visible()
    page.get_by_role("button", name="Send again to erin@example.com").click()
    expect(page.get_by_text("Invitation sent to erin@example.com again")).to_be_visible()
    page.context.clear_cookies()
    page.goto(link(Invitation.objects.select_related("workspace").get()))
    page.get_by_label("Your name").fill("Erin Blum")
    page.get_by_label("Password").fill("a long new one")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{acme.url('tickets:list')}")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert User.objects.get(email="erin@example.com").time_zone == zone


@pytest.mark.usefixtures("look")
def test_pages_are_accessible(
    page: Page, acme: Workspace, alice: User, bob: User, sign_in: Callable[[User], None], axe: Callable[[], None]
) -> None:
    def look_at(*urls: str) -> None:
        for url in urls:
            page.goto(url)
            axe()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url

    new = invited(acme, alice)
    old = invited(acme, alice, "jonas.with.a.very.long.address@a-long-organization-name.example")
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=1))
    bobs = Membership.objects.get(user=bob)
    known = invited(acme, alice, "ann@example.com")
    ann = User.objects.create_user("ann@example.com", "password", name="Ann")
    look_at(link(new), link(known), "/invitations/made-up/")
    sign_in(alice)
    look_at(
        acme.url("settings:members"),
        acme.url("settings:invite"),
        acme.url("settings:remove_member", bobs.pk),
        acme.url("settings:leave"),
        link(new),
    )
    sign_in(ann)
    look_at(link(known))
