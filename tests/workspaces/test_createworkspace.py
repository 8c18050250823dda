import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gopimi.workspaces.models import Role, User, Workspace

ADMIN = ["--admin-email", "Dana@Acme.example", "--admin-password", "secret"]


def test_it_makes_a_workspace_with_an_admin(db: None, capsys: Any) -> None:
    call_command("createworkspace", "Acme", "--slug", "acme", *ADMIN, "--contact-quota", "500")
    workspace = Workspace.objects.get(slug="acme")
    assert json.loads(capsys.readouterr().out) == {"id": workspace.pk, "slug": "acme"}
    assert (workspace.name, workspace.contact_quota) == ("Acme", 500)
    membership = workspace.memberships.get()
    assert (membership.user.email, membership.role) == ("dana@acme.example", Role.ADMIN)
    assert membership.user.check_password("secret")


def test_a_slug_is_made_up_where_none_is_given(db: None, capsys: Any) -> None:
    call_command("createworkspace", "Acme", *ADMIN)
    assert len(json.loads(capsys.readouterr().out)["slug"]) == 8


def test_a_slug_that_is_taken_changes_nothing(acme: Workspace) -> None:
    with pytest.raises(CommandError, match="acme2345 exists already"):
        call_command("createworkspace", "Acme", "--slug", acme.slug, *ADMIN)
    assert not User.objects.exists()


def test_an_account_that_exists_keeps_its_password(acme: Workspace, bob: User) -> None:
    call_command("createworkspace", "Initech", "--admin-email", bob.email, "--admin-password", "other")
    bob.refresh_from_db()
    assert bob.check_password("password")
    assert bob.memberships.get(workspace__name="Initech").is_admin


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Acme", "--slug", "no spaces", *ADMIN], "letters, digits"),
        (["Acme", "--slug", "x" * 33, *ADMIN], "longer than 32"),
        (["  ", *ADMIN], "a name of"),
        (["Acme", "--admin-email", "dana", "--admin-password", "secret"], "isn't an email address"),
        (["Acme", *ADMIN, "--contact-quota", "-1"], "isn't a number of contacts"),
        (["Acme", *ADMIN, "--contact-quota", "9999999999"], "isn't a number of contacts"),
    ],
)
def test_mistakes_are_named(db: None, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("createworkspace", *arguments)
    assert not Workspace.objects.exists()
