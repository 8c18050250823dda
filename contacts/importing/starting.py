"""From an uploaded file to a run: received as a draft, set up, started, cancelled."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext
from procrastinate.contrib.django import app as jobs

from contacts.importing import failures, files
from contacts.importing.columns import Column, columns, guess
from contacts.importing.files import Record, Unreadable, Written
from contacts.importing.records import (
    COUNTS,
    DateOrder,
    DecimalMark,
    Delimiter,
    Import,
    ImportProblem,
    ImportRow,
    NewOptions,
    OnConflict,
    Status,
)
from customfields import values as field_values
from customfields.parsing import Style
from gopimi.lib import charsets
from gopimi.lib.refusals import Refusals, refuse
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Workspace

QUEUE, RUN, UNDO = "imports", "contacts.run_import", "contacts.undo_import"
SAMPLE = 1_000  # rows by which the styles of dates and numbers are found
SETTINGS = {
    "delimiter": Delimiter, "date_order": DateOrder, "decimal": DecimalMark, "on_conflict": OnConflict,
    "new_options": NewOptions,
}  # fmt: skip
LONGEST_NAME = 255


class NotNow(Exception):
    """The import's state doesn't allow it; the text says why, for people."""


@dataclass(frozen=True)
class Preview:
    """The file's headers and first rows as they are read now, and what is wrong with the row after them."""

    headers: list[str]
    rows: list[list[str]]
    problem: Unreadable | None

    def samples(self, header: str, most: int = 3) -> list[str]:
        """The first different cells of a column that aren't blank."""
        place = self.headers.index(header)
        cells = (row[place] for row in self.rows if len(row) > place and row[place].strip())
        return list(dict.fromkeys(cells))[:most]


def targets(workspace: Workspace) -> list[Column]:
    """Where a column can go, in the order in which it is offered."""
    return list(columns(field_values.fields_of(workspace), Style()).values())


def receive(workspace: Workspace, actor: Actor, upload: Any, filename: str, **settings: Any) -> Import:
    """Keep an uploaded file (any of Django's File classes) as a draft, set up as far as it tells by itself.

    What the last import of a file with the same headers chose, is chosen again; `settings` come before that (see
    `configure`). Raises Unreadable, and ValidationError.
    """
    if upload.size > files.MOST_BYTES:
        raise Unreadable(
            None,
            "too_large",
            gettext("The file is larger than {most} MB. Split it.").format(most=files.MOST_BYTES // 1024**2),
        )
    one = Import(workspace=workspace, actor_kind=actor.kind, actor_id=actor.id, size=upload.size)
    one.filename = charsets.printable(filename)[-LONGEST_NAME:] or "import.csv"
    _set_up(one, upload, settings)
    one.file = default_storage.save(f"imports/{workspace.pk}/{secrets.token_urlsafe(32)}", upload)
    one.save()
    return one


@transaction.atomic
def configure(one: Import, **settings: Any) -> None:
    """Change how a draft is read and what is done with it: encoding, delimiter, date_order, decimal, mapping,
    on_conflict, new_options. With another encoding or delimiter the rest is found anew where it isn't given.

    `mapping` is {header: target}; headers left out are ignored. Raises ValidationError with all that is refused, by
    setting and `mapping/<header>`; Unreadable; NotNow.
    """
    lock(one)
    if one.status != Status.DRAFT and not (
        one.dry_run and one.status in (Status.DONE, Status.FAILED, Status.CANCELLED)
    ):
        raise NotNow(gettext("This import has been started, so it can't be changed any more."))
    before = one.encoding, one.delimiter
    with opened(one) as file:
        _set_up(one, file, settings)
    if (one.encoding, one.delimiter) != before:  # what was corrected by hand was so in other cells
        ImportRow.objects.for_workspace(one.workspace_id).filter(run=one).delete()
    one.status = Status.DRAFT
    one.save()


def preview(one: Import, rows: int = 5) -> Preview:
    """Raises Unreadable where there is no header to be read."""
    with opened(one) as file:
        head = files.head(file, Written(one.encoding, one.delimiter), rows)
    cells = [[charsets.clean(cell) for cell in record.cells] for record in head.records]
    return Preview(head.headers, cells, head.problem)


@transaction.atomic
def start(one: Import, *, dry_run: bool) -> None:
    """Queue a run: of a draft, or the real one after a dry run, which then uses the rows corrected by hand.

    Raises NotNow, and ValidationError where the mapping doesn't do any more.
    """
    lock(one)
    again = one.dry_run and one.status in (Status.DONE, Status.CANCELLED)
    if one.status != Status.DRAFT and not again:
        raise NotNow(gettext("This import has been started already."))
    if not one.file:
        raise NotNow(gettext("The uploaded file is kept for a week, and was deleted. Upload it again."))
    check_mapping(one.headers, one.mapping, {column.target: column for column in targets(one.workspace)})
    forget_run(one)
    one.dry_run, one.status = dry_run, Status.QUEUED
    one.save()
    defer(RUN, one)


@transaction.atomic
def cancel(one: Import) -> None:
    """Ask a run to stop after the present chunk; one that hasn't begun is cancelled when it would. Raises NotNow."""
    lock(one)
    if one.status not in (Status.QUEUED, Status.RUNNING):
        raise NotNow(gettext("This import isn't running."))
    one.cancel_asked = True
    one.save(update_fields=["cancel_asked"])


@transaction.atomic
def undo(one: Import, actor: Actor) -> None:
    """Queue the way back; the histories will say that `actor` did it. Raises NotNow."""
    lock(one)
    if not one.can_undo:
        raise NotNow(_why_not(one))
    one.status, one.undo_after = Status.UNDOING, {"actor": [actor.kind, actor.id]}
    one.save(update_fields=["status", "undo_after"])
    defer(UNDO, one)


def discard(one: Import) -> None:
    """Delete a draft, or a dry run that isn't to become an import, with its file. Raises NotNow."""
    if one.status != Status.DRAFT and (not one.dry_run or one.is_active):
        raise NotNow(gettext("Only drafts and dry runs can be discarded."))
    drop_file(one)
    one.delete()


def forget_run(one: Import) -> list[str]:
    """As if it had never run; what was corrected by hand stays. Answers with the fields that the caller is to save."""
    ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, edited=False).delete()
    ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one).delete()
    one.rows = one.processed = one.position = 0
    one.created = one.updated = one.unchanged = one.skipped = one.failed = 0
    one.made = {"organizations": 0, "tags": 0, "options": {}}
    one.problem, one.cancel_asked = None, False
    one.started_at = one.finished_at = None
    return ["rows", "processed", "position", *COUNTS, "made", "problem", "cancel_asked", "started_at", "finished_at"]


