"""Who is signed in, and what they are in a workspace: what every page begins with, by statements that the server plans
once. Django's own way to the same rows and the session's (`gopimi.workspaces.sessions`) was a quarter of a page's time.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from gopimi.lib import statements
from gopimi.lib.tenancy import ENTER
from gopimi.workspaces.models import Membership, User, Workspace

USER = f"SELECT {statements.columns(User, 'person')} FROM workspaces_user AS person WHERE id = %s::bigint"  # noqa: S608
MEMBERSHIP_COLUMNS = len(Membership._meta.concrete_fields)
MEMBERSHIP = f"""
SELECT {statements.columns(Membership, "membership")}, {statements.columns(Workspace, "workspace")},
    {ENTER.format("workspace.id")}
FROM workspaces_membership AS membership
JOIN workspaces_workspace AS workspace ON workspace.id = membership.workspace_id
WHERE membership.user_id = %s AND workspace.slug = %s::text
"""  # noqa: S608


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Signs in by address and password."""

    def get_user(self, user_id: Any) -> User | None:
        for row in statements.fetch(USER, [int(user_id)]):
            user: User = statements.instance(User, row)
            return user if self.user_can_authenticate(user) else None
        return None


def enter(user: User, slug: str) -> Membership | None:
    """The membership with its workspace, which is entered until the transaction ends; None where there is none."""
    for row in statements.fetch(MEMBERSHIP, [user.pk, slug]):
        membership: Membership = statements.instance(Membership, row)
        membership.workspace = statements.instance(Workspace, row[MEMBERSHIP_COLUMNS:])
        return membership
    return None
