"""The two types whose values are made of a field's options: one of them, or several."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from customfields import inputs
from customfields.kinds import FieldType, Kind
from customfields.operators import EQUALITY, SEVERAL_WORDS, all_of, any_of
from customfields.parsing import InvalidValue, clean
from gopimi.lib.text import InvalidText, join, split

if TYPE_CHECKING:
    from customfields.models import Field, Option


class Select(FieldType):
    """One of the field's options, in Python an Option of `field.choices`."""

    kind, name, label, icon = Kind.SELECT, "select", gettext_lazy("Select"), "list"
    unset = gettext_lazy("Choose")
    has_options = True
    few_values = True
    column = key_column = "option_id"
    sort_columns: Sequence[str] = ("option_id",)

    def sort_values(self, field: "Field") -> tuple[list[int], list[int]]:
        gone = field.own_options.filter(deleted_at__isnull=False).values_list("pk", flat=True)
        return [option.pk for option in field.choices], list(gone)

    def from_text(self, field: "Field", text: str, stored: Any) -> Any:
        return self.choose(field, text, stored)

    def parse_kept(self, field: "Field", text: str) -> Any:
        return self._kept(field, text)

    def _kept(self, field: "Field", label: str) -> "Option":
        return field.option(label) or field.formerly(label) or self.find(field, label)

    def present_label(self, field: "Field", label: str) -> str:
        option = None if field.option(clean(label)) else field.formerly(clean(label))
        return option.label if option else label

    def unknown_labels(self, field: "Field", text: str) -> list[str]:
        label = clean(text)
        return [label] if label and field.option(label) is None else []

    def parse_json(self, field: "Field", value: Any, *, stored: Any = None) -> Any:
        return self.choose(field, value, stored) if value not in (None, "") else None

    def choose(self, field: "Field", given: Any, stored: Any) -> "Option":
        """The option that is meant. An archived one can't be chosen anew."""
        option = self.find(field, given)
        if option.archived_at and option not in self.chosen(stored):
            raise InvalidValue(
                "archived_choice",
                gettext("“{label}” is archived and can't be chosen any more.").format(label=option.label),
            )
        return option

    def find(self, field: "Field", given: Any) -> "Option":
        """The option with this label (a string, without regard to case) or id (a number), archived or not."""
        if isinstance(given, bool) or not isinstance(given, str | int):
            raise InvalidValue("invalid_type", gettext("Give an option's label (a string) or its id (a number)."))
        option = field.option(clean(given) if isinstance(given, str) else given)
        if option is None:
            now = field.formerly(given) if isinstance(given, str) else None
            said = (
                gettext("“{given}” isn't an option of {field} any more. It is “{now}” now.")
                if now
                else gettext("“{given}” isn't an option of {field}.")
            )
            raise InvalidValue(
                "invalid_choice", said.format(given=given, field=field.label, now=now.label if now else "")
            )
        return option

    def chosen(self, value: Any) -> Sequence["Option"]:
        return () if value is None else (value,)

    def without(self, value: Any, option: "Option", other: "Option | None") -> Any:
        return other if value == option else value

    def operand(self, field: "Field", text: str) -> Any:
        return self.find(field, text)  # who still has an archived one is found by it

    def to_api(self, value: Any) -> Any:
        return value.label if value else None

    def json(self, field: "Field", cell: Any) -> str:
        option = field.option(cell[0])
        return option.label_json if option else "null"

    def to_text(self, value: Any) -> str:
        return value.label if value else ""

    def mark(self, value: Any) -> str:
        return ",".join(str(option.pk) for option in sorted(self.chosen(value), key=lambda option: option.pk))

    def shown(self, field: "Field", text: str) -> str:
        return text  # the label of then: the option may be gone or renamed

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.select(self._labels(field, stored))

    def typed(self, field: "Field", given: str | list[str], stored: Any) -> str | list[str]:
        return given if given in ("", *self._labels(field, stored)) else self.to_input(stored)

    def _labels(self, field: "Field", stored: Any) -> list[str]:
        chosen = self.chosen(stored)
        return [option.label for option in field.choices if not option.archived_at or option in chosen]

    def rows(self, field: "Field", value: Any) -> list[tuple[int, Any]]:
        return [] if value is None else [(0, value.pk)]

    def from_rows(self, field: "Field", rows: Iterable[Mapping[str, Any]]) -> Any:
        return next((option for row in rows if (option := field.option(row["option_id"]))), None)

    def equals(self, values: Sequence["Option"]) -> Q:
        return Q(option_id__in=[option.pk for option in values])


