"""Signing in and out, and a new password, over allauth's pages in our look."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from gopimi.workspaces.models import User, Workspace

LOGIN = "/accounts/login/"


def sign_in(client: Client, email: str, password: str = "password", **more: str) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def test_an_agent_signs_in_and_lands_on_the_tickets(client: Client, acme: Workspace, bob: User) -> None:
    assert sign_in(client, bob.email)["Location"] == "/"
    assert client.get("/")["Location"] == f"/dashboard/{acme.slug}/tickets/"


def test_a_workspaces_own_address_leads_to_its_tickets(as_bob: Client, acme: Workspace) -> None:
    assert as_bob.get(acme.url("start"))["Location"] == acme.url("tickets:list")


def test_the_address_may_be_written_in_any_case(client: Client, bob: User) -> None:
    assert sign_in(client, bob.email.upper()).status_code == 302


def test_one_comes_back_to_where_one_wanted_to_go(client: Client, acme: Workspace, bob: User) -> None:
    wanted = acme.url("settings:workspace")
    login = client.get(wanted)["Location"]
    page = client.get(login).content.decode()
    assert f'name="next" value="{wanted}"' in page
    assert sign_in(client, bob.email, next=wanted)["Location"] == wanted


def test_nobody_is_sent_to_another_site(client: Client, bob: User) -> None:
    assert sign_in(client, bob.email, next="https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize("email", ["bob@acme2345.example", "nobody@acme2345.example"])
def test_a_mistake_is_told_without_saying_who_has_an_account(client: Client, bob: User, email: str) -> None:
    page = sign_in(client, email, "wrong").content.decode()
    assert "Email or password is wrong." in page
    assert f'value="{email}"' in page
    assert "wrong" not in re.findall(r'value="([^"]*)"', page)


def test_guessing_is_slowed_down(client: Client, bob: User) -> None:
    for _ in range(10):
        sign_in(client, bob.email, "wrong")
    assert "Too many failed attempts" in sign_in(client, bob.email).content.decode()
    assert "_auth_user_id" not in client.session


def test_the_session_ends_with_the_browser_unless_asked_to_stay(client: Client, bob: User) -> None:
    sign_in(client, bob.email)
    assert client.session.get_expire_at_browser_close()
    client.logout()
    sign_in(client, bob.email, remember="on")
    assert not client.session.get_expire_at_browser_close()


def test_signing_out_asks_on_get_and_acts_on_post(as_bob: Client) -> None:
    assert "Sign out?" in as_bob.get("/accounts/logout/").content.decode()
    assert as_bob.post("/accounts/logout/")["Location"] == LOGIN
    assert as_bob.get("/")["Location"] == LOGIN


def test_an_account_that_is_switched_off_stays_out(client: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    sign_in(client, bob.email)
    assert "_auth_user_id" not in client.session


def test_a_new_password_by_mail_works_once(client: Client, bob: User, mailoutbox: list[Any]) -> None:
    assert client.post(reverse("account_reset_password"), {"email": bob.email}).status_code == 302
    [mail] = mailoutbox
    assert (mail.subject, mail.to) == ("Choose a new password for GoPimi", [bob.email])
    link = re.search(r"https?://[^/]+(/\S+)", mail.body)[1]  # type: ignore[index]
    form = client.get(link)["Location"]
    assert "Choose a new password" in client.get(form).content.decode()
    saved = client.post(form, {"password1": "a long new one", "password2": "a long new one"})
    assert saved["Location"] == reverse("account_reset_password_from_key_done")
    assert sign_in(Client(), bob.email, "a long new one").status_code == 302
    assert "doesn't work any more" in Client().get(link).content.decode().replace("&#x27;", "'")


def test_a_stranger_gets_no_mail_and_the_same_answer(client: Client, db: None, mailoutbox: list[Any]) -> None:
    answer = client.post(reverse("account_reset_password"), {"email": "stranger@example.com"})
    assert (answer["Location"], mailoutbox) == (reverse("account_reset_password_done"), [])


def test_sign_up_is_closed_by_default(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", {"email": "eve@example.com", "password1": "a long new one"})
    assert "Accounts come by invitation" in page.content.decode()
    assert not User.objects.filter(email="eve@example.com").exists()


def test_an_operator_can_open_sign_up(client: Client, db: None, settings: Any) -> None:
    settings.SIGNUP_OPEN = True
    client.post("/accounts/signup/", {"email": "Eve@Example.com", "password1": "a long new one"})
    assert User.objects.filter(email="eve@example.com").exists()
    assert "You are in no workspace yet" in client.get("/").content.decode()


@pytest.mark.parametrize("page", ["login", "password/reset", "password/reset/done", "signup"])
def test_pages_are_in_our_look(client: Client, bob: User, page: str) -> None:
    assert 'class="sheet-card"' in client.get(f"/accounts/{page}/").content.decode()
