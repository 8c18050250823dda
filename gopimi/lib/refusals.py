"""What a model refuses: ValidationErrors by attribute, each with a code, the same for the browser and the API."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from gopimi.lib.text import InvalidText, one_line


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
        raise refuse(attribute, "invalid_type", gettext("Give a string."))
    try:
        cleaned = one_line(text)
    except InvalidText as error:
        raise refuse(attribute, "invalid_character", str(error)) from error
    if len(cleaned) > most:
        raise refuse(attribute, "too_long", gettext("At most {most} characters.").format(most=most))
    return cleaned


def name(attribute: str, text: Any, most: int) -> str:
    """What people call it: one line, not empty. Raises ValidationError."""
    cleaned = line(attribute, text, most)
    if not cleaned:
        raise refuse(attribute, "required", gettext("Give it a name."))
    return cleaned


def flag(attribute: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise refuse(attribute, "invalid_type", gettext("Give true or false."))
    return value
