"""JSON of the API, in and out: numbers stay the decimals that they are, digit by digit."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.http import HttpResponse

INTEGER_DIGITS = 200  # a longer one fits no field, and Python takes its time to read it
INFINITY = Decimal("Infinity")


def loads(data: bytes) -> Any:
    """Read a document. Fractions are Decimals; a number beyond all bounds is Decimal("Infinity").

    Raises ValueError for bad UTF-8, NaN, a key that is given twice, and nesting that never ends.
    """
    try:
        return json.loads(
            data.decode(),
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
    except RecursionError as error:
        raise ValueError("The document is nested too deeply.") from error


def _number(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return INFINITY


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= INTEGER_DIGITS else INFINITY


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} isn't JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"The key {twice!r} is given twice.")
    return document


def dumps(document: Any) -> bytes:
    """Write a document. Decimals are written as numbers, times in UTC with `Z`."""
    return orjson.dumps(document, default=_exactly, option=orjson.OPT_UTC_Z)


def _exactly(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"{type(value).__name__} isn't for JSON")


def answer(document: Any, status: int = 200, **headers: str) -> HttpResponse:
    """The document as an answer. Underscores in the names of headers become dashes."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(dumps(document), status=status, content_type="application/json", headers=names)
