"""The lists of tickets and of conversations as pages show them: tabs with counts, filters as chips, a page of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Left
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from contacts import savedviews
from contacts.models import Contact, View
from contacts.savedviews import LIMITS, VIEW, State
from contacts.tagnames import TagNames
from gopimi.lib import counting, keyset
from gopimi.lib.counting import Total
from gopimi.lib.words import Words
from tickets import facets, news, reading, trails
from tickets.facets import Facet, Given, MomentFacet
from tickets.filters import ME, NOBODY, ConversationFilter, ThreadFilter, TicketFilter, tag_ids
from tickets.models import Conversation, Message, Status, Ticket, TicketTag
from tickets.rows import ConversationRows, ThreadRows, TicketRows
from tickets.threads import Thread

CAP, TABS_CAP = 1_000, 999  # what lies above isn't counted for a page; for the tabs
SNIPPET = 200  # characters of a message that a row shows at most

# What isn't done yet.
ACTIVE = [Status.OPEN.value, Status.PENDING.value]


@dataclass
class Tab:
    """A filter that is always at hand. `count` is None where counting would be dear."""

    label: str
    given: Given
    current: bool = False
    count: Total | None = None
    view: View | None = None  # that it opens

    @property
    def url(self) -> str:
        given = self.given or {"q": [""]}
        view = {VIEW: [str(self.view.pk)]} if self.view else {}
        return "?" + urlencode({**view, **given}, doseq=True)


class ThreadList:
    """One page of a list, as the URL's query asks for it. Raises BadFilter and BadCursor."""

    model: ClassVar[type[Thread]]
    filter_class: ClassVar[type[ThreadFilter]]
    rows_class: ClassVar[type[ThreadRows]]
    related: ClassVar[tuple[str, ...]]  # what a row shows of other tables
    default: ClassVar[Given] = {}  # what the page shows at first
    views: ClassVar[View.Table]
    # How the page speaks of them
    table: ClassVar[str]
    icon: ClassVar[str]
    table_label: ClassVar[Words]
    tabs_label: ClassVar[Words]
    no_match: ClassVar[Words]
    none_yet: ClassVar[Words]
    why_empty: ClassVar[Words]
    on_page: ClassVar[Words]  # that all rows of the page are selected, with their number
    matching: ClassVar[Words]  # that all that match are
    # What can be done to many: the bar's buttons, and the names of their pages
    bulk: ClassVar[Sequence[tuple[str, Words, str]]] = (
        ("status", gettext_lazy("Status"), "circle-dot"),
        ("assignee", gettext_lazy("Assignee"), "user-round"),
    )
    bulk_names: ClassVar[str]
    all_read: ClassVar[str]  # the page that marks all of them as read, and what is said then
    all_are_read: ClassVar[Words]

    def __init__(self, request: Any, state: State) -> None:
        self.request, self.workspace, self.user, self.state = request, request.workspace, request.user, state
        self.filter = self.state.read(lambda params: self._filter(self._asked(params)))
        query = dict(self._asked(self.state.params))
        self.cursor = query.pop("cursor", [None])[0]
        self.sort = query.pop("sort", [""])[0]
        self.exact = query.pop("count", []) == ["true"]
        query.pop("limit", None)
        self.given: Given = query
        self.tag = news.list_tag(self.workspace, self.model)
        rows = reading.told(self.shown(self.rows), request.membership)
        self.page: keyset.Page = self.filter.page(rows, state.limit, self.cursor)

    def _asked(self, params: QueryDict) -> Given:
        """The query without what forms send empty."""
        if not self.request.GET:
            return self.default
        query = {name: [value for value in values if value] for name, values in params.lists()}
        return {name: values for name, values in query.items() if values}

    def _filter(self, given: Given) -> ThreadFilter:
        return self.filter_class(given, self.workspace, self.user)

    @property
    def rows(self) -> QuerySet:
        return self.model.objects.for_workspace(self.workspace)

    def shown(self, rows: QuerySet) -> QuerySet:
        """The rows with all that the table shows of them."""
        return rows.select_related(*self.related)

    @property
    def filled(self) -> list[SafeString]:
        """The table's rows."""
        rows = self.rows_class(self.request.membership, self.origin)
        return [rows.fill(row) for row in self.page.rows]

    def origin(self, row: Any) -> str:
        """What a row's address says about where one comes from."""
        return trails.origin(self.query_string, keyset.after(row, self.filter.keys))

    @cached_property
    def query_string(self) -> str:
        """The filters and the order, as the URL asks for them or by default."""
        return urlencode({**self.given, **({"sort": [self.sort]} if self.sort else {})}, doseq=True)

    @property
    def first(self) -> bool:
        return self.page.previous is None

    @property
    def bulk_name(self) -> str:
        return f"{self.bulk_names}_edit"

    @property
    def query(self) -> str:
        return " ".join(self.given.get("q", []))

    @property
    def asked(self) -> bool:
        """Whether somebody searched or filtered, beyond what the list shows by itself."""
        return self.given not in ({}, self.default)

    @property
    def settled(self) -> bool:
        """Whether the list, which has no row, only shows what is open, and there is more. A query."""
        return bool(self.default) and self.rows.exists()

    @cached_property
    def total(self) -> Total:
        """How many match; `count=true` asks for the exact number."""
        if not (self.page.next or self.page.previous):
            return Total(len(self.page.rows))
        return self._everything or self.filter.total(self.rows, None if self.exact else CAP)

    @property
    def all_on_page(self) -> SafeString:
        return format_html(str(self.on_page), number=len(self.page.rows))

    @property
    def all_matching(self) -> SafeString:
        return format_html(str(self.matching), number=self.total)

    @property
    def counted(self) -> str:
        """How many match, in words."""
        return self._words().format(number=self.total)

    def _words(self) -> str:
        """What so many are called."""
        raise NotImplementedError

    @property
    def _everything(self) -> Total | None:
        """How many there are, where nothing is filtered and the number is known."""
        return None

    @cached_property
    def tabs(self) -> list[Tab]:
        tabs = self._tabs()
        for tab in tabs:
            tab.current = self.state.view is None and tab.given == self.given
        for view in savedviews.seen(self.request):
            if view.table == self.views:
                given = dict(savedviews.wording(view.table, QueryDict(view.query)).lists())
                tabs.append(Tab(view.name, given, current=view == self.state.view, view=view))
        return tabs

    @property
    def counted_tabs(self) -> list[Tab]:
        """The tabs with their numbers, all of them in one statement."""
        return self._counted["tabs"]

    @property
    def opened(self) -> Total:
        return self._counted["opened"]

    @cached_property
    def _counted(self) -> dict[str, Any]:
        given = {f"tab{at}": tab.given for at, tab in enumerate(self.tabs) if countable(tab.given)}
        tags = tag_ids(self.workspace, {name for one in given.values() for name in one.get("tag", [])})
        asked = {name: self.filter_class(one, self.workspace, self.user, tags) for name, one in given.items()}
        rows = {name: filter.apply(self.rows) for name, filter in asked.items() if not filter.problems}
        opened = self.rows.filter(status=self.model.OPEN)
        found = counting.capped_counts(self.workspace, TABS_CAP, opened=opened, **rows)
        totals = {name: Total(min(number, TABS_CAP), more=number > TABS_CAP) for name, number in found.items()}
        for at, tab in enumerate(self.tabs):
            tab.count = totals.get(f"tab{at}")
        return {"tabs": self.tabs, "opened": totals["opened"]}

    @property
    def has_views(self) -> bool:
        return any(tab.view for tab in self.tabs)

    def url(self, **changes: str) -> str:
        """This list with another order, or another page of it."""
        return "?" + urlencode({**self._kept, **changes}, doseq=True)

    @property
    def _kept(self) -> dict[str, list[str]]:
        view = {VIEW: [str(self.state.view.pk)]} if self.state.view else {}
        limit = {"limit": [str(self.state.limit)]} if self.state.limit != LIMITS[0] else {}
        return {**view, **self.given, **({"sort": [self.sort]} if self.sort else {}), **limit}

    @property
    def exact_url(self) -> str:
        return self.url(count="true", **({"cursor": self.cursor} if self.cursor else {}))

    @property
    def next_url(self) -> str:
        return self.url(cursor=self.page.next) if self.page.next else ""

    @property
    def previous_url(self) -> str:
        return self.url(cursor=self.page.previous) if self.page.previous else ""

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a search or a filter leaves as it is, and no chip shows."""
        kept = {name: values for name, values in self._kept.items() if name != "limit" and not self._is_shown(name)}
        return [(name, value) for name, values in kept.items() for value in values]

    @cached_property
    def facets(self) -> list[Facet | MomentFacet]:
        found: list[Facet | MomentFacet] = [*self._facets(), *facets.moments()]
        for facet in found:
            facet.read(self.given)
        return found

    @cached_property
    def others(self) -> list[tuple[str, str, str]]:
        """The filters that have no chip to make them, which a link or a view brought: name, label and words."""
        return [(name, *self._told(given)) for name, given in self.given.items() if not self._is_shown(name)]

    def _is_shown(self, name: str) -> bool:
        """Whether the search or a chip has this parameter."""
        return name == "q" or any(facet.has(name) for facet in self.facets)

    def _told(self, given: list[str]) -> tuple[str, str]:
        ids = [text for text in given if text != NOBODY]
        contacts = Contact.objects.for_workspace(self.workspace).filter(pk__in=ids)
        names = [*map(str, contacts), *[gettext("nobody")] * (NOBODY in given)]
        return gettext("Contact"), ", ".join(names) or gettext("unknown")

    def _tabs(self) -> list[Tab]:
        raise NotImplementedError

    def _facets(self) -> list[Facet]:
        raise NotImplementedError


class TicketList(ThreadList):
    model, filter_class, views = Ticket, TicketFilter, View.Table.TICKETS
    rows_class = TicketRows
    related = ("contact__organization", "assignee")
    table, icon = "tickets/_tickets.html", "ticket"
    table_label, tabs_label = gettext_lazy("Tickets table"), gettext_lazy("Ticket views")
    no_match, none_yet = gettext_lazy("No ticket matches"), gettext_lazy("No tickets yet")
    on_page = gettext_lazy('All <b class="num">{number}</b> tickets on this page are selected.')
    matching = gettext_lazy('All <b class="num" data-total>{number}</b> tickets that match are selected.')
    bulk = (*ThreadList.bulk, ("priority", gettext_lazy("Priority"), "flag"), ("tag", gettext_lazy("Tag"), "tag"))
    bulk_names, all_read = "tickets:bulk", "tickets:all_read"
    all_are_read = gettext_lazy("All tickets are marked as read.")
    why_empty = gettext_lazy("Mail to a mailbox for tickets opens one, and you can open one for a contact.")

    def shown(self, rows: QuerySet) -> QuerySet:
        return super().shown(rows).annotate(tag_names=TagNames.of(TicketTag, "ticket"))

    @property
    def _everything(self) -> Total | None:
        """Numbers have no gaps."""
        return None if self.given else Total(self.workspace.last_ticket_number)

    def _words(self) -> str:
        return ngettext("{number} ticket", "{number} tickets", self.total.number + self.total.more)

    def _tabs(self) -> list[Tab]:
        return [
            Tab(gettext("All"), {}),
            Tab(gettext("My open"), {"assignee": [ME], "status": ["open"]}),
            Tab(gettext("Unassigned"), {"assignee": [NOBODY], "status": ACTIVE}),
            Tab(gettext("Urgent"), {"priority": ["urgent"], "status": ACTIVE}),
        ]

    def _facets(self) -> list[Facet]:
        return [
            facets.status(self.model),
            facets.assignee(self.workspace),
            facets.priority(),
            facets.organization(self.workspace, self.given.get("organization", [])),
            facets.tag(self.workspace, self.given.get("tag", [])),
        ]


class ConversationList(ThreadList):
    model, filter_class, views = Conversation, ConversationFilter, View.Table.CONVERSATIONS
    rows_class = ConversationRows
    related = ("contact", "assignee", "mailbox")
    table, icon = "tickets/_conversations.html", "inbox"
    table_label, tabs_label = gettext_lazy("Conversations table"), gettext_lazy("Conversation views")
    no_match, none_yet = gettext_lazy("No conversation matches"), gettext_lazy("No conversations yet")
    on_page = gettext_lazy('All <b class="num">{number}</b> conversations on this page are selected.')
    matching = gettext_lazy('All <b class="num" data-total>{number}</b> conversations that match are selected.')
    bulk_names, all_read = "tickets:conversation_bulk", "tickets:conversation_all_read"
    all_are_read = gettext_lazy("All conversations are marked as read.")
    why_empty = gettext_lazy("Mail to a mailbox of the inbox starts one.")
    default = {"status": ["open"]}

    def shown(self, rows: QuerySet) -> QuerySet:
        messages = Message.objects.for_workspace(self.workspace).filter(conversation=OuterRef("pk"))
        last = messages.exclude(direction=Message.Direction.NOTE).order_by("-created_at", "-id")
        return super().shown(rows).annotate(snippet=Subquery(last.values(text=Left("body_text", SNIPPET))[:1]))

    def _words(self) -> str:
        return ngettext("{number} conversation", "{number} conversations", self.total.number + self.total.more)

    def _tabs(self) -> list[Tab]:
        return [
            Tab(gettext("Open"), {"status": ["open"]}),
            Tab(gettext("Mine"), {"assignee": [ME], "status": ["open"]}),
            Tab(gettext("Without contact"), {"contact": [NOBODY], "status": ["open"]}),
            Tab(gettext("Closed"), {"status": ["closed"]}),
        ]

    def _facets(self) -> list[Facet]:
        return [facets.status(self.model), facets.mailbox(self.workspace), facets.assignee(self.workspace)]


LISTS: Mapping[str, type[ThreadList]] = {kind.views: kind for kind in (TicketList, ConversationList)}


def countable(given: Given) -> bool:
    """Whether counting costs little: of what isn't done yet there is never much, and searching is never cheap."""
    return set(given.get("status", ["all"])) <= set(ACTIVE) and "q" not in given
