"""The table as a CSV file: all that match its filter, or the selected rows."""

from typing import Any

from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from contacts import exporting
from contacts.exporting import Export
from contacts.filters import BadFilter, ContactFilter
from contacts.savedviews import COLUMN, VIEW
from contacts.views.selection import ticked
from customfields import values
from gopimi.lib import htmx
from gopimi.workspaces import toasts


@require_http_methods(["GET", "POST"])
def export(request: Any) -> HttpResponseBase:
    """By GET what the URL's query finds, by POST the table's selection; `columns=shown` as the table has them, else
    all that import takes back."""
    workspace = request.workspace
    given = request.GET if request.method != "POST" else request.POST
    query = (given if given is request.GET else QueryDict(given.get("query", ""))).copy()
    chosen = given.getlist(COLUMN) or request.membership.contact_columns
    for name in ("columns", VIEW, COLUMN):
        query.pop(name, None)
    query.setdefault("sort", "created_at")  # the oldest first, so that a workspace which imports it has the same order
    fields = values.fields_of(workspace)
    ids = ticked(request) if request.method == "POST" and "all" not in given else None
    table = workspace.url("contacts:list")
    if ids == []:
        return toasts.done(request, table, gettext("Select the contacts to export first."))
    try:
        contacts, found = exporting.matching(ContactFilter(query, workspace, fields), ids)
    except BadFilter:  # the table says what is wrong with it
        return htmx.go(request, f"{table}?{query.urlencode()}")
    shown = given.get("columns") == "shown"
    keys = exporting.shown(chosen, fields) if shown else exporting.everything(fields)
    export = Export(workspace, fields, contacts, found, keys)
    response = StreamingHttpResponse(export.stream(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=export.filename)
    return response
