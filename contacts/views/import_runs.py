"""An import from its dry run on: how far it is, what became of its rows, failed ones repaired, and the way back."""

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import history
from contacts.importing import failures, grids, repairing, starting
from contacts.importing.records import Import, Status
from contacts.importing.starting import NotNow
from gopimi.lib import htmx
from gopimi.lib.counting import counted
from gopimi.workspaces import toasts

COUNT = re.compile(r"\d{1,9}", re.ASCII)
ANY = "*"  # column
NO_ROOM = "quota_exceeded"  # the code of rows for which the quota has no room


@require_GET
def detail(request: Any, import_pk: int) -> HttpResponse:
    """The import as it stands: it checks or runs, was checked, is done, was undone."""
    one = _import(request, import_pk)
    if one.status == Status.DRAFT:
        return htmx.go(request, request.workspace.url("contacts:import_columns", one.pk))
    told = {name: int(request.GET[name]) for name in ("tried", "fixed") if COUNT.fullmatch(request.GET.get(name, ""))}
    return _page(request, one, **told)


def _import(request: Any, import_pk: int) -> Import:
    return get_object_or_404(Import.objects.for_workspace(request.workspace), pk=import_pk)


def _page(request: Any, one: Import, **context: Any) -> HttpResponse:
    context |= {"one": one, **_figures(one)}
    if not one.is_active:
        context |= _told(request, one)
    fragments = {"import-state": "contacts/imports/_state.html", "import-problems": "contacts/imports/_problems.html"}
    return htmx.page(request, "contacts/imports/detail.html", context, fragments=fragments)


def _told(request: Any, one: Import) -> dict[str, Any]:
    """How it was done, and which rows failed: what the page shows when the work is."""
    labels = {column.target: column.label for column in starting.targets(request.workspace)}
    told: dict[str, Any] = {
        "by": history.authors(request.workspace, [one])[one.pk],
        "mapped": [(header, labels.get(one.mapping[header], one.mapping[header])) for header in one.mapped],
    }
    if one.failed:
        given = request.GET if request.method != "POST" else request.POST
        column = given.get("column", ANY)
        grid = grids.read(one, None if column == ANY else column, given.get("code", ""), given.get("cursor"))
        no_room = sum(facet.problems for facet in grid.codes if facet.value == NO_ROOM)
        told |= {"grid": grid, "no_room": no_room, "adds": one.created + no_room}
    return told


def _figures(one: Import) -> dict[str, Any]:
    """What the page says about the import besides its own counts."""
    undoing = one.status == Status.UNDOING
    took = (one.finished_at - one.started_at).total_seconds() if one.finished_at and one.started_at else 0
    return {
        "done": one.trashed + one.reverted + one.kept if undoing else one.processed,
        "done_of": one.created + one.updated if undoing else one.rows,
        "left_alone": one.unchanged + one.skipped,
        "writes": one.created + one.updated,
        "up_to_date": one.created + one.updated + one.unchanged,
        "not_reached": one.rows - one.processed,
        "took": counted(round(took), "{number} second", "{number} seconds") if took >= 1 else "",
    }


@require_POST
def start(request: Any, import_pk: int) -> HttpResponse:
    """Import what the dry run found fit."""
    return _act(request, import_pk, lambda one: starting.start(one, dry_run=False))


@require_POST
def cancel(request: Any, import_pk: int) -> HttpResponse:
    """Stop after the present chunk; what was imported stays, and can be undone."""
    return _act(request, import_pk, starting.cancel)


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Any, import_pk: int) -> HttpResponse:
    """Ask once, then take back what the import did."""
    if request.method == "POST":
        return _act(request, import_pk, lambda one: starting.undo(one, request.actor))
    one = _import(request, import_pk)
    back = request.workspace.url("contacts:import", one.pk)
    if not one.can_undo:
        return toasts.done(request, back, gettext("This import can't be undone any more."))
    return htmx.dialog(request, "contacts/imports/_undo.html", gettext("Undo import"), {"one": one, "back": back})


def _act(request: Any, import_pk: int, action: Any) -> HttpResponse:
    """Do it and show the import; where its state doesn't allow it, say so there."""
    one = _import(request, import_pk)
    url = request.workspace.url("contacts:import", one.pk)
    try:
        action(one)
    except NotNow as error:
        return toasts.done(request, url, str(error))
    except ValidationError as error:  # the mapping names a field that is gone
        return toasts.done(request, request.workspace.url("contacts:import_columns", one.pk), error.messages[0])
    return htmx.go(request, url)


@require_POST
def repair(request: Any, import_pk: int) -> HttpResponse:
    """Try the rows of the grid again with the cells as they were corrected."""
    one = _import(request, import_pk)
    try:
        outcomes = repairing.repair(one, grids.corrections(one, request.POST))
    except (NotNow, LookupError) as error:
        return toasts.done(request, request.workspace.url("contacts:import", one.pk), str(error))
    one.refresh_from_db()
    fixed = sum(outcome.status != "failed" for outcome in outcomes)
    if not request.htmx:
        query = urlencode({"tried": len(outcomes), "fixed": fixed})
        return htmx.go(request, f"{request.workspace.url('contacts:import', one.pk)}?{query}")
    return _page(request, one, tried=len(outcomes), fixed=fixed)


@require_GET
def errors(request: Any, import_pk: int) -> HttpResponseBase:
    """The failed rows as a CSV that, corrected, imports as it is."""
    one = _import(request, import_pk)
    response = StreamingHttpResponse(failures.written(one), content_type="text/csv; charset=utf-8")
    name = f"{PurePath(one.filename).stem}-errors.csv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response
