"""What the command palette offers: pages and actions of the workspace, and what is found in it."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy

from contacts import offering
from gopimi.lib.folding import fold
from gopimi.lib.words import Words
from organizations.models import Organization
from tickets.filters import TicketFilter
from tickets.models import Ticket

FOUND = 5  # of each kind
PAGES, ACTIONS = gettext_lazy("Pages"), gettext_lazy("Actions")
CONTACTS, TICKETS, ORGANIZATIONS = gettext_lazy("Contacts"), gettext_lazy("Tickets"), gettext_lazy("Organizations")
GROUPS = [PAGES, ACTIONS, CONTACTS, TICKETS, ORGANIZATIONS]  # in their order


class Entry(NamedTuple):
    """A page or an action. `admins`: agents aren't offered it, whose views answer them with 403."""

    group: Words
    text: Words
    icon: str
    page: str  # the name of its URL
    admins: bool = False
    dialog: bool = False  # opens over the page that one is at


ENTRIES = [
    Entry(PAGES, gettext_lazy("Inbox"), "inbox", "tickets:inbox"),
    Entry(PAGES, gettext_lazy("Tickets"), "ticket", "tickets:list"),
    Entry(PAGES, gettext_lazy("Contacts"), "users", "contacts:list"),
    Entry(PAGES, gettext_lazy("Organizations"), "building-2", "organizations:list"),
    Entry(PAGES, gettext_lazy("Custom fields"), "list-checks", "customfields:list", admins=True),
    Entry(PAGES, gettext_lazy("Import history"), "history", "contacts:imports"),
    Entry(PAGES, gettext_lazy("Trash"), "trash-2", "contacts:trash"),
    Entry(PAGES, gettext_lazy("Profile"), "user-round", "settings:profile"),
    Entry(PAGES, gettext_lazy("Workspace settings"), "settings", "settings:workspace"),
    Entry(PAGES, gettext_lazy("Members"), "users", "settings:members", admins=True),
    Entry(PAGES, gettext_lazy("Mailboxes"), "mail", "settings:mailboxes", admins=True),
    Entry(PAGES, gettext_lazy("API tokens"), "key-round", "settings:tokens", admins=True),
    Entry(PAGES, gettext_lazy("Tags"), "tag", "settings:tags", admins=True),
    Entry(PAGES, gettext_lazy("Held mail"), "mail-warning", "settings:held"),
    Entry(ACTIONS, gettext_lazy("New ticket"), "plus", "tickets:new", dialog=True),
    Entry(ACTIONS, gettext_lazy("New contact"), "user-round-plus", "contacts:new", dialog=True),
    Entry(ACTIONS, gettext_lazy("New organization"), "plus", "organizations:new", dialog=True),
    Entry(ACTIONS, gettext_lazy("Import CSV"), "upload", "contacts:import_new"),
    Entry(ACTIONS, gettext_lazy("Export all contacts"), "download", "contacts:export"),
    Entry(ACTIONS, gettext_lazy("New field"), "plus", "customfields:new", admins=True),
    Entry(ACTIONS, gettext_lazy("Invite a member"), "user-round-plus", "settings:invite", admins=True, dialog=True),
    Entry(ACTIONS, gettext_lazy("New mailbox"), "mail-plus", "settings:new_mailbox", admins=True, dialog=True),
    Entry(ACTIONS, gettext_lazy("New token"), "key-round", "settings:new_token", admins=True, dialog=True),
]

Option = dict[str, Any]  # of the palette's list; its value is the address that it leads to


def entries(request: Any) -> list[Option]:
    """The pages and actions that the member may open."""
    allowed = (entry for entry in ENTRIES if request.membership.is_admin or not entry.admins)
    return [
        {
            "value": request.workspace.url(entry.page),
            "text": str(entry.text),
            "optgroup": str(entry.group),
            "icon": entry.icon,
            **({"dialog": True} if entry.dialog else {}),
        }
        for entry in allowed
    ]


def find(request: Any, query: str) -> list[Option]:
    """What is called so; the pages and actions alone where nothing is asked for."""
    query = query.replace("\x00", "").strip()
    if not query:
        return entries(request)
    called = [entry for entry in entries(request) if _begins(query, entry["text"])]
    return [*called, *_contacts(request, query), *_tickets(request, query), *_organizations(request, query)]


def _begins(query: str, text: str) -> bool:
    """Whether each word of the query begins one of the text's."""
    words = fold(text).split()
    return all(any(word.startswith(asked) for word in words) for asked in fold(query).split())


def _contacts(request: Any, query: str) -> Iterator[Option]:
    for contact in offering.offered(request.workspace, query, FOUND):
        yield {
            **offering.option(contact),
            "value": request.workspace.url("contacts:detail", contact.pk),
            "optgroup": str(CONTACTS),
        }


def _tickets(request: Any, query: str) -> Iterator[Option]:
    """The one with that number first, then those that changed last."""
    asked = TicketFilter({"q": [query]}, request.workspace, request.user)
    if asked.problems:
        return
    rows = Ticket.objects.for_workspace(request.workspace).select_related("contact")
    numbered = rows.filter(asked.itself(fold(query)))
    found = dict.fromkeys([*numbered, *asked.page(rows, FOUND).rows])
    for ticket in list(found)[:FOUND]:
        yield {
            "value": request.workspace.url("tickets:detail", ticket.number),
            "text": ticket.subject,
            "email": f"#{ticket.number} · {ticket.contact}",
            "optgroup": str(TICKETS),
            "icon": "ticket",
        }


def _organizations(request: Any, query: str) -> Iterator[Option]:
    """An organization leads to its contacts."""
    for organization in Organization.objects.for_workspace(request.workspace).offered(query, FOUND):
        asked = urlencode({"organization": organization.pk})
        yield {
            "value": f"{request.workspace.url('contacts:list')}?{asked}",
            "text": organization.name,
            "optgroup": str(ORGANIZATIONS),
            "icon": "building-2",
        }
