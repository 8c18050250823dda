"""What an import's form takes, and how the API shows one."""

from typing import Any, Literal

from django.http import HttpRequest
from pydantic import Field as Property

from contacts.importing import files
from contacts.importing.records import COUNTS, DateOrder, DecimalMark, Delimiter, Import, NewOptions, OnConflict, Status
from gopimi.lib import exactjson
from gopimi.lib.inputs import invalid
from gopimi.lib.problems import FieldError, Problem
from gopimi.lib.reference import TIMES, Moment, Output, example

SHOWN = [status for status in Status.values if status != Status.DRAFT]
SETTINGS = ("mapping", "on_conflict", "new_options", "encoding", "delimiter", "date_order", "decimal")
NAMED_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}


class ImportCounts(Output):
    created: int = Property(description="New, or brought back from the trash")
    updated: int
    unchanged: int = Property(description="Known, and nothing was to be written")
    skipped: int
    failed: int


class ImportProblemOut(Output):
    line: int | None = Property(description="Of the file, from 1; null where it is none in particular")
    code: str
    reason: str


class ImportOut(Output):
    id: int
    status: Literal[*SHOWN]  # type: ignore[valid-type]
    dry_run: bool
    filename: str
    rows: int = Property(description="Below the header, without blank lines; 0 until the file has been read")
    processed: int
    counts: ImportCounts = Property(description="They add up to `processed`, and of a finished import to `rows`")
    problem: ImportProblemOut | None = Property(description="Why the file as a whole was refused")
    created_at: Moment
    finished_at: Moment | None

    model_config = example(
        id=7,
        status="done",
        dry_run=False,
        filename="people.csv",
        rows=3,
        processed=3,
        counts={"created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1},
        problem=None,
        created_at=TIMES["created_at"],
        finished_at=TIMES["updated_at"],
    )


COLUMNS = (
    "id", "status", "dry_run", "filename", "rows", "processed", *COUNTS, "problem", "created_at", "finished_at",
)  # fmt: skip


def show(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Imports from their COLUMNS."""
    plain = [name for name in COLUMNS if name not in COUNTS]
    return [{name: row[name] for name in plain} | {"counts": {name: row[name] for name in COUNTS}} for row in rows]


def show_one(one: Import) -> dict[str, Any]:
    return show([{name: getattr(one, name) for name in COLUMNS}])[0]


def _choices(choices: Any, default: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "string", "enum": choices.values, **({"default": default} if default else {}), **more}


FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "mapping"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"A CSV file of at most {files.MOST_BYTES // 1024**2} MB, a header first",
                        },
                        "mapping": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "An object of the file's headers and where they go: name, email, "
                            "organization, tags or cf_<key>. Headers left out are ignored; one goes to email",
                        },
                        "on_conflict": _choices(
                            OnConflict, "update", description="When the address is known. Empty cells change nothing"
                        ),
                        "dry_run": {"type": "string", "enum": ["true", "false"], "default": "false"},
                        "new_options": _choices(NewOptions, "refuse", description="Of selects"),
                        "encoding": {"type": "string", "description": "Found where it isn't given"},
                        "delimiter": _choices(Delimiter, description="Found where it isn't given"),
                        "date_order": _choices(DateOrder, description="Found where it isn't given"),
                        "decimal": _choices(DecimalMark, description="Found where it isn't given"),
                    },
                    "example": {
                        "file": "Full name,Mail,Plan\nDana Cole,dana@acme.example,Pro\n",
                        "mapping": '{"Full name": "name", "Mail": "email", "Plan": "cf_plan"}',
                        "dry_run": "true",
                    },
                }
            }
        },
    }
}


def read_form(request: HttpRequest) -> tuple[Any, bool, dict[str, Any]]:
    """The file, whether the run is to be dry, and the settings that are given. Raises Problem."""
    if request.content_type != "multipart/form-data":
        raise Problem(415, detail="Send a form with the file in it: Content-Type: multipart/form-data.")
    errors = [
        FieldError(f"/{name}", "unknown", "There is no such property.")
        for name in [*request.POST, *request.FILES]
        if name not in ("file", "dry_run", *SETTINGS)
    ]
    uploads = request.FILES.getlist("file")
    if len(uploads) != 1 or "file" in request.POST:
        errors.append(FieldError("/file", "required", "Send one file, as a file."))
    errors += [
        FieldError(f"/{name}", "repeated", "Give it once.") for name, given in request.POST.lists() if len(given) > 1
    ]
    settings: dict[str, Any] = {name: request.POST[name] for name in SETTINGS if name in request.POST}
    if "delimiter" in settings:
        settings["delimiter"] = NAMED_DELIMITERS.get(settings["delimiter"], settings["delimiter"])
    try:
        settings["mapping"] = exactjson.loads(request.POST.get("mapping", "").encode())
    except ValueError:
        code = "invalid_json" if "mapping" in request.POST else "required"
        errors.append(FieldError("/mapping", code, 'Give a JSON object, such as {"Mail": "email"}.'))
    dry_run = request.POST.get("dry_run", "false")
    if dry_run not in ("true", "false"):
        errors.append(FieldError("/dry_run", "invalid_choice", "Give true or false."))
    if errors:
        raise invalid(errors)
    return uploads[0], dry_run == "true", settings
