"""The failed rows of an import as a CSV file that, corrected, imports as it is."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from contacts import formulas
from contacts.importing.records import Import, ImportProblem, ImportRow
from customfields import values as field_values
from gopimi.lib.tenancy import workspace

EXTRA = ("row", "column", "code", "reason")
BATCH = 1_000  # rows
BOM = "\ufeff"


def without_extra(headers: list[str]) -> list[str]:
    """The headers of the file from whose failed rows these are, or these."""
    return headers[: -len(EXTRA)] if tuple(headers[-len(EXTRA) :]) == EXTRA else headers


def written(one: Import) -> Iterator[str]:
    """The file's text in parts: the original cells, then row, column, code and reason; a line for each row.

    Opens transactions of its own, so that it can be streamed. Cells are made harmless for spreadsheets; what the
    header has no column for stands behind the reason, and is refused again.
    """
    with workspace(one.workspace_id):
        fields = {f"cf_{field.key}": field for field in field_values.fields_of(one.workspace_id)}
    numeric = {
        place
        for place, header in enumerate(one.headers)
        if (field := fields.get(one.mapping.get(header, ""))) and field.type.numeric
    }
    width = len(without_extra(one.headers))
    extra = EXTRA if not set(EXTRA) & set(one.headers[:width]) else [f"import {name}" for name in EXTRA]
    yield BOM + _lines([[formulas.harmless(header) for header in one.headers[:width]] + [*extra]])
    after = 0
    while rows := _batch(one, after):
        yield _lines(_cells(row, problems, width, numeric) for row, problems in rows)
        after = rows[-1][0].row


def _batch(one: Import, after: int) -> list[tuple[ImportRow, list[ImportProblem]]]:
    with workspace(one.workspace_id):
        failed = ImportRow.objects.for_workspace(one.workspace_id).filter(run=one, repaired=False, row__gt=after)
        rows: dict[int, tuple[ImportRow, list[ImportProblem]]] = {
            row.row: (row, []) for row in failed.order_by("row")[:BATCH]
        }
        problems = ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one, row__in=rows)
        for problem in problems.order_by("row", "position"):
            rows[problem.row][1].append(problem)
    return list(rows.values())


def _cells(row: ImportRow, problems: list[ImportProblem], width: int, numeric: set[int]) -> list[str]:
    cells = [
        cell if place in numeric else formulas.harmless(formulas.original(cell)) for place, cell in enumerate(row.cells)
    ]
    told = [
        str(row.row),
        "; ".join(dict.fromkeys(problem.column for problem in problems if problem.column)),
        "; ".join(dict.fromkeys(problem.code for problem in problems)),
        " ".join(dict.fromkeys(problem.reason for problem in problems)),
    ]
    rest = cells[width:] if len(row.cells) > width else []
    return [*cells[:width], *[""] * (width - len(cells)), *(formulas.harmless(text) for text in told), *rest]


def _lines(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