def defer(task: str, one: Import) -> None:
    """Queue a job: one at a time in a workspace."""
    job = jobs.configure_task(task, queue=QUEUE, lock=f"imports-{one.workspace_id}")
    job.defer(workspace_id=one.workspace_id, import_id=one.pk)


def drop_file(one: Import) -> None:
    """Delete the uploaded file once the transaction is committed."""
    if one.file:
        name, one.file = one.file, ""
        Import.objects.for_workspace(one.workspace_id).filter(pk=one.pk).update(file="")
        transaction.on_commit(lambda: default_storage.delete(name))


@contextmanager
def opened(one: Import) -> Iterator[Any]:
    """The uploaded file. Raises Unreadable where it is gone."""
    try:
        file = default_storage.open(one.file, "rb")
    except FileNotFoundError as error:
        raise Unreadable(None, "missing", gettext("The uploaded file is gone. Upload it again.")) from error
    with file:
        yield file


def check_mapping(headers: list[str], mapping: Any, known: Mapping[str, Column]) -> dict[str, str]:
    """The mapping, tidied. Raises ValidationError, with everything that is wrong, by `mapping/<header>`."""
    if not isinstance(mapping, dict):
        raise refuse("mapping", "invalid_type", gettext("Give an object of the file's headers and where they go."))
    refusals = Refusals()
    taken: dict[str, str] = {}
    tidy: dict[str, str] = {}
    for given, target in mapping.items():
        header = files.tidied(given)
        if checked := refusals.attempt(_target, f"mapping/{given}", header, target, headers, known, taken):
            tidy[header] = checked
            taken[checked] = header
    refusals.check()
    if "email" not in taken:
        raise refuse("mapping", "required", gettext("Map a column to email: it says whose row it is."))
    return tidy


def _target(
    attribute: str, header: str, target: Any, headers: list[str], known: Mapping[str, Column], taken: Mapping[str, str]
) -> str:
    if header not in headers:
        raise refuse(
            attribute,
            "unknown_column",
            gettext("The file has no column “{header}”. It has {headers}.").format(
                header=header, headers=", ".join(headers)
            ),
        )
    if headers.count(header) > 1:
        raise refuse(
            attribute,
            "ambiguous_column",
            gettext("The file has several columns “{header}”. Rename one.").format(header=header),
        )
    if not isinstance(target, str) or target not in known:
        raise refuse(
            attribute,
            "unknown_target",
            gettext("There is no {target}. Give one of {known}.").format(target=target, known=", ".join(known)),
        )
    if target in taken:
        raise refuse(
            attribute,
            "target_twice",
            gettext("“{taken}” goes to {target} already.").format(taken=taken[target], target=target),
        )
    return target


