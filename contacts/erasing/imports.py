"""Traces of people in imports: failed rows, headers, uploaded files and what those are called."""

import codecs
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import F, Func, Q, TextField, Value

from contacts.erasing.traces import People, Stop, mentions, pieces
from contacts.importing.records import ACTIVE, Import, ImportRow
from gopimi.lib.tenancy import workspace

BLOCK = 1 << 20  # bytes of a file that are read at once
LONGEST = 1_000  # characters of what may be an address


def sweep(people: People, must_stop: Stop) -> bool:
    """Take them out; False where something is left. An import that is being read stays until it has ended."""
    with workspace(people.workspace_id):
        runs = list(Import.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest))
    finished = True
    for run in runs:
        if must_stop():
            return False
        if run.is_active:
            finished = False
            continue
        with workspace(people.workspace_id):
            _rows(people, run)
            has_them = _names(people, run) or (run.file and _file_mentions(people, run))
            finished = finished and not (run.file and has_them and not _drop_file(run))
    return finished


def _rows(people: People, run: Import) -> None:
    """Rows that failed, with their problems: those that have the address, and those that have the name and no address
    that could be read. The row of a namesake, who has another address, stays."""
    rows = ImportRow.objects.for_workspace(people.workspace_id).filter(run=run)
    cells = Func(F("cells"), Value(" "), function="array_to_string", output_field=TextField())
    keys = sorted({email for person in people.everybody for email in person.emails})
    found = rows.filter(Q(email_key__in=keys) | Q(email_key__isnull=True) | Q(mentions(people, cells)))
    rows.filter(row__in=[row.row for row in found.iterator() if _is_theirs(people, row, run.created_at)]).delete()


def _is_theirs(people: People, row: ImportRow, at: Any) -> bool:
    text = " ".join(row.cells)
    if people.in_text(f"{row.email_key or ''} {text}", at):
        return True
    return row.email_key is None and bool(people.named_in(text, at))


def _names(people: People, run: Import) -> bool:
    """What the file is called, and its headers, for which a file without them gave its first row: then it can't be
    imported any more. Whether that is so."""
    at = run.created_at
    headers = [people.unnamed(header, at) for header in run.headers]
    new = {
        "filename": people.without_file_name(run.filename, at),
        "headers": headers,
        "mapping": {people.unnamed(header, at): target for header, target in run.mapping.items()},
    }
    if any(getattr(run, name) != value for name, value in new.items()):
        Import.objects.for_workspace(people.workspace_id).filter(pk=run.pk).update(**new)
    return headers != run.headers


def _drop_file(run: Import) -> bool:
    """First the file, then its name, which would find it again; False where its import was started meanwhile."""
    runs = Import.objects.for_workspace(run.workspace_id).filter(pk=run.pk).exclude(status__in=ACTIVE)
    if not runs.select_for_update(no_key=True).exists():
        return False
    default_storage.delete(run.file)
    return bool(runs.update(file=""))


def _file_mentions(people: People, run: Import) -> bool:
    """Whether an uploaded file, read as its import reads it, has one of the addresses in it."""
    wanted = set(people.pieces)
    decoder = codecs.getincrementaldecoder(run.encoding)(errors="replace")
    rest = ""
    try:
        file = default_storage.open(run.file, "rb")
    except FileNotFoundError:
        return False
    with file:
        while block := file.read(BLOCK):
            text = rest + decoder.decode(block)
            if wanted & pieces(text) and people.in_text(text, run.created_at):
                return True
            rest = text[-LONGEST:]
    return False
