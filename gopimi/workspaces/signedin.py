"""Who is signed in, and what they are in a workspace: what every page begins with, by statements that the server plans
once. Django's own way to the same three rows was a quarter of a page's time.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from gopimi.lib import statements
from gopimi.lib.tenancy import ENTER
from gopimi.workspaces.models import Membership, User, Workspace

SESSION = f"""
SELECT {statements.columns(Session, "session")} FROM django_session AS session
WHERE session_key = %s::text AND expire_date > statement_timestamp()
"""  # noqa: S608
USER = f"SELECT {statements.columns(User, 'person')} FROM workspaces_user AS person WHERE id = %s::bigint"  # noqa: S608
MEMBERSHIP_COLUMNS = len(Membership._meta.concrete_fields)
MEMBERSHIP = f"""
SELECT {statements.columns(Membership, "membership")}, {statements.columns(Workspace, "workspace")},
    {ENTER.format("workspace.id")}
FROM workspaces_membership AS membership
JOIN workspaces_workspace AS workspace ON workspace.id = membership.workspace_id
WHERE membership.user_id = %s AND workspace.slug = %s::text
"""  # noqa: S608


class SessionStore(db.SessionStore):
    """Sessions as Django keeps them."""

    def _get_session_from_db(self) -> Session | None:
        if self.session_key:
            for row in statements.fetch(SESSION, [self.session_key]):
                return statements.instance(Session, row)  # type: ignore[no-any-return]
        self._session_key = None
        return None


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
