"""What the rail shows: the numbers beside Inbox and Tickets, and the member's views; and the numbers of Settings."""

from typing import Any

from django import template
from django.db.models import Exists, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy, ngettext

from contacts import savedviews
from contacts.models import Contact, View
from customfields.models import Field
from gopimi.lib.counting import Total, beside, capped, capped_counts
from gopimi.workspaces.models import ApiToken, Invitation, Membership
from gopimi.workspaces.templatetags.ui import hue
from tickets import news, reading
from tickets.filters import tag_ids
from tickets.lists import LISTS, countable
from tickets.models import Conversation, Mailbox, RawMail, Status, Ticket

FIRST_STEPS = [
    (
        "mailbox",
        gettext_lazy("Add a mailbox"),
        gettext_lazy("Mail to it becomes tickets or conversations."),
        "settings:new_mailbox",
    ),
    (
        "field",
        gettext_lazy("Define a custom field"),
        gettext_lazy("What you want to know of every contact."),
        "customfields:new",
    ),
    ("member", gettext_lazy("Invite a member"), gettext_lazy("Whoever answers with you."), "settings:invite"),
    (
        "contact",
        gettext_lazy("Add your first contact"),
        gettext_lazy("By hand, from a CSV file, or by the first mail."),
        "contacts:list",
    ),
]
register = template.Library()
CAP = 999
SHOWN = 8  # views; a table's own page has all of them


@register.simple_tag(takes_context=True)
def open_counts(context: Any) -> dict[str, Any]:
    return numbers(context["request"])


def numbers(request: Any) -> dict[str, Any]:
    """How much is open, "999+" where there is more; how much of that is unread, in words; `views`, each with its
    address, colour and maybe a number; and the `tag` of it all, with which one asks for news."""
    workspace = request.workspace
    tickets = Ticket.objects.for_workspace(workspace).filter(status=Status.OPEN)
    conversations = Conversation.objects.for_workspace(workspace).filter(status=Conversation.Status.OPEN)
    unread = {f"{kind.called()}s_unread": reading.unread(kind, request.membership) for kind in (Ticket, Conversation)}
    views, counts = savedviews.seen_beside(
        request,
        tickets=capped(tickets, CAP),
        conversations=capped(conversations, CAP),
        version=news.rail(workspace),
        **unread,
    )
    tag = f'"{counts.pop("version")}"'
    new = {name: counts.pop(name) for name in unread}
    views = views[:SHOWN]
    queries = {view: QueryDict(view.query) for view in views}
    tags = tag_ids(workspace, {name for query in queries.values() for name in query.getlist("tag")})
    found = {f"view{view.pk}": _counted(request, view, query, tags) for view, query in queries.items()}
    counted = {name: rows for name, rows in found.items() if rows is not None}
    counts |= capped_counts(workspace, CAP, **counted) if counted else {}
    words = _shown(counts) | {name: _unread(number) for name, number in new.items()}
    listed = [
        {
            "pk": view.pk,
            "name": view.name,
            "url": savedviews.address(workspace, view),
            "hue": hue(view.name),
            "count": words.get(f"view{view.pk}", ""),
        }
        for view in views
    ]
    shown = {name: words[name] for name in ("tickets", "conversations", *new)}
    return {**shown, "views": listed, "tag": tag}


def _counted(request: Any, view: View, query: QueryDict, tags: dict[str, int]) -> QuerySet | None:
    """What a view of tickets or conversations finds, where counting that is cheap."""
    kind = LISTS.get(view.table)
    if kind is None or not countable(dict(query.lists())):
        return None
    asked = kind.filter_class(query, request.workspace, request.user, tags)
    return None if asked.problems else asked.apply(kind.model.objects.for_workspace(request.workspace))


@register.simple_tag(takes_context=True)
def settings_counts(context: Any) -> dict[str, str]:
    """What there is of each kind in Settings; "999+" where there is more."""
    workspace = context["request"].workspace
    mailboxes = Mailbox.objects.for_workspace(workspace)
    held = RawMail.objects.for_workspace(workspace).filter(state=RawMail.State.HELD)
    members = Membership.objects.filter(workspace=workspace)
    tokens = ApiToken.objects.filter(workspace=workspace, revoked_at=None)
    return _shown(capped_counts(workspace, CAP, mailboxes=mailboxes, held=held, people=members, tokens=tokens))


@register.simple_tag(takes_context=True)
def first_steps(context: Any) -> dict[str, Any] | None:
    """What an admin does first in a new workspace, and what of it is done; None where the list isn't shown."""
    request = context["request"]
    workspace = request.workspace
    if not request.membership.is_admin or request.membership.first_steps_hidden:
        return None
    there = beside(
        workspace,
        mailbox=Exists(Mailbox.objects.for_workspace(workspace)),
        field=Exists(Field.objects.for_workspace(workspace)),
        member=Exists(Membership.objects.filter(workspace=workspace).exclude(pk=request.membership.pk))
        | Exists(Invitation.objects.filter(workspace=workspace)),
        contact=Exists(Contact.objects.for_workspace(workspace)),
    )
    steps = [
        {"done": there[name], "label": label, "why": why, "url": workspace.url(page)}
        for name, label, why, page in FIRST_STEPS
    ]
    done = sum(there.values())
    return {"all": steps, "done": done} if done < len(steps) else None


def _unread(number: int) -> str:
    total = Total(number, more=number == reading.LOOKED_AT)
    return ngettext("({number} unread)", "({number} unread)", number).format(number=total) if number else ""


def _shown(counts: dict[str, int]) -> dict[str, str]:
    return {name: f"{CAP}+" if count > CAP else str(count or "") for name, count in counts.items()}
