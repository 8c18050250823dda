import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gopimi.workspaces.models import Role, User, Workspace


def create(workspace: str, email: str, role: str = "agent") -> None:
    call_command("createmember", workspace=workspace, email=email, password="secret", role=role)


def test_somebody_joins(acme: Workspace, capsys: Any) -> None:
    create(acme.slug, "Erin@Example.com")
    erin = User.objects.get(email="erin@example.com")
    assert json.loads(capsys.readouterr().out) == {"id": erin.pk}
    assert erin.check_password("secret")
    assert erin.memberships.get().role == Role.AGENT


def test_a_member_of_another_workspace_keeps_account_and_password(acme: Workspace, charlie: User) -> None:
    create(acme.slug, charlie.email, "admin")
    charlie.refresh_from_db()
    assert charlie.check_password("password")
    assert charlie.workspaces.count() == 2


def test_a_member_stays_what_they_are(acme: Workspace, bob: User) -> None:
    with pytest.raises(CommandError, match="is Agent of acme2345 already"):
        create(acme.slug, bob.email, "admin")
    assert bob.memberships.get().role == Role.AGENT


def test_a_workspace_that_does_not_exist_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no workspace with the slug nowhere"):
        create("nowhere", "erin@example.com")
    assert not User.objects.exists()
