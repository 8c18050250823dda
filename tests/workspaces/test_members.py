"""Settings > Members: roles, removing, leaving; a workspace always keeps an admin."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces import members
from gopimi.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import member, signed_in
from tests.factories import ContactFactory, TicketFactory
from tickets.models import Ticket

HTMX = {"HX-Request": "true"}


def of(user: User, target: Workspace) -> Membership:
    return Membership.objects.select_related("user", "workspace").get(user=user, workspace=target)


def roles(target: Workspace) -> dict[str, str]:
    return dict(Membership.objects.filter(workspace=target).values_list("user__name", "role"))


def set_role(client: Client, user: User, target: Workspace, role: str) -> int:
    url = target.url("settings:member_role", of(user, target).pk)
    return client.post(url, {"role": role}, headers=HTMX).status_code


def test_everybody_is_listed_with_role_and_when_they_were_here(as_alice: Client, acme: Workspace, bob: User) -> None:
    Membership.objects.filter(user=bob).update(last_seen_at=None)
    page = as_alice.get(acme.url("settings:members")).content.decode()
    assert "alice@acme2345.example" in page
    assert "Role of Bob" in page
    assert "Never" in page
    signed_in(bob).get(acme.url("tickets:list"))
    assert of(bob, acme).last_seen_at is not None


def test_a_role_is_changed(as_alice: Client, acme: Workspace, bob: User) -> None:
    assert set_role(as_alice, bob, acme, "admin") == 204
    assert roles(acme) == {"Alice": "admin", "Bob": "admin"}
    assert set_role(as_alice, bob, acme, "owner") == 204
    assert roles(acme) == {"Alice": "admin", "Bob": "admin"}


def test_whoever_stops_being_an_admin_is_led_away(as_alice: Client, acme: Workspace, alice: User, bob: User) -> None:
    set_role(as_alice, bob, acme, "admin")
    url = acme.url("settings:member_role", of(alice, acme).pk)
    assert as_alice.post(url, {"role": "agent"}, headers=HTMX)["HX-Redirect"] == acme.url("settings:workspace")
    assert as_alice.get(acme.url("settings:members")).status_code == 403


def test_the_only_admin_stays_one(as_alice: Client, acme: Workspace, alice: User, bob: User) -> None:
    switched_off = member(acme, "Olga", Role.ADMIN)
    User.objects.filter(pk=switched_off.pk).update(is_active=False)
    answer = as_alice.post(acme.url("settings:member_role", of(alice, acme).pk), {"role": "agent"}, headers=HTMX)
    assert "only admin" in answer["HX-Trigger"]
    for url in (acme.url("settings:leave"), acme.url("settings:remove_member", of(alice, acme).pk)):
        assert "You are the only admin" in as_alice.get(url).content.decode()
        assert as_alice.post(url).status_code == 422
    assert roles(acme) == {"Alice": "admin", "Bob": "agent", "Olga": "admin"}
    assert "disabled" in as_alice.get(acme.url("settings:members")).content.decode()


def test_removing_takes_access_and_unassigns(as_alice: Client, acme: Workspace, bob: User) -> None:
    with workspace(acme):
        TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme), assignee=bob)
    as_bob = signed_in(bob)
    assert as_bob.get(acme.url("tickets:list")).status_code == 200
    as_alice.post(acme.url("settings:remove_member", of(bob, acme).pk), headers=HTMX)
    assert as_bob.get(acme.url("tickets:list")).status_code == 404
    with workspace(acme):
        assert Ticket.objects.for_workspace(acme).get().assignee_id is None
    assert User.objects.filter(pk=bob.pk).exists()


def test_an_agent_leaves(as_bob: Client, acme: Workspace, alice: User) -> None:
    assert as_bob.post(acme.url("settings:leave"))["Location"] == "/"
    assert roles(acme) == {"Alice": "admin"}


def demote(one: Membership) -> bool:
    return members.set_role(one, Role.AGENT)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act", [members.remove, lambda one: members.set_role(one, Role.AGENT)], ids=["leave", "demote"]
)
def test_two_admins_at_once_never_leave_none(acme: Workspace, act: object) -> None:
    both = [of(member(acme, name, Role.ADMIN), acme) for name in ("Alice", "Ann")]
    together = Barrier(2)

    def go(one: Membership) -> str:
        together.wait()
        try:
            act(one)  # type: ignore[operator]
        except members.LastAdmin:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, both)) == ["done", "refused"]
    assert list(roles(acme).values()).count("admin") == 1
