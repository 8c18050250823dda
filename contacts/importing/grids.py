"""Failed rows as a grid of cells to correct: in pages, by column and reason, with all that is wrong with each."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from contacts.importing.records import Import, ImportProblem, ImportRow
from gopimi.lib.keyset import BadCursor, Key, Page, paginate
from gopimi.lib.text import BREAKS

PAGE = 50  # rows
MOST_CELLS = 5_000  # inputs in one form: Django takes 20,000 values
ORDER = [Key("row")]
NAME = re.compile(r"cell-(\d{1,9})-(\d{1,4})", re.ASCII)  # of a cell's input: the row, and the column's place


CODES = {
    "required": gettext_lazy("Required"),
    "invalid_email": gettext_lazy("Invalid email"),
    "invalid_number": gettext_lazy("Invalid number"),
    "invalid_date": gettext_lazy("Invalid date"),
    "invalid_boolean": gettext_lazy("Invalid boolean"),
    "invalid_url": gettext_lazy("Invalid url"),
    "invalid_choice": gettext_lazy("Invalid choice"),
    "invalid_character": gettext_lazy("Invalid character"),
    "archived_choice": gettext_lazy("Archived choice"),
    "too_long": gettext_lazy("Too long"),
    "too_many": gettext_lazy("Too many"),
    "too_many_digits": gettext_lazy("Too many digits"),
    "too_many_options": gettext_lazy("Too many options"),
    "out_of_range": gettext_lazy("Out of range"),
    "repeated": gettext_lazy("Repeated"),
    "duplicate_in_file": gettext_lazy("Duplicate in file"),
    "quota_exceeded": gettext_lazy("Quota exceeded"),
    "refused": gettext_lazy("Refused"),
}


@dataclass
class Cell:
    """A mapped cell of a failed row; `wrong` where a problem is about it."""

    name: str  # of its input
    header: str
    text: str
    wrong: bool


@dataclass
class Row:
    row: int
    cells: list[Cell]
    problems: list[ImportProblem]


@dataclass(frozen=True)
class Facet:
    """A column or a code that problems can be narrowed down to, and how many there are of it."""

    value: str
    label: str
    problems: int


@dataclass
class Grid:
    """One page of failed rows. `headers` are of the mapped columns in the file's order, `total` of all that match.

    `fixed` rows were corrected after a dry run, and fail no more.
    """

    headers: list[str]
    rows: list[Row]
    page: Page
    total: int
    fixed: int
    columns: list[Facet]
    codes: list[Facet]
    column: str | None
    code: str


def read(one: Import, column: str | None = None, code: str = "", cursor: str | None = None) -> Grid:
    """The failed rows that have a problem in this column ("" is the row as a whole) and with this code."""
    problems = ImportProblem.objects.for_workspace(one.workspace_id).filter(run=one)
    columns, codes = _facets(problems)
    column = column if column in {facet.value for facet in columns} else None  # the last such row may be right now
    code = code if code in {facet.value for facet in codes} else ""
    rows = _rows(one, problems, column, code)
    places = [(index, header) for index, header in enumerate(one.headers) if header in one.mapping]
    size = max(1, min(PAGE, MOST_CELLS // max(1, len(places))))
    try:
        page = paginate(rows, ORDER, size, cursor)
    except BadCursor:
        page = paginate(rows, ORDER, size)
    by_row = defaultdict(list)
    for problem in problems.filter(row__in=[row.row for row in page.rows]).order_by("row", "position"):
        by_row[problem.row].append(problem)
    return Grid(
        headers=[header for _, header in places],
        rows=[_row(row, places, by_row[row.row]) for row in page.rows],
        page=page,
        total=one.failed if column is None and not code else rows.count(),
        fixed=_all_rows(one).filter(repaired=True).count() if one.dry_run else 0,
        columns=columns,
        codes=codes,
        column=column,
        code=code,
    )


def _rows(one: Import, problems: QuerySet, column: str | None, code: str) -> QuerySet:
    its_own = problems.filter(row=OuterRef("row"))
    if column is not None:
        its_own = its_own.filter(column=column)
    if code:
        its_own = its_own.filter(code=code)
    rows = _all_rows(one).filter(repaired=False)
    return rows if column is None and not code else rows.filter(Exists(its_own))


def _all_rows(one: Import) -> QuerySet:
    return ImportRow.objects.for_workspace(one.workspace_id).filter(run=one)


def _row(row: ImportRow, places: Sequence[tuple[int, str]], problems: list[ImportProblem]) -> Row:
    wrong = {problem.column for problem in problems}
    cells = [
        Cell(f"cell-{row.row}-{index}", header, _shown(row.cells, index), header in wrong) for index, header in places
    ]
    return Row(row.row, cells, problems)


def _shown(cells: Sequence[str], index: int) -> str:
    """A cell in one line, as an input can hold it."""
    return BREAKS.sub(" ", cells[index]) if index < len(cells) else ""


def corrections(one: Import, data: QueryDict) -> dict[int, dict[str, str]]:
    """What a form of the grid changed: {row: {header: text}}. Rows of which it changed nothing are tried again too."""
    given: dict[int, dict[int, str]] = defaultdict(dict)
    for name in data:
        if (cell := NAME.fullmatch(name)) and int(cell[2]) < len(one.headers):
            given[int(cell[1])][int(cell[2])] = str(data[name])
    before = dict(_all_rows(one).filter(row__in=given).values_list("row", "cells"))
    return {
        row: {one.headers[index]: text for index, text in texts.items() if text != _shown(before.get(row, []), index)}
        for row, texts in given.items()
    }


def _facets(problems: QuerySet) -> tuple[list[Facet], list[Facet]]:
    """The columns and the codes that there are."""
    columns: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for column, code, count in problems.order_by().values_list("column", "code").annotate(count=Count("row")):
        columns[column] += count
        codes[code] += count
    return (
        [Facet(name, name or gettext("Whole row"), columns[name]) for name in sorted(columns)],
        [Facet(code, _called(code), codes[code]) for code in sorted(codes)],
    )


def _called(code: str) -> str:
    """What a kind of problem is called: those that there are many of have a name of their own."""
    return str(CODES.get(code) or code.replace("_", " ").capitalize())
