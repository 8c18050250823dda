"""Saved views of the three tables: which of them a member sees, which one a page has open, and how far it went from it.

A page's URL always says its whole state, so that it can be kept and shared as it is. `view` in it names the view that
was opened, `column` (repeated) the columns where they were chosen anew; no filter reads either of them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import QueryDict
from django.utils.translation import gettext

from contacts.models import View
from gopimi.lib import filtering
from gopimi.lib.counting import beside
from gopimi.lib.filtering import BadFilter
from gopimi.workspaces.models import Workspace

VIEW, COLUMN = "view", "column"
PAGES = {
    View.Table.CONTACTS: "contacts:list",
    View.Table.TICKETS: "tickets:list",
    View.Table.CONVERSATIONS: "tickets:inbox",
}
LIMITS = (50, 100, 200)  # rows of a page
ORDERS = {  # where the URL asks for none
    View.Table.CONTACTS: "-created_at",
    View.Table.TICKETS: "-updated_at",
    View.Table.CONVERSATIONS: "-updated_at",
}


class Filter(Protocol):
    problems: list[BadFilter]


AnyFilter = TypeVar("AnyFilter", bound=Filter)


def seen(request: Any) -> list[View]:
    """Every view that this member sees: their own, then the shared ones, each in order. Read once a request."""
    if not hasattr(request, "views_seen"):
        request.views_seen = list(_seen(request))
    found: list[View] = request.views_seen
    return found


def seen_beside(request: Any, **expressions: Any) -> tuple[list[View], dict[str, Any]]:
    """The views that this member sees, and what other expressions give, in one statement."""
    if hasattr(request, "views_seen"):
        return request.views_seen, beside(request.workspace, **expressions)
    columns = {field.attname: field.attname for field in View._meta.concrete_fields if field.name != "created_at"}
    views = ArraySubquery(_seen(request).values(row=JSONObject(**columns)))
    found = beside(request.workspace, views_seen=views, **expressions)
    request.views_seen = [View(**row) for row in found.pop("views_seen")]
    return request.views_seen, found


def _seen(request: Any) -> QuerySet:
    views = View.objects.for_workspace(request.workspace).filter(Q(owner=request.user) | Q(shared=True))
    return views.order_by("shared", "position", "id")


def address(workspace: Workspace, view: View) -> str:
    """Where a view opens: its table's page with its query."""
    query = wording(view.table, QueryDict(view.query))
    query[VIEW] = str(view.pk)
    return f"{workspace.url(PAGES[View.Table(view.table)])}?{query.urlencode()}"


def filters_of(params: QueryDict) -> QueryDict:
    """A page's query without what no filter reads."""
    query = params.copy()
    for name in (VIEW, COLUMN):
        query.pop(name, None)
    return query


def wording(table: str, params: QueryDict) -> QueryDict:
    """The one way in which a view keeps a query: filters and sort, without what was left empty and what pages."""
    asked = {name: [value for value in given if value] for name, given in filters_of(params).lists()}
    asked["sort"] = asked.get("sort") or [ORDERS[View.Table(table)]]
    query = QueryDict(mutable=True)
    for name, values in sorted(asked.items()):
        if values and name not in filtering.PAGING:
            query.setlist(name, values)
    return query


def menu(request: Any, table: View.Table) -> list[dict[str, Any]]:
    """A table's views with their addresses: one's own, then the shared ones; nothing for a group without any."""
    found = [one for one in seen(request) if one.table == table]
    groups = {
        gettext("My views"): [one for one in found if not one.shared],
        gettext("Shared"): [one for one in found if one.shared],
    }
    return [
        {"label": label, "views": [{"view": one, "url": address(request.workspace, one)} for one in views]}
        for label, views in groups.items()
        if views
    ]


def last_position(workspace: Workspace, table: str) -> int:
    views = View.objects.for_workspace(workspace).filter(table=table)
    return views.aggregate(last=Max("position"))["last"] or 0


class State:
    """What a page's URL asks for, and the view that it has open.

    `params` is the filters' query, `columns` the keys that the URL or else the view names. `lost` is set where the URL
    names a view that there isn't, or that isn't this member's to see.
    """

    def __init__(self, request: Any, table: View.Table, params: QueryDict | None = None) -> None:
        given = request.GET if params is None else params
        self.request, self.table = request, table
        self.params = filters_of(given)
        asked = given.get(VIEW, "")
        views = seen(request) if asked else []
        self.view = next((one for one in views if one.table == table and str(one.pk) == asked), None)
        self.lost = bool(asked) and self.view is None
        self.chosen = given.getlist(COLUMN)
        self.left_out: list[BadFilter] = []

    @property
    def shortcut(self) -> str:
        """Where `?view=3` alone leads: to the view's whole query."""
        short = self.view is not None and set(self.params) <= {"limit"} and not self.chosen
        return address(self.request.workspace, self.view) if self.view and short else ""

    @property
    def limits(self) -> Sequence[int]:
        return LIMITS

    @property
    def limit(self) -> int:
        """How many rows the page has."""
        return next((limit for limit in LIMITS if str(limit) == self.params.get("limit")), LIMITS[0])

    @property
    def columns(self) -> list[str]:
        return self.chosen or (self.view.columns if self.view else [])

    @property
    def query(self) -> str:
        """As a view keeps it."""
        return wording(self.table, self.params).urlencode()

    @property
    def changed(self) -> bool:
        """Whether the page shows something else than its view."""
        if self.view is None:
            return False
        kept = wording(self.table, QueryDict(self.view.query)).urlencode()
        return bool(self.left_out) or self.query != kept or self.columns != self.view.columns

    @property
    def may_save(self) -> bool:
        return self.view is not None and self.view.may_change(self.request.membership)

    @property
    def url(self) -> str:
        return address(self.request.workspace, self.view) if self.view else ""

    def read(self, filter_of: Callable[[QueryDict], AnyFilter]) -> AnyFilter:
        """The filter of the query. What the view itself asks for and can't be had any more is left out, and said."""
        asked = filter_of(self.params)
        if self.view is None or not asked.problems:
            return asked
        kept = QueryDict(self.view.query)
        own = [one for one in asked.problems if kept.getlist(one.parameter) == self.params.getlist(one.parameter)]
        self.left_out += own
        for problem in own:
            self.params.pop(problem.parameter, None)
        return filter_of(self.params) if own else asked

    def leave_out_columns(self, known: Any) -> None:
        """Leave out the view's columns that there aren't any more, and say which."""
        if self.view and not self.chosen and (gone := [key for key in self.view.columns if key not in known]):
            self.left_out += [BadFilter(key, gettext("There is no such column.")) for key in gone]
            self.chosen = [key for key in self.view.columns if key in known]
