"""The Filter popover: a form of conditions that becomes the table's URL, which also becomes a call of the API."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contacts import conditions
from contacts.conditions import Facet, Row
from contacts.filters import ContactFilter, present
from contacts.savedviews import COLUMN, VIEW, filters_of
from customfields import values
from gopimi.lib import htmx
from gopimi.workspaces.models import Workspace

KEPT = ("q", "sort", "limit", VIEW, COLUMN)


@require_GET
def filtering(request: Any) -> HttpResponse:
    """The form for the query or the rows that are given; or on to the table, by `apply`, `clear` or `drop`."""
    workspace = request.workspace
    fields = values.fields_of(workspace)
    given = present(request.GET, fields)
    kept = {name: given.getlist(name) for name in KEPT if given.get(name)}
    if "clear" in given:
        return _to_table(request, conditions.query_of([], kept))
    if "drop" in given:
        return _to_table(request, _dropped(given))
    known = conditions.facets(workspace, fields)
    rows = _rows(given, workspace, known)
    if "apply" in given:
        rows = [row for row in rows if row.values]
        query = conditions.query_of(rows, kept)
        if not (problems := ContactFilter(filters_of(query), workspace).problems):
            return _to_table(request, query)
        for row in rows:
            row.problem = next((one.message for one in problems if one.parameter == row.parameter), "")
    return _form(request, rows, known, kept)


def _dropped(given: QueryDict) -> QueryDict:
    """The query without the parameters that `drop` names, or without one value of them: `tag=vip`."""
    query = given.copy()
    for text in query.pop("drop"):
        name, _, value = text.partition("=")
        rest = [one for one in query.getlist(name) if value and one != value]
        if rest:
            query.setlist(name, rest)
        else:
            query.pop(name, None)
    return query


def _rows(given: Any, workspace: Workspace, known: dict[str, Facet]) -> list[Row]:
    if "rows" not in given:
        rows = conditions.rows_of(ContactFilter(_filters(given), workspace), known)
    else:
        rows = conditions.rows_from(given, known)
        if given.get("without", "").isdecimal() and int(given["without"]) < len(rows):
            del rows[int(given["without"])]
    if not rows or "add" in given:
        facet = next(iter(known.values()))
        rows.append(Row(facet, next(iter(facet.words))))
    return rows


def _filters(given: QueryDict) -> QueryDict:
    query = filters_of(given)
    query.pop("edit", None)
    return query


def _form(request: Any, rows: list[Row], known: dict[str, Facet], kept: dict[str, list[str]]) -> HttpResponse:
    """All rows to edit, or the one of the chip that was pressed (`edit`), which takes the others along unseen."""
    at = request.GET.get("edit", "")
    edited = rows[int(at)] if at.isdecimal() and int(at) < len(rows) else None
    context = {
        "section": "contacts",
        "facets": list(known.values()),
        "rows": [
            {"row": row, "widget": row.widget(index), "unseen": edited and row is not edited and not row.problem}
            for index, row in enumerate(rows)
        ],
        "edited": edited,
        "at": at,
        "kept": kept,
    }
    status = 422 if any(row.problem for row in rows) else 200
    fragments = {"filter-form": "contacts/_filter.html"}
    return htmx.page(request, "contacts/filter.html", context, fragments=fragments, status=status)


@require_GET
def api_call(request: Any) -> HttpResponse:
    """The address that lists by the API what the table shows, in the same order, in a dialog to copy it from."""
    asked = ContactFilter(filters_of(request.GET), request.workspace)
    table = request.workspace.url("contacts:list")
    context = {
        "section": "contacts",
        "asked": asked,
        "url": request.build_absolute_uri(f"{reverse('api:list_contacts')}?{asked.to_query().urlencode()}"),
        "back": f"{table}?{request.GET.urlencode()}" if request.GET else table,
    }
    status = 422 if asked.problems else 200
    return htmx.dialog(request, "contacts/_api_call.html", gettext("Copy as API call"), context, status=status)


def _to_table(request: Any, query: QueryDict) -> HttpResponse:
    """To the first page of the table with this query."""
    query = query.copy()
    for name in ("cursor", "csrfmiddlewaretoken"):
        query.pop(name, None)
    url = request.workspace.url("contacts:list")
    return htmx.go(request, f"{url}?{query.urlencode()}" if query else url)
