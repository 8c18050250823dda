"""The kinds of custom fields, and what the types behind them (`types.py`) have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from customfields import inputs
from customfields.operators import EQUALITY, WORDS, Operator, Test, one
from customfields.parsing import TEXT_LENGTH, InvalidValue, Style, clean
from gopimi.lib.words import Words

if TYPE_CHECKING:
    from customfields.models import Field, Option


class Kind(models.IntegerChoices):
    """A field's type as the value table stores it. It is part of a foreign key, so it never changes."""

    TEXT = 1
    NUMBER = 2
    DATE = 3
    SELECT = 4
    MULTIPLE_SELECT = 5
    BOOLEAN = 6
    URL = 7
    EMAIL = 8


class FieldType:
    """What all types have in common; a subclass says what is its own. Instances hold no state."""

    kind: Kind
    name: str  # in the API
    label: Words  # for people
    icon: str
    multiple = False
    has_options = False
    few_values = False  # whether many contacts can be expected to have the same one
    column: str  # of FieldValue, holds the value
    key_column: str  # by which filters go: its comparisons are leakproof, so they can use an index
    sort_columns: Sequence[str]  # paths from FieldValue, compared one after the other; none where there is no order
    operators: Mapping[str, Operator] = EQUALITY
    words: Mapping[str, Words] = WORDS  # those of the operators that the filter offers to people
    numeric = False  # aligned and spaced as figures
    toggles = False  # edited by a switch that is always there, and saves at once
    unset: Words = gettext_lazy("Set value")  # what invites to give a value where there is none

    # In: text of forms, CSV cells and URLs; JSON of the API. Both give a value or None, or raise InvalidValue.

    def parse_text(self, field: "Field", raw: str | Sequence[str], *, stored: Any = None) -> Any:
        """A value from text. `stored` is the contact's present one: an archived option may stay where it is chosen."""
        text = clean(raw if isinstance(raw, str) else one(raw or [""]))
        return self.from_text(field, text, stored) if text else None

    def parse_cell(self, field: "Field", text: str, style: Style, *, stored: Any = None) -> Any:
        """A value from a cell of a file, which may write dates and numbers in its own style."""
        return self.parse_text(field, text, stored=stored)

    def chosen(self, value: Any) -> Sequence["Option"]:
        """The options of which a value is made."""
        return ()

    def sort_values(self, field: "Field") -> tuple[list[Any], list[Any]] | None:
        """What the sort column can hold in the order that is meant, and what counts as nothing: options that were
        deleted and are still being taken from contacts. None where the column has that order by itself."""
        return None

    def without(self, value: Any, option: "Option", other: "Option | None") -> Any:
        """The value with another option in the place of one of those that it is made of, or with none."""
        raise NotImplementedError

    def parse_kept(self, field: "Field", text: str) -> Any:
        """A value from text that `to_text` made, such as one that the contact had before: an archived option too."""
        return self.parse_text(field, text)

    def present_label(self, field: "Field", label: str) -> str:
        """How an option is called now that was called so; anything else as it is."""
        return label

    def guess_style(self, cells: Sequence[str], style: Style) -> Style:
        """In which style these cells of a file are written; what they don't tell stays as in `style`."""
        return style

    def unknown_labels(self, field: "Field", text: str) -> list[str]:
        """The labels in this text that are no options of the field: those of which options could be made."""
        return []

    def parse_json(self, field: "Field", value: Any, *, stored: Any = None) -> Any:
        """A value from JSON: types are taken strictly. Numbers come as int or Decimal (`parse_float=Decimal`)."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidValue("invalid_type", gettext("Give a string."))
        return self.parse_text(field, value, stored=stored)

    def from_text(self, field: "Field", text: str, stored: Any) -> Any:
        raise NotImplementedError

    # Out

    def to_api(self, value: Any) -> Any:
        """What JSON shows; a Decimal is to be written as a number, digit by digit."""
        return value

    def json(self, field: "Field", cell: Any) -> str:
        """The same as JSON, from what `values.cells` read: JSON already, or ids of options."""
        return cell  # type: ignore[no-any-return]

    def to_text(self, value: Any) -> str:
        """Plain text that `parse_text` reads back: CSV, history, comparison."""
        return "" if value is None else str(value)

    def mark(self, value: Any) -> str:
        """The same for the same value, and another for another: a writer sends back what they saw."""
        return self.to_text(value)

    def to_input(self, value: Any) -> str | list[str]:
        """What the form's control holds."""
        return self.to_text(value)

    def display(self, value: Any) -> str:
        """What people read, in the active language. Plain text: the template escapes it."""
        return self.to_text(value)

    def shown(self, field: "Field", text: str) -> str:
        """What people read of a text that `to_text` made, as a history keeps it."""
        return self.display(self.from_text(field, text, None)) if text else ""

    def href(self, value: Any) -> str:
        """Where the value leads to, for a link beside it; empty for most types."""
        return ""

    # Forms

    def form_field(self, field: "Field", *, stored: Any = None, required: bool | None = None) -> inputs.ValueField:
        """A form field whose cleaned data is the value. Bulk edits pass `required=False`."""
        return inputs.ValueField(field, stored=stored, required=field.required if required is None else required)

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.text(maxlength=TEXT_LENGTH)

    def typed(self, field: "Field", given: str | list[str], stored: Any) -> str | list[str]:
        """What the control holds that was sent with this, and is shown again."""
        return given

    # Rows

    def rows(self, field: "Field", value: Any) -> list[tuple[int, Any]]:
        """The value's rows in FieldValue: `value_key`, and what stands in `column`. None has no rows."""
        return [] if value is None else [(0, value)]

    def from_rows(self, field: "Field", rows: Iterable[Mapping[str, Any]]) -> Any:
        """The value that these rows of one contact and field hold."""
        return next((row[self.column] for row in rows), None)

    # Filters

    def tests(self, field: "Field", operator: str, given: Sequence[str]) -> list[Test]:
        """What a contact must pass for `cf_<key>__<operator>=…` ("" is `=`). Raises InvalidValue, also for an
        operator that the type doesn't have. `given` has one string for each repetition of the parameter."""
        if operator not in self.operators:
            raise InvalidValue(
                "unknown_operator",
                gettext("{label} fields have no operator `{operator}`.").format(label=self.label, operator=operator),
            )
        return self.operators[operator](self, field, given)

    def operand(self, field: "Field", text: str) -> Any:
        value = self.parse_text(field, text)
        if value is None:
            raise InvalidValue("blank", gettext("Give a value, or use `__empty=true`."))
        return value

    def equals(self, values: Sequence[Any]) -> Q:
        return Q(**{f"{self.key_column}__in": values})

    def compares(self, operator: str, value: Any) -> Q:
        return Q(**{f"{self.key_column}__{operator}": value})
