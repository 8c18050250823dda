"""API tokens in Settings: made with scopes, shown once, revoked."""

import pytest
from django.test import Client

from gopimi.workspaces.models import ApiToken, Workspace, digest

URL = "/dashboard/acme2345/settings/tokens/"


@pytest.fixture
def crm(acme: Workspace) -> ApiToken:
    return ApiToken.issue(acme, "CRM sync", ["contacts:write"])[0]


def test_a_new_one_is_shown_once(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.post(URL, {"name": "Status page", "scopes": ["tickets:read"]})
    token = ApiToken.objects.get(workspace=acme)
    secret = answer.context["secret"]
    assert (token.name, token.scopes, token.token_hash) == ("Status page", ["tickets:read"], digest(secret))
    assert secret in answer.content.decode()
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert secret not in as_alice.get(URL).content.decode()


def test_the_dialog_stays_where_something_is_wrong(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.post(URL, {"name": "", "scopes": ["all"]}, headers={"HX-Request": "true", "HX-Target": "tokens"})
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#dialog"
    assert "This field is required." in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_success_closes_the_dialog_and_gives_the_list(as_alice: Client, acme: Workspace) -> None:
    headers = {"HX-Request": "true", "HX-Target": "tokens"}
    answer = as_alice.post(URL, {"name": "Status page", "scopes": ["tickets:read"]}, headers=headers)
    assert "dialog-close" in answer["HX-Trigger"]
    assert answer.content.decode().lstrip().startswith('<div class="stack" id="tokens"')


def test_revoke(as_alice: Client, crm: ApiToken) -> None:
    as_alice.post(f"{URL}{crm.pk}/revoke/")
    crm.refresh_from_db()
    assert crm.revoked_at is not None
    assert "CRM sync" not in as_alice.get(URL).content.decode().replace("CRM sync is revoked", "")
    assert as_alice.post(f"{URL}{crm.pk}/revoke/").status_code == 404


def test_only_for_admins(as_bob: Client, crm: ApiToken) -> None:
    for answer in (as_bob.get(URL), as_bob.post(URL), as_bob.get(f"{URL}new/"), as_bob.post(f"{URL}{crm.pk}/revoke/")):
        assert answer.status_code == 403
    assert URL not in as_bob.get("/dashboard/acme2345/settings/").content.decode()
