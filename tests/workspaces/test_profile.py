"""Settings > Profile: name, time zone, theme, notifications and password."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Membership, User, Workspace
from tests.factories import ContactFactory
from tickets.models import Ticket

GIVEN = {"name": "Robert", "time_zone": "Pacific/Auckland", "theme": "dark", "notify_unassigned": "on"}


def test_an_agent_changes_their_own(as_bob: Client, acme: Workspace, bob: User, alice: User) -> None:
    assert as_bob.post(acme.url("settings:profile"), GIVEN).status_code == 302
    bob.refresh_from_db()
    assert (bob.name, bob.time_zone, bob.theme) == ("Robert", "Pacific/Auckland", "dark")
    choices = Membership.objects.get(user=bob)
    assert (choices.notify_assigned, choices.notify_unassigned) == (False, True)
    others = Membership.objects.get(user=alice)
    assert (others.notify_assigned, others.notify_unassigned) == (True, False)
    page = as_bob.get(acme.url("settings:profile")).content.decode()
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize(("name", "value"), [("name", ""), ("time_zone", "Mars/Base"), ("theme", "neon")])
def test_a_mistake_changes_nothing(as_bob: Client, acme: Workspace, bob: User, name: str, value: str) -> None:
    answer = as_bob.post(acme.url("settings:profile"), {**GIVEN, name: value})
    assert answer.status_code == 422
    bob.refresh_from_db()
    assert (bob.name, bob.time_zone, bob.theme) == ("Bob", "UTC", "system")
    assert not Membership.objects.get(user=bob).notify_unassigned


def test_dates_are_in_the_readers_zone(as_bob: Client, as_alice: Client, acme: Workspace, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(time_zone="Pacific/Auckland")
    with workspace(acme):
        contact = ContactFactory(workspace=acme)
        Ticket.objects.for_workspace(acme).open(SYSTEM, contact, "Late", "Hello")
        Ticket.objects.for_workspace(acme).get().messages.update(created_at=datetime(2020, 3, 1, 22, 30, tzinfo=UTC))
    url = acme.url("tickets:detail", 1)
    assert "2 Mar 2020 11:30" in as_bob.get(url).content.decode()
    assert "1 Mar 2020 22:30" in as_alice.get(url).content.decode()
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    assert User(time_zone="Mars/Base").zone is UTC
    assert User(time_zone="../etc/passwd").zone is UTC


def test_a_new_password_ends_other_sessions(as_bob: Client, acme: Workspace, bob: User) -> None:
    other = Client()
    other.force_login(bob)
    page: Any = as_bob.get("/accounts/password/change/").content.decode()
    assert "Current password" in page
    wrong = {"oldpassword": "wrong", "password1": "a long new one", "password2": "a long new one"}
    assert as_bob.post("/accounts/password/change/", wrong).status_code == 200
    bob.refresh_from_db()
    assert bob.check_password("password")
    back = acme.url("settings:profile")
    answer = as_bob.post("/accounts/password/change/", {**wrong, "oldpassword": "password", "next": back})
    assert answer["Location"] == back
    assert as_bob.get(back).status_code == 200
    assert other.get(back).status_code == 302
