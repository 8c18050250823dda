"""Ways into a workspace, sent by mail: each works once, for seven days, for the address that it was sent to alone.

The link's secret is signed, so that the job that mails it can make it anew; stored is its SHA-256 alone. "Send again"
makes another one, and the link before stops working.
"""

from django.conf import settings
from django.core.signing import Signer
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from procrastinate.contrib.django import app as jobs

from gopimi.workspaces import languages, mailing
from gopimi.workspaces.models import Invitation, Membership, User, Workspace, digest

SIGNER = Signer(salt="workspaces.invitations")
SEND = "workspaces.send_invitation"


class NotInvited(ValueError):
    """The invitation isn't for this person, or doesn't work any more. The text is for people."""


def secret(invitation: Invitation) -> str:
    """What its link ends in."""
    return SIGNER.signature(f"{invitation.workspace_id} {invitation.email} {invitation.expires_at.isoformat()}")


@transaction.atomic
def invite(workspace: Workspace, email: str, role: str, by: User, root: str) -> Invitation:
    """Invite an address that is no member's and has no open invitation; `root` is GoPimi's own address for the link."""
    invitation = Invitation(workspace=workspace, email=email.lower(), role=role, invited_by=by)
    _renew(invitation)
    invitation.save(force_insert=True)
    _send_soon(invitation, root)
    return invitation


@transaction.atomic
def send_again(invitation: Invitation, root: str) -> None:
    """Mail a new link, for another seven days."""
    _renew(invitation)
    invitation.save(update_fields=["expires_at", "token_hash"])
    _send_soon(invitation, root)


def find(token: str) -> Invitation | None:
    """The invitation that a link leads to; None where it was used, was revoked or has run out."""
    found = Invitation.objects.select_related("workspace", "invited_by").filter(token_hash=digest(token)).first()
    return found if found and found.is_open else None


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """Make this person a member. Whoever is one already keeps their role. Raises NotInvited."""
    current = Invitation.objects.select_for_update().filter(pk=invitation.pk, token_hash=invitation.token_hash).first()
    if current is None or not current.is_open:
        raise NotInvited(gettext("This invitation doesn't work any more."))
    if current.email != user.email:
        raise NotInvited(gettext("This invitation is for {email}.").format(email=current.email))
    member, _ = Membership.objects.get_or_create(
        workspace_id=current.workspace_id, user=user, defaults={"role": current.role}
    )
    current.accepted_at = timezone.now()
    current.save(update_fields=["accepted_at"])
    return member


def mail(invitation_id: int, root: str, language: str = settings.LANGUAGE_CODE) -> None:
    """Send the link, unless the invitation was used or revoked meanwhile. `language` is that of who invites."""
    invitation = Invitation.objects.select_related("workspace", "invited_by").filter(pk=invitation_id).first()
    if invitation is None or not invitation.is_open:
        return
    token = secret(invitation)
    if digest(token) == invitation.token_hash:  # it was signed with another key otherwise, and can't be made anew
        url = root + Invitation.path(token)
        with translation.override(languages.of_address(invitation.email, language)):
            subject = gettext("Join {workspace} on GoPimi").format(workspace=invitation.workspace)
            mailing.send(invitation.email, subject, "mail/invitation.txt", {"invitation": invitation, "url": url})


def _renew(invitation: Invitation) -> None:
    invitation.expires_at = timezone.now() + Invitation.LIFETIME
    invitation.token_hash = digest(secret(invitation))


def _send_soon(invitation: Invitation, root: str) -> None:
    task = jobs.configure_task(SEND, queue=mailing.QUEUE)
    task.defer(invitation_id=invitation.pk, root=root.rstrip("/"), language=get_language())
