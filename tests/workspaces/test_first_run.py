"""A fresh installation: the first admin, their workspace, and what they do first."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces import invitations
from gopimi.workspaces.models import Membership, Role, User, Workspace
from tests.conftest import member
from tests.factories import ContactFactory, FieldFactory
from tickets import mailboxes

WELCOME = "/welcome/"
GIVEN = {
    "workspace": "Acme", "name": "Alice", "email": "Alice@acme.example", "password": "a long new one",
    "time_zone": "Europe/Berlin",
}  # fmt: skip


@pytest.mark.usefixtures("db")
def test_the_browser_is_led_there(client: Client) -> None:
    assert client.get("/", follow=True).redirect_chain[-1][0] == WELCOME
    assert client.get("/dashboard/acme/tickets/", follow=True).redirect_chain[-1][0] == WELCOME


@pytest.mark.usefixtures("db")
def test_the_first_admin_is_signed_in_to_their_workspace(client: Client, settings: Any) -> None:
    settings.CONTACT_QUOTA = 500
    answer = client.post(WELCOME, GIVEN)
    one = Workspace.objects.get()
    assert answer["Location"] == one.url("tickets:list")
    assert (one.name, one.contact_quota, len(one.slug)) == ("Acme", 500, 8)
    alice = User.objects.get(email="alice@acme.example")
    assert (alice.name, alice.time_zone, alice.check_password("a long new one")) == ("Alice", "Europe/Berlin", True)
    assert alice.memberships.get().role == Role.ADMIN
    assert "First steps" in client.get(answer["Location"]).content.decode()


def test_it_is_gone_once_there_is_anybody(client: Client, alice: User) -> None:
    assert client.get(WELCOME).status_code == 404
    assert client.post(WELCOME, GIVEN).status_code == 404
    assert not User.objects.filter(email="alice@acme.example").exists()
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/accounts/login/"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("name", ["workspace", "name", "email", "password"])
def test_a_mistake_makes_nothing(client: Client, name: str) -> None:
    assert client.post(WELCOME, {**GIVEN, name: ""}).status_code == 422
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_first() -> None:
    together = Barrier(2)

    def go(number: int) -> str:
        client = Client()
        client.get(WELCOME)
        together.wait()
        try:
            answer = client.post(WELCOME, {**GIVEN, "email": f"alice{number}@acme.example"})
            return answer.get("Location", str(answer.status_code))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(go, range(2)))
    assert Workspace.objects.count() == User.objects.count() == 1
    found.remove(Workspace.objects.get().url("tickets:list"))
    assert found[0] in ("/accounts/login/", "404")  # that of the other was in the midst of it, or over, by then


def steps(client: Client, acme: Workspace) -> str | None:
    page = client.get(acme.url("tickets:list")).content.decode()
    found = re.search(r'First steps <span class="count">([^<]+)<', page)
    return found and found[1]


def test_the_first_steps_tick_themselves(as_alice: Client, acme: Workspace, alice: User) -> None:
    assert steps(as_alice, acme) == "0 of 4"
    mailboxes.create(acme, "support@acme.example", "ticket")
    assert steps(as_alice, acme) == "1 of 4"
    with workspace(acme):
        FieldFactory(workspace=acme, kind=Kind.TEXT)
        ContactFactory(workspace=acme)
    assert steps(as_alice, acme) == "3 of 4"
    invitations.invite(acme, "erin@example.com", Role.AGENT, alice, "https://desk.example")
    assert steps(as_alice, acme) is None  # what an admin can do is done


def test_who_is_a_member_needs_no_invitation(as_alice: Client, acme: Workspace) -> None:
    member(acme, "Erin", Role.AGENT)
    assert steps(as_alice, acme) == "1 of 4"


def test_they_can_be_dismissed(as_alice: Client, acme: Workspace) -> None:
    hide = acme.url("settings:hide_first_steps")
    assert as_alice.post(hide, headers={"HX-Request": "true"}).content == b""
    assert steps(as_alice, acme) is None
    assert Membership.objects.get(workspace=acme).first_steps_hidden


def test_agents_have_none(as_bob: Client, acme: Workspace) -> None:
    assert steps(as_bob, acme) is None
