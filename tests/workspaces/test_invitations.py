"""Invitations: by mail, for one address, once, for seven days."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from gopimi.workspaces import invitations
from gopimi.workspaces.models import Invitation, Membership, Role, User, Workspace
from tests.conftest import signed_in

HTMX = {"HX-Request": "true"}
ERIN = {"name": "Erin", "password": "a long new one", "time_zone": "Europe/Berlin"}


def mailed() -> str:
    """Do the jobs that are waiting; the path of the last link that went out."""
    for job in ProcrastinateJob.objects.filter(task_name="workspaces.send_invitation").order_by("id"):
        assert set(job.args) == {"invitation_id", "root", "language"}  # nothing personal
        invitations.mail(**job.args)
    found = re.search(r"https?://[^/]+(/\S+)", outbox.outbox[-1].body)
    assert found
    return found[1]


def invite(client: Client, acme: Workspace, email: str = "erin@example.com", role: str = "agent") -> str:
    answer = client.post(acme.url("settings:invite"), {"email": email, "role": role}, headers=HTMX)
    assert answer.status_code == 204
    return mailed()


@pytest.fixture
def link(as_alice: Client, acme: Workspace) -> str:
    return invite(as_alice, acme)


def is_over(client: Client, link: str) -> bool:
    return [client.get(link).status_code, client.post(link, ERIN).status_code] == [410, 410]


def test_it_goes_out_by_mail_and_is_listed(link: str, as_alice: Client, acme: Workspace) -> None:
    [sent] = outbox.outbox
    assert (sent.to, sent.subject) == (["erin@example.com"], "Join Acme on GoPimi")
    assert "Alice invites you to the workspace Acme on GoPimi, as agent." in sent.body
    assert sent.message()["Auto-Submitted"] == "auto-generated"
    page = as_alice.get(acme.url("settings:members")).content.decode()
    assert "erin@example.com" in page
    invitation = Invitation.objects.get()
    token = link.split("/")[-2]
    assert token not in page
    assert token not in str(Invitation.objects.values().get())
    assert abs(invitation.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)


def test_a_new_person_chooses_name_and_password_and_is_in(link: str, client: Client, acme: Workspace) -> None:
    assert "You will sign in as erin@example.com" in client.get(link).content.decode()
    assert client.post(link, ERIN)["Location"] == acme.url("tickets:list")
    erin = User.objects.get(email="erin@example.com")
    assert (erin.name, erin.time_zone, erin.check_password("a long new one")) == ("Erin", "Europe/Berlin", True)
    assert erin.memberships.get().role == Role.AGENT
    assert client.get(acme.url("tickets:list")).status_code == 200


def test_not_twice(link: str, client: Client, acme: Workspace) -> None:
    client.post(link, ERIN)
    assert is_over(Client(), link)
    assert is_over(client, link)


def test_not_after_seven_days_until_it_is_sent_again(link: str, as_alice: Client, acme: Workspace) -> None:
    invitation = Invitation.objects.get()
    Invitation.objects.update(expires_at=timezone.now())
    assert is_over(Client(), link)
    assert not User.objects.filter(email="erin@example.com").exists()
    assert "Expired" in as_alice.get(acme.url("settings:members")).content.decode()
    as_alice.post(acme.url("settings:send_invitation_again", invitation.pk), headers=HTMX)
    new = mailed()
    assert new != link
    assert is_over(Client(), link)
    assert Client().post(new, ERIN).status_code == 302


def test_revoked_ones_lead_nowhere(link: str, as_alice: Client, acme: Workspace) -> None:
    as_alice.post(acme.url("settings:revoke_invitation", Invitation.objects.get().pk), headers=HTMX)
    assert is_over(Client(), link)
    outbox.outbox.clear()
    for job in ProcrastinateJob.objects.filter(task_name="workspaces.send_invitation"):
        invitations.mail(**job.args)
    assert outbox.outbox == []


def test_an_account_of_that_very_address_accepts_after_signing_in(
    as_alice: Client, client: Client, acme: Workspace, charlie: User
) -> None:
    link = invite(as_alice, acme, charlie.email.upper(), "admin")
    assert "Sign in with it" in client.get(link).content.decode()
    assert client.post(link, ERIN).status_code == 422  # nobody sets another one's password
    assert not Membership.objects.filter(workspace=acme, user=charlie).exists()
    signed = client.post("/accounts/login/", {"login": charlie.email, "password": "password", "next": link})
    assert signed["Location"] == link
    assert "Join Acme" in client.get(link).content.decode()
    assert client.post(link)["Location"] == acme.url("tickets:list")
    assert Membership.objects.get(workspace=acme, user=charlie).role == Role.ADMIN
    charlie.refresh_from_db()
    assert charlie.check_password("password")


def test_another_address_cannot_use_it(link: str, as_charlie: Client, acme: Workspace, charlie: User) -> None:
    assert "for somebody else" in as_charlie.get(link).content.decode()
    assert as_charlie.post(link, ERIN).status_code == 422
    assert not Membership.objects.filter(workspace=acme, user=charlie).exists()
    assert Invitation.objects.get().is_open


@pytest.mark.parametrize(("given", "said"), [("12345678", "too common"), ("short", "too short"), ("", "required")])
def test_a_weak_password_is_refused(link: str, client: Client, given: str, said: str) -> None:
    answer = client.post(link, {**ERIN, "password": given})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not User.objects.filter(email="erin@example.com").exists()


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("bob@acme2345.example", "is a member already"),
        ("Erin@example.com", "is invited already"),
        ("nobody", "valid email"),
    ],
)
def test_mistakes_are_told_in_the_dialog(
    link: str, as_alice: Client, acme: Workspace, bob: User, email: str, said: str
) -> None:
    answer = as_alice.post(acme.url("settings:invite"), {"email": email, "role": "agent"}, headers=HTMX)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_whoever_became_a_member_meanwhile_keeps_their_role(link: str, acme: Workspace) -> None:
    erin = User.objects.create_user("erin@example.com", "password")
    Membership.objects.create(workspace=acme, user=erin, role=Role.ADMIN)
    signed_in(erin).post(link)
    assert erin.memberships.get().role == Role.ADMIN
    assert Invitation.objects.get().accepted_at


def test_a_made_up_link_leads_nowhere(client: Client, db: None, acme: Workspace) -> None:
    assert is_over(client, "/invitations/made-up/")


def test_members_are_for_admins(as_bob: Client, acme: Workspace) -> None:
    page: Any = as_bob.get(acme.url("settings:workspace"))
    assert acme.url("settings:members") not in page.content.decode()
