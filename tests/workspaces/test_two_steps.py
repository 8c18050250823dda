"""Two-step sign-in, over allauth's pages in our look."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from gopimi.workspaces.models import User, Workspace

CODES = "/accounts/2fa/recovery-codes/"


def code(secret: str) -> str:
    """What an app shows now for this key."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def sign_in(client: Client, user: User) -> Any:
    return client.post("/accounts/login/", {"login": user.email, "password": "password"})


@pytest.fixture
def secret(client: Client, bob: User) -> str:
    """Bob has set it up, with this key."""
    sign_in(client, bob)
    client.post("/accounts/reauthenticate/", {"password": "password"})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'<code id="secret"[^>]*>([A-Z2-7]+)<', page)
    assert found
    assert "<svg" in page
    assert "data:image" not in page
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(found[1])})
    assert answer["Location"] == CODES
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())


def test_after_the_password_a_code_is_asked_for(secret: str, acme: Workspace, bob: User) -> None:
    client = Client()
    assert sign_in(client, bob)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get(acme.url("tickets:list")).status_code == 302
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "This code is wrong" in wrong.content.decode()
    assert client.get(acme.url("tickets:list")).status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret)})["Location"] == "/"
    assert client.get(acme.url("tickets:list")).status_code == 200


def test_a_code_works_once(secret: str, bob: User) -> None:
    shown = code(secret)
    for status in (302, 200):
        client = Client()
        sign_in(client, bob)
        assert client.post("/accounts/2fa/authenticate/", {"code": shown}).status_code == status


def test_a_recovery_code_works_once(secret: str, client: Client, bob: User) -> None:
    codes = recovery_codes(client)
    assert len(codes) == 10
    assert client.get(f"{CODES}download/").content.decode().split() == codes
    for status in (302, 200):
        another = Client()
        sign_in(another, bob)
        assert another.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == status
    assert recovery_codes(client) == codes[1:]


def test_guessing_is_slowed_down(secret: str, bob: User) -> None:
    client = Client()
    sign_in(client, bob)
    for number in range(11):
        page = client.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"}).content.decode()
    assert "Too many failed attempts" in page


def test_new_codes_replace_the_old(secret: str, client: Client) -> None:
    before = recovery_codes(client)
    assert "stop working" in client.get(f"{CODES}generate/").content.decode()
    client.post(f"{CODES}generate/")
    assert not set(before) & set(recovery_codes(client))


def test_it_is_switched_off(secret: str, client: Client, bob: User, acme: Workspace) -> None:
    assert "On: a code" in client.get(acme.url("settings:profile")).content.decode()
    assert "Switch off" in client.get("/accounts/2fa/").content.decode()
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=bob).exists()
    assert sign_in(Client(), bob)["Location"] == "/"
    assert "Set up" in client.get(acme.url("settings:profile")).content.decode()


def test_the_password_is_asked_for_once_more(as_bob: Client, bob: User) -> None:
    asked = as_bob.get("/accounts/2fa/totp/activate/")["Location"]
    assert asked.startswith("/accounts/reauthenticate/")
    assert "Is it you?" in as_bob.get(asked).content.decode()
    assert as_bob.post(asked, {"password": "wrong"}).status_code == 200
    assert as_bob.post(asked, {"password": "password"})["Location"] == "/accounts/2fa/totp/activate/"
    assert "Scan this" in as_bob.get("/accounts/2fa/totp/activate/").content.decode()


@pytest.mark.parametrize("path", ["", "totp/activate/", "totp/deactivate/", "recovery-codes/", "authenticate/"])
def test_strangers_are_sent_to_the_sign_in(client: Client, db: None, path: str) -> None:
    assert client.get(f"/accounts/2fa/{path}")["Location"].startswith("/accounts/login/")
