"""What the wizard offers while a file's columns are mapped: targets, samples, and whether these can be read so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from contacts.formulas import original
from contacts.importing.columns import Column, columns
from contacts.importing.records import DateOrder, DecimalMark, Import
from contacts.importing.starting import Preview
from customfields.models import Field
from customfields.parsing import InvalidValue, Style

SAMPLED = 100  # first rows that samples and examples are taken from
SHOWN = 3  # of them are shown beside a column
FIRST = 5  # of them are shown as a table


@dataclass
class Source:
    """A column of the file. `why_not` says why it can't be mapped; `doubt` what can't be read where it goes."""

    index: int
    header: str
    samples: list[str]
    target: str = ""
    why_not: str = ""
    doubt: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of its control in the form."""
        return f"to-{self.index}"


@dataclass(frozen=True)
class Choice:
    """One way to read dates or numbers, with an example of the file: `shown` is what its cell `cell` then means."""

    value: str
    label: str
    cell: str = ""
    shown: str = ""


class Choosing:
    """The mapping of an import as it stands in the form, or as it is kept."""

    def __init__(self, one: Import, fields: Sequence[Field], preview: Preview, data: QueryDict | None = None) -> None:
        self.one, self.preview = one, preview
        self.targets = columns(fields, Style(one.date_order, one.decimal))
        self.properties = [column for column in self.targets.values() if column.field is None]
        self.customs = [column for column in self.targets.values() if column.field is not None]
        mapping = one.mapping if data is None else mapping_in(data, preview.headers)
        self.sources = [self._source(index, header, mapping) for index, header in enumerate(preview.headers)]
        self.mapped = [source for source in self.sources if source.target]

    def _source(self, index: int, header: str, mapping: Mapping[str, str]) -> Source:
        cells = [row[index] for row in self.preview.rows if len(row) > index and row[index].strip()]
        source = Source(index, header, list(dict.fromkeys(cells))[:SHOWN])
        if not header:
            source.why_not = gettext("This column has no name.")
        elif self.preview.headers.count(header) > 1:
            source.why_not = gettext("Several columns have this name.")
        else:
            source.target = mapping.get(header, "")
        if column := self.targets.get(source.target):
            source.doubt = next(filter(None, (_doubt(column, cell) for cell in cells)), "")
        return source

    def refuse(self, errors: Mapping[str, Sequence[Any]]) -> list[str]:
        """Put what was refused beside the columns it is about; answers with the rest."""
        by_header = {f"mapping/{source.header}": source for source in self.sources}
        rest = []
        for attribute, refused in errors.items():
            words = [message for error in refused for message in error.messages]
            by_header[attribute].errors.extend(words) if attribute in by_header else rest.extend(words)
        return rest

    @property
    def first_rows(self) -> list[list[str]]:
        """As wide as the header, or wider where a row has more cells than that."""
        width = len(self.sources)
        return [[*row, *[""] * (width - len(row))] for row in self.preview.rows[:FIRST]]

    @property
    def date_orders(self) -> list[Choice]:
        return self._choices(DateOrder, lambda value: Style(value, self.one.decimal))

    @property
    def decimals(self) -> list[Choice]:
        return self._choices(DecimalMark, lambda value: Style(self.one.date_order, value))

    def _choices(self, choices: Any, style: Callable[[str], Style]) -> list[Choice]:
        """With the first cell that these ways don't all read alike, if the file has one."""
        styles = {value: style(value) for value in choices.values}
        for source in self.mapped:
            column = self.targets.get(source.target)
            if column is None or column.field is None:
                continue
            for row in self.preview.rows:
                cell = row[source.index].strip() if len(row) > source.index else ""
                meanings = {value: _meaning(column.field, cell, one) for value, one in styles.items()}
                if len(set(meanings.values())) > 1:
                    return [Choice(value, label, cell, meanings[value]) for value, label in choices.choices]
        return [Choice(value, label) for value, label in choices.choices]


def mapping_in(data: QueryDict, headers: Iterable[str]) -> dict[str, str]:
    """The mapping that a form of these headers sends."""
    chosen = {header: data.get(f"to-{index}", "") for index, header in enumerate(headers)}
    return {header: target for header, target in chosen.items() if target}


def _doubt(column: Column, cell: str) -> str:
    try:
        column.parse(original(cell))
    except InvalidValue as error:
        return error.message if cell in error.message else f"“{cell}”: {error.message}"
    return ""


def _meaning(one: Field, cell: str, style: Style) -> str:
    try:
        return one.type.display(one.type.parse_cell(one, original(cell), style)) if cell else ""
    except InvalidValue:
        return ""
