"""The import wizard up to its dry run: what was imported before, a file uploaded, its columns mapped."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import history
from contacts.importing import starting
from contacts.importing.choosing import SAMPLED, Choosing, mapping_in
from contacts.importing.files import ENCODINGS, MOST_BYTES, Unreadable
from contacts.importing.records import Delimiter, Import, NewOptions, OnConflict, Status
from contacts.importing.starting import NotNow
from customfields import values
from gopimi.lib import htmx
from gopimi.lib.keyset import BadCursor, Key, paginate
from gopimi.workspaces import toasts

PAGE = 50
ORDER = [Key("id", descending=True)]
READING = ("encoding", "delimiter")  # with another of these the columns are other ones
CHOSEN = ("date_order", "decimal", "on_conflict", "new_options")


@require_GET
def imports(request: Any) -> HttpResponse:
    """Who imported what and when, the newest first."""
    shown = Import.objects.for_workspace(request.workspace).shown()
    try:
        page = paginate(shown, ORDER, PAGE, request.GET.get("cursor"))
    except BadCursor:
        page = paginate(shown, ORDER, PAGE)
    authors = history.authors(request.workspace, page.rows)
    for one in page.rows:
        one.by, one.left_alone = authors[one.pk], one.unchanged + one.skipped
    context = {"page": page, "total": shown.count()}
    return htmx.page(request, "contacts/imports/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    """Upload a file; it becomes a draft whose columns are mapped next."""
    refused = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None:
                raise Unreadable(None, "missing", gettext("Choose a CSV file first."))
            one = starting.receive(request.workspace, request.actor, upload, upload.name)
            return htmx.go(request, request.workspace.url("contacts:import_columns", one.pk))
        except Unreadable as error:
            refused = str(error)
    context = {"refused": refused, "most": MOST_BYTES, "most_mb": MOST_BYTES // 1024**2}
    fragments = {"import-upload": "contacts/imports/_upload.html"}
    return htmx.page(
        request, "contacts/imports/upload.html", context, fragments=fragments, status=422 if refused else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: Any, import_pk: int) -> HttpResponse:
    """How the file is read, and where its columns go. `read` in the form shows what a choice does; else the dry run
    starts."""
    one = get_object_or_404(Import.objects.for_workspace(request.workspace), pk=import_pk)
    onwards = request.workspace.url("contacts:import", one.pk)
    if one.status != Status.DRAFT and (one.is_active or not one.dry_run):
        return htmx.go(request, onwards)
    errors: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if _configure(one, request):
                return _mapping(request, one, keep=False)
            if "read" not in request.POST:
                starting.start(one, dry_run=True)
                return htmx.go(request, onwards)
        except NotNow:
            return htmx.go(request, onwards)
        except ValidationError as error:
            errors = {} if "read" in request.POST else error.error_dict
        except Unreadable as error:
            errors = {"encoding": [ValidationError(str(error))]}
        one.refresh_from_db()  # as it is kept: what was refused is not
    return _mapping(request, one, errors, keep=request.method == "POST")


def _configure(one: Import, request: Any) -> bool:
    """Keep what the form says; answers whether the columns are other ones now, so that its mapping says nothing."""
    given = request.POST
    if reading := {name: given[name] for name in READING if name in given and given[name] != getattr(one, name)}:
        starting.configure(one, **reading)
        return True
    chosen = {name: given[name] for name in CHOSEN if name in given}
    starting.configure(one, **chosen)
    starting.configure(one, mapping=mapping_in(given, one.headers))
    return False


def _mapping(request: Any, one: Import, errors: dict[str, Any] | None = None, *, keep: bool) -> HttpResponse:
    try:
        preview = starting.preview(one, SAMPLED)
        choosing = Choosing(one, values.fields_of(request.workspace), preview, request.POST if keep else None)
    except Unreadable as error:
        choosing = None
        errors = {"encoding": [ValidationError(str(error))]}
    context = {
        "one": one,
        "choosing": choosing,
        "errors": choosing.refuse(errors or {}) if choosing else [str(error) for error in (errors or {})["encoding"]],
        "encodings": ENCODINGS | {one.encoding: ENCODINGS.get(one.encoding, one.encoding)},
        "delimiters": Delimiter.choices,
        "as_last_time": not keep and starting.last_like(one) is not None,
        "on_conflict": OnConflict,
        "new_options": NewOptions,
    }
    status = 422 if errors else 200
    fragments = {"import-columns": "contacts/imports/_columns.html"}
    return htmx.page(request, "contacts/imports/columns.html", context, fragments=fragments, status=status)


@require_POST
def discard(request: Any, import_pk: int) -> HttpResponse:
    """Delete a draft or a dry run with its file."""
    one = get_object_or_404(Import.objects.for_workspace(request.workspace), pk=import_pk)
    url = request.workspace.url("contacts:import_new")
    try:
        starting.discard(one)
    except NotNow as error:
        return toasts.done(request, request.workspace.url("contacts:import", import_pk), str(error))
    return htmx.go(request, url)
