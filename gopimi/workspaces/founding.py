"""How a workspace begins: with its first admin, from the command line or on the first page of a fresh installation."""

from typing import Any

from django.db import connection, transaction

from gopimi.workspaces.models import Membership, Role, User, Workspace

FIRST = "SELECT pg_advisory_xact_lock(hashtext('gopimi.first_admin'))"


class NotFirst(RuntimeError):
    """There is somebody already."""


def nobody_is_here() -> bool:
    """Whether this is a fresh installation, in which whoever comes first makes the first admin."""
    return not User.objects.exists()


@transaction.atomic
def found(admin: User, **values: Any) -> Workspace:
    """Make a workspace with this admin. `values` are the workspace's."""
    workspace = Workspace.objects.create(**values)
    Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
    return workspace


@transaction.atomic
def lock_first() -> None:
    """Be the one who makes the first admin, until the transaction ends: of two at once the second finds somebody.

    Raises NotFirst.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST)
    if not nobody_is_here():
        raise NotFirst
