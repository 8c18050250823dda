"""What the API's request bodies are made of. Types are strict, unknown keys are refused, all errors come at once.

Whatever depends on what is stored asks the request: `info.context["request"]` in a validator.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from annotated_types import GroupedMetadata, MaxLen, MinLen
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as Refusal
from django.http import HttpRequest
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from gopimi.lib import exactjson
from gopimi.lib.problems import FieldError, Problem
from gopimi.lib.text import InvalidText, one_line

LARGEST_ID = 2**63 - 1
ABSENT: Any = None  # the default of what needn't be given; `Input.given` tells it from null


class Input(BaseModel):
    """The body of a request, or a part of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self, *names: str) -> dict[str, Any]:
        """The values that were really sent, of these names or of all."""
        return {name: getattr(self, name) for name in names or self.model_fields_set if name in self.model_fields_set}


def wrong(code: str, message: str) -> PydanticCustomError:
    """The error for a validator to raise."""
    return PydanticCustomError(code, "{message}", {"message": message})  # type: ignore[arg-type]


def all_wrong(errors: Mapping[Any, tuple[str, str]]) -> ValidationError:
    """Several errors for a validator to raise at once: (code, message) by the key or index inside of the value."""
    details = [InitErrorDetails(type=wrong(*error), loc=(place,), input=None) for place, error in errors.items()]
    return ValidationError.from_exception_data("Input", details)


def _integral(value: Any) -> Any:
    """1.0 is an integer for JSON Schema."""
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value.adjusted() < 20
        and value == value.to_integral_value()
    ):
        return int(value)
    return value


# The bounds stand next to the type, so that the schema shows them.
RowId = Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_integral)]


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """Annotates a text of any number of lines: `Annotated[str, Text(1000)]` has at most 1,000 characters."""

    most: int
    required: bool = False

    def __iter__(self) -> Iterator[Any]:
        yield MinLen(int(self.required))
        yield MaxLen(self.most)
        yield AfterValidator(self.checked)

    def checked(self, text: str) -> str:
        try:
            cleaned = self.clean(text)
        except InvalidText as error:
            raise wrong("invalid_character", str(error)) from error
        if self.required and not cleaned:
            raise wrong("required", "This can't be empty.")
        return cleaned

    def clean(self, text: str) -> str:
        if "\x00" in text:
            raise InvalidText("The character U+0000 can't be kept. Remove it.")
        return text


class Line(Text):
    """Annotates a text of one line: `Annotated[str, Line(200)]` has at most 200 characters."""

    def clean(self, text: str) -> str:
        return one_line(text)


class StrictParser(Parser):
    """Reads request bodies. Raises Problem: 415 for what isn't JSON by its name, 400 for what isn't by its look."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise Problem(415, detail="Send JSON, and say so: Content-Type: application/json.")
        try:
            return exactjson.loads(request.body)
        except ValueError as error:
            raise Problem(400, "malformed-json", f"The body isn't JSON: {_printable(str(error))}") from error


# Codes of pydantic that say the same by another name.
CODES = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "required",
    "string_unicode": "invalid_character",
    "literal_error": "invalid_choice",
    "enum": "invalid_choice",
    "string_pattern_mismatch": "invalid",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}
DETAILS = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such property.",
    "string_too_short": "This can't be empty.",
    "string_type": "Give a string.",
    "int_type": "Give a whole number.",
    "int_from_float": "Give a whole number.",
    "bool_type": "Give true or false.",
    "list_type": "Give an array.",
    "model_type": "Give an object.",
    "dict_type": "Give an object.",
    "string_unicode": "A lone surrogate can't be kept. Remove it.",
}


def field_errors(error: ValidationError, depth: int = 0, at: Sequence[Any] = ()) -> list[FieldError]:
    """The errors with their places. `depth` leading parts of pydantic's places are left out, `at` goes in front."""
    return [
        FieldError(
            pointer(*at, *detail["loc"][depth:]),
            _code(detail["type"]),
            DETAILS.get(detail["type"]) or _printable(detail["msg"]),
        )
        for detail in error.errors(include_url=False, include_input=False)
    ]


def _code(kind: str) -> str:
    return CODES.get(kind) or ("invalid_type" if kind.endswith(("_type", "_parsing")) else kind)


def pointer(*parts: Any) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + _printable(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()


def invalid(errors: Iterable[FieldError]) -> Problem:
    """422 with these errors."""
    return Problem(422, "invalid", "Some of what was sent can't be accepted; nothing was changed.", list(errors))


def refused(refusal: Refusal, place: Callable[[str], str] = pointer) -> Problem:
    """A rule's refusal (Django's ValidationError) as 422; `place` makes a pointer of an attribute's name."""
    errors = refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    return invalid(
        FieldError(
            "" if attribute == NON_FIELD_ERRORS else place(attribute),
            error.code or "invalid",
            _printable(" ".join(error.messages)),
        )
        for attribute, found in errors.items()
        for error in found
    )
