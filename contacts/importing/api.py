"""API of CSV imports."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from ninja import Router

from contacts.importing import failures, starting
from contacts.importing.files import Unreadable
from contacts.importing.records import Import
from contacts.importing.schemas import COLUMNS, FORM, ImportOut, read_form, show, show_one
from contacts.importing.starting import NotNow
from gopimi.lib import listing
from gopimi.lib.exactjson import answer
from gopimi.lib.inputs import RowId, invalid, pointer, refused
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed
from gopimi.lib.problems import FieldError, Problem
from gopimi.workspaces.authentication import ApiRequest, Bearer

router = Router(tags=["Imports"])
READ, WRITE = Bearer("contacts:read"), Bearer("contacts:write")
ONE = "/contact-imports/{id:import_id}"
CSV = "text/csv; charset=utf-8"
ACCEPTED = {"responses": {202: {"headers": {"Location": {"description": "The import", "schema": {"type": "string"}}}}}}


def _find(request: ApiRequest, import_id: int) -> Import:
    return get_object_or_404(Import.objects.for_workspace(request.workspace).shown(), pk=import_id)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        if error.code == "too_large":
            raise Problem(413, detail=error.reason) from error
        raise invalid([FieldError("/file", error.code, str(error))]) from error
    except ValidationError as error:
        raise refused(error, lambda name: pointer(*name.split("/", 1))) from error
    except NotNow as error:
        raise Problem(409, "not-now", str(error)) from error


@router.post(
    "/contact-imports",
    auth=WRITE,
    response={202: ImportOut},
    summary="Import contacts from a CSV file",
    openapi_extra={**FORM, **ACCEPTED},
)
def create_import(request: ApiRequest) -> HttpResponse:
    """It runs in the background: read it until its status is `done`, `failed` or `cancelled`. A row with any bad cell
    fails whole, the second row of one address fails, and `errors.csv` has the failed rows with their reasons. A dry run
    ends `done` with the counts that the import would have, and writes nothing."""
    listing.only(request.GET)
    upload, dry_run, settings = read_form(request)
    with _as_problems():
        one = starting.receive(request.workspace, request.actor, upload, upload.name or "", **settings)
        starting.start(one, dry_run=dry_run)
    return _accepted(one, f"{request.path}/{one.pk}")


@router.get(
    "/contact-imports",
    auth=READ,
    response=Listed[ImportOut],
    summary="List imports",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_imports(request: ApiRequest) -> HttpResponse:
    """The newest first."""
    listing.only(request.GET, listing.PAGING)
    imports = Import.objects.for_workspace(request.workspace).shown().values(*COLUMNS)
    return listing.respond(request.GET, imports, [Key("created_at", True), Key("id", True)], show)


@router.get(ONE, auth=READ, response=ImportOut, summary="Read an import")
def read_import(request: ApiRequest, import_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    return answer(show_one(_find(request, import_id)))


@router.get(
    f"{ONE}/errors.csv",
    auth=READ,
    response={200: None},
    summary="Download the failed rows of an import",
    openapi_extra={
        "responses": {200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "A CSV file with a BOM"}}
    },
)
def read_import_errors(request: ApiRequest, import_id: RowId) -> HttpResponseBase:
    """The original cells, then row, column, code and reason. Corrected, it imports as it is."""
    listing.only(request.GET)
    one = _find(request, import_id)
    response = StreamingHttpResponse(failures.written(one), content_type=CSV)
    response["Content-Disposition"] = str(content_disposition_header(True, f"errors-{one.filename}"))
    return response


@router.post(f"{ONE}/undo", auth=WRITE, response={202: ImportOut}, summary="Undo an import", openapi_extra=ACCEPTED)
def undo_import(request: ApiRequest, import_id: RowId) -> HttpResponse:
    """What it created goes to the trash, and what it changed goes back, but for what was edited since. It runs in the
    background, until the status is `undone`. 409 for a dry run, and for an import that hasn't ended."""
    listing.only(request.GET)
    one = _find(request, import_id)
    with _as_problems():
        starting.undo(one, request.actor)
    return _accepted(one, request.path.removesuffix("/undo"))


def _accepted(one: Import, location: str) -> HttpResponse:
    one.refresh_from_db()
    document: dict[str, Any] = show_one(one)
    return answer(document, 202, Location=location)
