"""Telling members by mail of what customers write: the assignee, or everybody where there is none, as each chooses.

Nobody is told of what they wrote themselves, nor of automatic mail. Who is told is found by the statement that files a
mail; the mails go out by background jobs, one for each member.
"""

from typing import Any

from django.conf import settings
from django.utils import translation
from procrastinate.contrib.django import app as jobs

from gopimi.lib.tenancy import workspace
from gopimi.workspaces import mailing
from gopimi.workspaces.models import Membership
from tickets.models import Message, Ticket

TELL = "tickets.notify"
LONGEST = 5_000  # characters of a message that are told
# Who wants to be told of a message of the address `author` (folded), in a thread of `assignee`.
WANTED = """
SELECT member.user_id FROM workspaces_membership AS member JOIN workspaces_user AS person ON person.id = member.user_id
WHERE member.workspace_id = %(workspace)s AND person.is_active AND person.email <> %(author)s AND CASE
    WHEN %(assignee)s::bigint IS NULL THEN member.notify_unassigned
    ELSE member.notify_assigned AND member.user_id = %(assignee)s::bigint
END ORDER BY member.user_id
"""


def soon(workspace_id: int, message_id: int, told: list[Any]) -> None:
    """Have these members told, once this is committed."""
    if told:
        jobs.configure_task(TELL, queue=mailing.QUEUE).batch_defer(
            *({"workspace_id": workspace_id, "message_id": message_id, "user_id": user} for user in told)
        )


def tell(workspace_id: int, message_id: int, user_id: int) -> None:
    """Mail a message to a member, unless it or they are gone."""
    members = Membership.objects.select_related("workspace", "user")
    member = members.filter(workspace=workspace_id, user=user_id, user__is_active=True).first()
    if member is None:
        return
    with workspace(workspace_id):
        messages = Message.objects.for_workspace(workspace_id).filter(pk=message_id)
        message = messages.select_related("ticket", "conversation", "author_contact").first()
        if message is None:
            return
        thread = message.thread
        number = f"#{thread.number} " if isinstance(thread, Ticket) else ""
        page, key = ("tickets:detail", thread.number) if number else ("tickets:conversation", thread.pk)
        context = {
            "message": message,
            "text": message.body_text[:LONGEST],
            "cut": len(message.body_text) > LONGEST,
            "about": f"{number}{thread.subject}",
            "workspace": member.workspace,
            "assigned": thread.assignee_id == user_id,
            "url": settings.SITE_URL + member.workspace.url(page, key),
            "profile": settings.SITE_URL + member.workspace.url("settings:profile"),
        }
    subject = f"[{member.workspace}] {number}{thread.subject}"
    with translation.override(member.user.reads):
        mailing.send(member.user.email, subject, "mail/notification.txt", context)
