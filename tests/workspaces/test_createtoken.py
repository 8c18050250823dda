from typing import Any

import pytest
from django.core.management import CommandError, call_command

from gopimi.workspaces.models import ApiToken, Workspace, digest


def create(workspace: Workspace, scopes: str) -> None:
    call_command("createtoken", "--workspace", workspace.slug, "--name", "billing", "--scopes", scopes)


def test_the_token_alone_is_printed_and_only_its_digest_stored(acme: Workspace, capsys: Any) -> None:
    create(acme, "contacts:write, tickets:read,contacts:write")
    secret = capsys.readouterr().out.strip()
    token = ApiToken.objects.get(token_hash=digest(secret))
    assert secret.startswith("gp_")
    assert (token.workspace, token.name, token.scopes) == (acme, "billing", ["contacts:write", "tickets:read"])


@pytest.mark.parametrize("scopes", ["contacts:write,everything", "", ","])
def test_unknown_scopes_are_refused(acme: Workspace, scopes: str) -> None:
    with pytest.raises(CommandError, match="there are contacts:read"):
        create(acme, scopes)
    assert not ApiToken.objects.exists()