class MultipleSelect(Select):
    """Several of the field's options: a tuple in the options' order, never empty. A row for each."""

    kind, icon = Kind.MULTIPLE_SELECT, "list-checks"
    multiple = True
    sort_columns = ()
    operators = {**EQUALITY, "any": any_of, "all": all_of}
    words = SEVERAL_WORDS

    def parse_text(self, field: "Field", raw: str | Sequence[str], *, stored: Any = None) -> Any:
        """Several strings are a label each; one is split at semicolons, else at commas."""
        return self._choose_all(field, self._split(field, raw) if isinstance(raw, str) else raw, stored)

    def _split(self, field: "Field", raw: str) -> list[str]:
        """What `to_text` wrote comes first; then one label with a separator in it, as people write it."""
        try:
            labels = [label for part in split(raw) if (label := part.strip())]
        except InvalidText as error:
            raise InvalidValue("invalid_choice", str(error)) from error
        return labels if all(map(field.option, labels)) or not field.option(raw.strip()) else [raw]

    def parse_kept(self, field: "Field", text: str) -> Any:
        return self._ordered({self._kept(field, label) for label in self._split(field, text)})

    def unknown_labels(self, field: "Field", text: str) -> list[str]:
        labels = (clean(label) for label in self._split(field, text))
        return [label for label in dict.fromkeys(labels) if label and field.option(label) is None]

    def parse_json(self, field: "Field", value: Any, *, stored: Any = None) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise InvalidValue("invalid_type", gettext("Give an array of options."))
        return self._choose_all(field, value, stored)

    def _choose_all(self, field: "Field", given: Iterable[Any], stored: Any) -> Any:
        wanted = [one.strip() if isinstance(one, str) else one for one in given]
        return self._ordered({self.choose(field, one, stored) for one in wanted if one != ""})

    def _ordered(self, options: Iterable["Option"]) -> Any:
        return tuple(sorted(options, key=lambda option: (option.position, option.pk))) or None

    def chosen(self, value: Any) -> Sequence["Option"]:
        return value or ()

    def without(self, value: Any, option: "Option", other: "Option | None") -> Any:
        left = {one for one in self.chosen(value) if one != option}
        return self._ordered(left | ({other} if other else set()))

    def json(self, field: "Field", cell: Iterable[int]) -> str:
        chosen = self._ordered(option for pk in cell if (option := field.option(pk)))
        return f"[{','.join(option.label_json for option in chosen)}]" if chosen else "null"

    def to_api(self, value: Any) -> list[str] | None:
        return [option.label for option in value] if value else None

    def to_text(self, value: Any) -> str:
        return join(self.to_input(value))

    def shown(self, field: "Field", text: str) -> str:
        return ", ".join(split(text))

    def to_input(self, value: Any) -> list[str]:
        return [option.label for option in value or ()]

    def display(self, value: Any) -> str:
        return ", ".join(option.label for option in value or ())

    def widget(self, field: "Field", stored: Any) -> Any:
        return inputs.select_multiple(self._labels(field, stored))

    def typed(self, field: "Field", given: str | list[str], stored: Any) -> str | list[str]:
        offered = self._labels(field, stored)
        return [label for label in given if label in offered]

    def rows(self, field: "Field", value: Any) -> list[tuple[int, Any]]:
        return [(option.pk, option.pk) for option in value or ()]

    def from_rows(self, field: "Field", rows: Iterable[Mapping[str, Any]]) -> Any:
        return self._ordered(option for row in rows if (option := field.option(row["option_id"])))