def _set_up(one: Import, file: Any, settings: Mapping[str, Any]) -> None:
    """Bring headers, mapping and settings in line with the file and with what is given."""
    refusals = Refusals()
    for name, choices in SETTINGS.items():
        if name in settings:
            setattr(one, name, refusals.attempt(_choice, name, settings[name], choices))
    if "encoding" in settings:
        one.encoding = refusals.attempt(_encoding, settings["encoding"]) or ""
    refusals.check()
    anew = not one.headers or bool({"encoding", "delimiter"} & settings.keys())
    if not one.encoding:
        one.encoding = files.find_encoding(file)
    if not one.headers and "delimiter" not in settings:
        one.delimiter = files.find_delimiter(file, one.encoding)
    fields = field_values.fields_of(one.workspace_id)
    known = columns(fields, Style())
    if anew:
        head = files.head(file, Written(one.encoding, one.delimiter), SAMPLE)
        one.headers = head.headers
        one.headers_mark = _mark(one.headers)
        expected = _choose(one, known, settings)
    if "mapping" in settings:
        one.mapping = check_mapping(one.headers, settings["mapping"], known)
    if anew:
        style = _find_style(one, head.records, known, expected)
        if "date_order" not in settings:
            one.date_order = style.date_order or DateOrder.DMY
        if "decimal" not in settings:
            one.decimal = style.decimal


def _mark(headers: list[str]) -> str:
    """The same for a file's failed rows, corrected, as for the file itself."""
    return hashlib.sha256("\n".join(failures.without_extra(headers)).lower().encode()).hexdigest()


def last_like(one: Import) -> Import | None:
    """The last import of a file with the same headers."""
    earlier = Import.objects.for_workspace(one.workspace_id).shown().filter(headers_mark=one.headers_mark)
    return earlier.exclude(pk=one.pk).order_by("-id").first()


def _choose(one: Import, known: Mapping[str, Column], settings: Mapping[str, Any]) -> Style:
    """As the last import of such a file did, else by the headers; answers with the style to expect."""
    last = last_like(one)
    if last is None:
        one.mapping = guess(one.headers, known.values())
        # Who separates by semicolons mostly needs the comma for decimals.
        return Style("", "," if one.delimiter == Delimiter.SEMICOLON else ".")
    there = {header: target for header, target in last.mapping.items() if header in one.headers and target in known}
    one.mapping = there
    for name in ("on_conflict", "new_options"):
        if name not in settings:
            setattr(one, name, getattr(last, name))
    return Style(last.date_order, last.decimal)


def _find_style(one: Import, records: list[Record], known: Mapping[str, Column], style: Style) -> Style:
    """As the cells tell that go into dates and numbers."""
    for header, target in one.mapping.items():
        if field := known[target].field:
            place = one.headers.index(header)
            cells = [record.cells[place] for record in records if len(record.cells) > place]
            style = field.type.guess_style(cells, style)
    return style


def _choice(name: str, given: Any, choices: Any) -> str:
    if given not in choices.values:
        shown = ", ".join(repr(one)[1:-1] for one in choices.values)
        raise refuse(name, "invalid_choice", gettext("Give one of these: {shown}").format(shown=shown))
    return str(given)


def _encoding(given: Any) -> str:
    codec = charsets.known(given) if isinstance(given, str) else ""
    if not codec:
        raise refuse(
            "encoding",
            "invalid_choice",
            gettext("There is no encoding {given}. Give one such as utf-8.").format(given=given),
        )
    return {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(codec, codec)


def lock(one: Import) -> None:
    """Hold the import's row until the transaction ends, and read it anew."""
    Import.objects.for_workspace(one.workspace_id).select_for_update(no_key=True).get(pk=one.pk)
    one.refresh_from_db()


def _why_not(one: Import) -> str:
    if one.dry_run:
        return gettext("This was a dry run: it has written nothing that could be undone.")
    return {
        Status.UNDOING: gettext("This import is being undone already."),
        Status.UNDONE: gettext("This import was undone already."),
    }.get(Status(one.status), gettext("Only an import that has ended, and has written something, can be undone."))
