"""One class per type of custom field, and the only place that knows what a type means.

Forms, inline edit, API, CSV import and export, table, filters and sorting ask `field.type`; nobody else looks at a
kind. A value in Python is a str (text, url, email), Decimal, date, bool, Option, or a tuple of Options in their order
(`selects.py` has those two); None is "no value" everywhere. An eighth type is a class here, a number in `Kind`, and a
migration of the checks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext, gettext_lazy

from customfields import inputs
from customfields.kinds import FieldType, Kind
from customfields.operators import BEYOND, DATE_WORDS, EQUALITY, KEY_LENGTH, ORDER, contains
from customfields.parsing import (
    TEXT_LENGTH,
    InvalidValue,
    Style,
    exact,
    guess_date_order,
    guess_decimal,
    iso_day,
    number_from_text,
    plain_number,
)
from customfields.selects import MultipleSelect, Select
from gopimi.lib import addresses, figures
from gopimi.lib.folding import Fold, fold
from gopimi.lib.words import Words

if TYPE_CHECKING:
    from customfields.models import Field


class Text(FieldType):
    kind, name, label, icon = Kind.TEXT, "text", gettext_lazy("Text"), "type"
    unset: Words = gettext_lazy("Set text")
    column, key_column, sort_columns = "text_value", "text_key", ("text_key",)
    operators = {**EQUALITY, "contains": contains}

    def from_text(self, field: "Field", text: str, stored: Any) -> str:
        return text

    def equals(self, values: Sequence[str]) -> Q:
        condition = Q()
        for folded in map(fold, values):
            same = Q(text_key=folded[:KEY_LENGTH])
            if len(folded) >= KEY_LENGTH:
                same &= Q(Exact(Fold(F("text_value")), folded))
            condition |= same
        return condition


class Url(Text):
    """Absolute, http or https, with a host. Dotless hosts are valid: teams link to their intranet."""

    kind, name, label, icon = Kind.URL, "url", gettext_lazy("URL"), "link"
    unset = gettext_lazy("Set URL")
    FORBIDDEN = re.compile(r"[\s<>\"\\`]")

    def from_text(self, field: "Field", text: str, stored: Any) -> str:
        wrong = InvalidValue("invalid_url", gettext("Give a full web address, such as https://example.com/page."))
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise wrong from error
        if parts.scheme not in ("http", "https") or not host or self.FORBIDDEN.search(text):
            raise wrong
        if ":" not in host and not all(0 < len(part) <= 63 for part in host.removesuffix(".").split(".")):
            raise wrong
        return text

    def href(self, value: str | None) -> str:
        return value or ""

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.url(maxlength=TEXT_LENGTH, placeholder="https://")


class Email(Text):
    kind, name, label, icon = Kind.EMAIL, "email", gettext_lazy("Email"), "at-sign"
    unset = gettext_lazy("Set email")

    def from_text(self, field: "Field", text: str, stored: Any) -> str:
        try:
            return addresses.normalize(text)
        except addresses.InvalidAddress as error:
            raise InvalidValue("invalid_email", str(error)) from error

    def href(self, value: str | None) -> str:
        return f"mailto:{value}" if value else ""

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.email(maxlength=320)


class Number(FieldType):
    """Kept exactly as a decimal: at most 28 significant digits, below 10^101; neither NaN nor infinity."""

    kind, name, label, icon = Kind.NUMBER, "number", gettext_lazy("Number"), "hash"
    unset = gettext_lazy("Set number")
    column, key_column = "number_value", "number_key"
    sort_columns = ("number_key", "number_value")  # two close numbers can have one float key
    operators = {**EQUALITY, **ORDER}
    numeric = True

    def from_text(self, field: "Field", text: str, stored: Any) -> Decimal:
        return number_from_text(text)

    def parse_cell(self, field: "Field", text: str, style: Style, *, stored: Any = None) -> Decimal | None:
        return self.parse_text(field, plain_number(text.strip(), style.decimal))

    def guess_style(self, cells: Sequence[str], style: Style) -> Style:
        return replace(style, decimal=guess_decimal(cells, style.decimal))

    def parse_json(self, field: "Field", value: Any, *, stored: Any = None) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise InvalidValue("invalid_type", gettext("Give a number."))
        return exact(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))

    def to_text(self, value: Decimal | None) -> str:
        return "" if value is None else f"{value:f}"

    def display(self, value: Decimal | None) -> str:
        return "" if value is None else figures.figure(value)

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.text(inputmode="decimal")

    def equals(self, values: Sequence[Decimal]) -> Q:
        return Q(number_key__in=[float(value) for value in values], number_value__in=values)

    def compares(self, operator: str, value: Decimal) -> Q:
        # Two close numbers can have one float key, so what has the bound's own is compared exactly. Said so, the server
        # doesn't take it for two filters, each of them selective.
        key, beyond = float(value), f"number_value__{BEYOND[operator]}"
        return Q(**{f"number_key__{operator[:2]}e": key}) & ~Q(**{"number_key": key, beyond: value})


class Date(FieldType):
    kind, name, label, icon = Kind.DATE, "date", gettext_lazy("Date"), "calendar"
    unset = gettext_lazy("Set date")
    few_values = True
    column = key_column = "date_value"
    sort_columns = ("date_value",)
    operators = {**EQUALITY, **ORDER}
    words = DATE_WORDS
    numeric = True
    SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

    def from_text(self, field: "Field", text: str, stored: Any) -> date:
        try:
            if self.SHAPE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError as error:
            raise InvalidValue(
                "invalid_date", gettext("{text} isn't a day of the calendar.").format(text=text)
            ) from error
        raise InvalidValue("invalid_date", gettext("Give a date as year-month-day, such as 2027-03-01."))

    def parse_cell(self, field: "Field", text: str, style: Style, *, stored: Any = None) -> date | None:
        return self.parse_text(field, iso_day(text.strip(), style.date_order))

    def guess_style(self, cells: Sequence[str], style: Style) -> Style:
        return replace(style, date_order=guess_date_order(cells, style.date_order))

    def to_api(self, value: date | None) -> str | None:
        return value.isoformat() if value else None

    def display(self, value: date | None) -> str:
        return figures.day(value)

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.date()


class Boolean(FieldType):
    kind, name, label, icon = Kind.BOOLEAN, "boolean", gettext_lazy("Boolean"), "toggle-left"
    few_values = True
    column = key_column = "boolean_value"
    sort_columns = ("boolean_value",)
    toggles = True
    # What spreadsheets and browsers ("on") write.
    WORDS = {
        **dict.fromkeys(("true", "yes", "y", "t", "1", "on"), True),
        **dict.fromkeys(("false", "no", "n", "f", "0", "off"), False),
    }

    def from_text(self, field: "Field", text: str, stored: Any) -> bool:
        if text.lower() not in self.WORDS:
            raise InvalidValue("invalid_boolean", gettext("Give true or false."))
        return self.WORDS[text.lower()]

    def parse_json(self, field: "Field", value: Any, *, stored: Any = None) -> bool | None:
        if value is not None and not isinstance(value, bool):
            raise InvalidValue("invalid_type", gettext("Give true or false."))
        return value

    def to_text(self, value: bool | None) -> str:
        return {True: "true", False: "false"}.get(value, "")  # type: ignore[arg-type]

    def display(self, value: bool | None) -> str:
        return {True: gettext("Yes"), False: gettext("No")}.get(value, "")  # type: ignore[arg-type]

    def form_field(self, field: "Field", *, stored: Any = None, required: bool | None = None) -> inputs.ValueField:
        return inputs.SwitchField(field, stored=stored, required=field.required if required is None else required)

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.switch()


TYPES: Mapping[int, FieldType] = {
    kind.kind: kind
    for kind in (Text(), Number(), Date(), Select(), MultipleSelect(), Boolean(), Url(), Email())
}  # fmt: skip
NAMES: Sequence[str] = tuple(dict.fromkeys(kind.name for kind in TYPES.values()))


def named(name: Any, multiple: bool = False) -> FieldType:
    """The type that the API calls so. Raises InvalidValue."""
    found = [kind for kind in TYPES.values() if kind.name == name]
    if not found:
        raise InvalidValue("invalid_choice", gettext("Give one of {known} as the type.").format(known=", ".join(NAMES)))
    for kind in found:
        if kind.multiple == multiple:
            return kind
    raise InvalidValue("not_multiple", gettext("Only a select can have several values."))
