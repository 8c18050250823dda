"""What stands in the rows of the lists of tickets and of conversations.

Made here and not in a template for each, which took most of a page's time; what many rows have alike is made once.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from gopimi.lib import stencils
from gopimi.lib.markup import escape, span, who
from gopimi.workspaces.models import Membership
from gopimi.workspaces.templatetags.ui import ago, avatar, icon, mark
from tickets import news, reading
from tickets.models import Conversation, Priority, Ticket
from tickets.templatetags.threads import badge, priority_icon

Origin = Callable[[Any], str]  # of a thread: what its address says about where one comes from


class ThreadRows:
    """Fills the rows of one page for a member. The threads were read with `reading.told`."""

    model: ClassVar[Any]
    template: ClassVar[str]
    key: ClassVar[str]  # by which the addresses name a thread
    detail: ClassVar[str]
    edit: ClassVar[str]

    def __init__(self, member: Membership, origin: Origin) -> None:
        self.member, self.workspace, self.origin = member, member.workspace, origin
        self.unread = stencils.fill("tickets/_unread.html", {})
        self.unassigned = span("muted", gettext("Unassigned"))
        self.deleted = f" {gettext('(deleted)')}"
        self.assignee = cache(lambda user: who(avatar(user.display_name, "xs"), user.display_name))
        self.status = cache(lambda status: badge(self.model, status))

    def fill(self, thread: Any) -> SafeString:
        return stencils.fill(self.template, self.values(thread))

    def values(self, thread: Any) -> Mapping[str, str]:
        """What the template names, as HTML."""
        is_new, key = reading.is_new(thread, self.member), getattr(thread, self.key)
        return {
            "pk": str(thread.pk),
            "state": news.stamp(thread.updated_at),
            "css": ' class="unread"' if is_new else "",
            "unread": self.unread if is_new else "",
            "key": str(key),
            "detail": self.workspace.url(self.detail, key) + escape(self.origin(thread)),
            "edit": self.workspace.url(self.edit, key),
            "subject": escape(thread.subject),
            "status": self.status(thread.status),
            "assignee": self.assignee(thread.assignee) if thread.assignee else self.unassigned,
            "updated": escape(ago(thread.updated_at)),
        }

    def writer(self, contact: Any, name: str) -> SafeString:
        """Who wrote: paler where it is no contact, or one who was deleted."""
        gone = contact is not None and contact.is_trashed
        return span("truncate muted" if gone or contact is None else "truncate", name + self.deleted * gone)


class TicketRows(ThreadRows):
    model, template, key = Ticket, "tickets/_ticket_row.html", "number"
    detail, edit = "tickets:detail", "tickets:edit"

    def __init__(self, member: Membership, origin: Origin) -> None:
        super().__init__(member, origin)
        self.priority = cache(lambda value: span("who", priority_icon(value), _plain(Priority(value).label)))

    def values(self, thread: Ticket) -> Mapping[str, str]:
        contact, organization = thread.contact, thread.contact.organization
        name = str(contact)
        return {
            **super().values(thread),
            "contact": escape(name),
            "requester": span("who", avatar(name, "xs"), self.writer(contact, name)),
            "organization": who(mark(organization.name), organization.name) if organization else "",
            "priority": self.priority(thread.priority),
            "tags": "".join([span("badge sq hide-sm", tag) for tag in thread.tag_names]),  # type: ignore[attr-defined]
        }


class ConversationRows(ThreadRows):
    model, template, key = Conversation, "tickets/_conversation_row.html", "pk"
    detail, edit = "tickets:conversation", "tickets:conversation_edit"

    def __init__(self, member: Membership, origin: Origin) -> None:
        super().__init__(member, origin)
        self.nobody = SafeString(f'<span class="av none" aria-hidden="true">{icon("user-round", "sm")}</span>')

    def values(self, thread: Conversation) -> Mapping[str, str]:
        contact, name = thread.contact, thread.writer
        return {
            **super().values(thread),
            "name": escape(name),
            "picture": avatar(name) if contact else self.nobody,
            "writer": self.writer(contact, name),
            "snippet": escape(thread.snippet or ""),  # type: ignore[attr-defined]
            "mailbox": escape(str(thread.mailbox or "")),
        }


def _plain(word: Any) -> SafeString:
    return SafeString(f"<span>{escape(str(word))}</span>")
