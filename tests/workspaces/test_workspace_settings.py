"""Settings > Workspace: its name, and how much of the quota is used."""

import pytest
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory


def test_an_admin_renames_it(as_alice: Client, acme: Workspace) -> None:
    url = acme.url("settings:workspace")
    assert as_alice.post(url, {"name": "  Acme Support "}).status_code == 302
    acme.refresh_from_db()
    assert acme.name == "Acme Support"
    assert as_alice.post(url, {"name": ""}).status_code == 422
    assert as_alice.post(url, {"name": "x" * 201}).status_code == 422


def test_an_agent_sees_it_and_may_not(as_bob: Client, acme: Workspace) -> None:
    url = acme.url("settings:workspace")
    page = as_bob.get(url).content.decode()
    assert "disabled" in page
    assert ">Save</button>" not in page
    assert as_bob.post(url, {"name": "Bobs"}).status_code == 403
    acme.refresh_from_db()
    assert acme.name == "Acme"


@pytest.mark.parametrize(
    ("quota", "said"),
    [(None, "1 used"), (3, "1 of 3 used"), (0, "1 of 0 used")],
)
def test_how_much_is_used(as_bob: Client, acme: Workspace, quota: int | None, said: str) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme)
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=quota)
    page = as_bob.get(acme.url("settings:workspace")).content.decode()
    assert said in page
    assert ("can still be created" in page) == (quota is not None)
