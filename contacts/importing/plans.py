"""What becomes of a row of a file: its cells, judged column by column, as a row that `contacts.upserting` takes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from contacts.formulas import original
from contacts.importing.columns import Column, columns
from contacts.importing.files import Record
from contacts.importing.records import Import, NewOptions
from contacts.upserting import BLANK, UNSET, Row
from customfields.models import Field
from customfields.parsing import CHOICES, InvalidValue, Style
from gopimi.lib.addresses import Address
from gopimi.lib.figures import figure

MOST_REMEMBERED = 20_000  # cells whose meaning one column keeps
LONGEST_SHOWN = 500  # characters of a bad value that are kept with the problem
SLOTS = {"name": 0, "organization": 1, "tags": 2}
DOUBLE = "duplicate_in_file"


@dataclass(frozen=True, slots=True)
class CellProblem:
    """`column` is the file's header, empty where the row as a whole is meant."""

    column: str
    value: str
    code: str
    reason: str


@dataclass(slots=True)
class Parsed:
    """A row as far as it can be judged without the database: as `upsert` takes it, unless it has problems.

    `late` are cells whose labels must be looked at again; then `row` is still to be made.
    """

    record: Record
    properties: list[Any]  # by SLOTS
    email: Address | None = None
    values: dict[Field, Any] = field(default_factory=dict)
    problems: list[CellProblem] = field(default_factory=list)
    late: list[tuple[str, Column, str, InvalidValue]] = field(default_factory=list)
    row: Row | None = None

    def refuse(self, column: str, value: str, code: str, reason: str) -> None:
        self.problems.append(CellProblem(column, value[:LONGEST_SHOWN], code, reason))


class Plan:
    """Which of a file's columns go where. It reads nothing of the database, so a thread of its own can use it."""

    def __init__(self, one: Import, fields: Iterable[Field]) -> None:
        self.width = len(one.headers)
        self.adds_options = one.new_options == NewOptions.ADD
        known = columns(fields, Style(one.date_order, one.decimal))
        self.missing = {header: target for header, target in one.mapping.items() if target not in known}
        chosen = [(header, known[target]) for header, target in one.mapping.items() if target in known]
        self.columns = sorted(
            ((one.headers.index(header), header, column, _reader(column)) for header, column in chosen),
            key=lambda entry: entry[0],
        )
        targets = {column.target for _, column in chosen}
        self.blank = [BLANK if target in targets else UNSET for target in SLOTS]
        self.email_header = next((header for header, column in chosen if column.target == "email"), "")

    def parse(self, record: Record) -> Parsed:
        """Judge every cell: all problems of the row, not the first alone. Blank cells change nothing."""
        parsed = Parsed(record, self.blank.copy())
        cells = record.cells
        width = len(cells)
        for position, header, column, read in self.columns:
            text = cells[position] if position < width else ""
            if not text or text.isspace():
                continue
            try:
                value = read(text)
            except InvalidValue as error:
                if error.code in CHOICES and column.field and column.field.type.has_options:
                    parsed.late.append((header, column, original(text), error))
                else:
                    parsed.refuse(header, text, error.code, error.message)
                continue
            if column.field is not None:
                if value is not None:
                    parsed.values[column.field] = value
            elif column.target == "email":
                parsed.email = value
            elif value:
                parsed.properties[SLOTS[column.target]] = value
        if parsed.email is None and not any(problem.column == self.email_header for problem in parsed.problems):
            parsed.refuse(self.email_header, "", "required", gettext("Every row needs an email address."))
        if width > self.width and any(cell.strip() for cell in cells[self.width :]):
            reason = gettext(
                "The row has {width} cells, the header {header}. Maybe a separator isn't in quotes."
            ).format(width=figure(width), header=figure(self.width))
            parsed.refuse("", "", "too_many_cells", reason)
        if parsed.email is not None and not parsed.problems and not parsed.late:
            name, organization, tags = parsed.properties
            parsed.row = Row(parsed.email, name, organization, tags, parsed.values)
        return parsed

    def key(self, record: Record) -> str:
        """Whose row it is; empty where that can't be read."""
        try:
            position, _, _, read = next(entry for entry in self.columns if entry[1] == self.email_header)
            return read(record.cells[position]).key if record.cells[position].strip() else ""
        except (InvalidValue, IndexError):
            return ""

    def refuse_double(self, parsed: Parsed, first: int) -> None:
        """The row has the address of an earlier one."""
        assert parsed.email is not None
        parsed.refuse(
            self.email_header,
            parsed.email.given,
            DOUBLE,
            gettext("The same address as in row {first}.").format(first=figure(first)),
        )


def _reader(column: Column) -> Callable[[str], Any]:
    """The column's parser behind the apostrophe that our export puts before formulas."""
    from_original = column.parse

    def read(cell: str) -> Any:
        return from_original(original(cell))

    if not column.remembers:
        return read
    known: dict[str, Any] = {}

    def remember(cell: str) -> Any:
        try:
            return known[cell]
        except KeyError:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            value = known[cell] = read(cell)
            return value

    return remember
