"""What a definition may be, judged alike for the browser and the API.

A refusal is a ValidationError by attribute, each with a code: {"label": "taken"}.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from customfields import types
from customfields.parsing import InvalidValue, clean
from gopimi.lib.folding import lower

LABEL_LENGTH = 100
HELP_LENGTH = 300


def refuse(attribute: str, code: str, message: str) -> ValidationError:
    return ValidationError({attribute: ValidationError(message, code=code)})


class Refusals:
    """Collects what several checks refuse, to raise it at once."""

    def __init__(self) -> None:
        self.errors: dict[str, Any] = {}

    def attempt(self, check: Callable[..., Any], *arguments: Any) -> Any:
        """What the check returns, or None when it refuses."""
        try:
            return check(*arguments)
        except ValidationError as error:
            for attribute, errors in error.error_dict.items():
                self.errors.setdefault(attribute, []).extend(errors)
            return None

    def check(self) -> None:
        if self.errors:
            raise ValidationError(self.errors)


def line(attribute: str, text: Any, most: int) -> str:
    """One line of at most `most` characters. Raises ValidationError."""
    if not isinstance(text, str):
        raise refuse(attribute, "invalid_type", "Give a string.")
    try:
        cleaned = clean(text)
    except InvalidValue as error:
        raise refuse(attribute, error.code, error.message) from error
    if len(cleaned) > most:
        raise refuse(attribute, "too_long", f"At most {most} characters.")
    return cleaned


def label(attribute: str, text: Any) -> str:
    """A name that people read: one line, not empty. Raises ValidationError."""
    cleaned = line(attribute, text, LABEL_LENGTH)
    if not cleaned:
        raise refuse(attribute, "required", "Give it a name.")
    return cleaned


def help_text(text: Any) -> str:
    return line("help_text", text, HELP_LENGTH)


def flag(attribute: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise refuse(attribute, "invalid_type", "Give true or false.")
    return value


def type_of(name: Any, multiple: bool) -> types.FieldType:
    try:
        return types.named(name, multiple)
    except InvalidValue as error:
        attribute = "multiple" if error.code == "not_multiple" else "type"
        raise refuse(attribute, error.code, error.message) from error


def option_labels(texts: Iterable[Any], kind: types.FieldType | None) -> list[str]:
    """The labels of a new field's options, each there once. Raises ValidationError."""
    labels = [label("options", text) for text in texts]
    if labels and kind and not kind.has_options:
        raise refuse("options", "not_select", "Only a select has options.")
    lowered = [lower(one) for one in labels]
    for position, one in enumerate(lowered):
        if one in lowered[:position]:
            raise refuse("options", "taken", f"“{labels[position]}” is there twice.")
    return labels


def ordered(rows: Sequence[Any], ids: Sequence[Any]) -> list[Any]:
    """The rows with these ids first, in that order; those left out follow as they stood. Raises ValidationError.

    So a list to which somebody has added in the meantime can still be put in order.
    """
    by_id = {row.pk: row for row in rows}
    for one in ids:
        if isinstance(one, bool) or not isinstance(one, int) or one not in by_id:
            raise refuse("ids", "unknown", "The list has changed in the meantime. Load it again.")
    if len(set(ids)) != len(ids):
        raise refuse("ids", "repeated", "An id is given twice.")
    return [by_id[one] for one in ids] + [row for row in rows if row.pk not in set(ids)]
