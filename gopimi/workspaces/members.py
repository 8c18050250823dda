"""Who works in a workspace. It always keeps an admin, whatever is asked at the same time."""

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy

from gopimi.workspaces.models import Membership, Role, Workspace

ONLY_ADMIN = gettext_lazy("{user} is the only admin. Make somebody else an admin first.")


class LastAdmin(ValueError):
    """Without this member the workspace would be left without an admin. The text is for people."""


def listed(workspace: Workspace) -> QuerySet[Membership]:
    members = Membership.objects.filter(workspace=workspace).select_related("user")
    return members.order_by(Lower("user__name"), "user__email")


def is_last_admin(member: Membership) -> bool:
    """Whether nobody else can administer the workspace: accounts that are switched off don't count."""
    admins = Membership.objects.filter(workspace_id=member.workspace_id, role=Role.ADMIN, user__is_active=True)
    return member.is_admin and not admins.exclude(pk=member.pk).exists()


def set_role(member: Membership, role: str) -> bool:
    """Give a member this role; answers whether it is another one. Raises LastAdmin, and Membership.DoesNotExist."""
    with transaction.atomic():
        current = _locked(member, losing_admin=role != Role.ADMIN)
        if current.role == role:
            return False
        Membership.objects.filter(pk=member.pk).update(role=role)
    return True


def remove(member: Membership) -> None:
    """Take somebody out of the workspace: what was assigned to them is unassigned, what they wrote stays.

    Raises LastAdmin, and Membership.DoesNotExist.
    """
    with transaction.atomic():
        _locked(member, losing_admin=True).delete()


def _locked(member: Membership, losing_admin: bool) -> Membership:
    """The member as they are now, while nobody else changes who is an admin of the workspace."""
    member.workspace.lock()
    current = Membership.objects.select_related("user").get(pk=member.pk)
    if losing_admin and is_last_admin(current):
        raise LastAdmin(ONLY_ADMIN.format(user=current.user))
    return current
