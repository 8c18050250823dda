"""Text and numbers from outside, cleaned and judged, whatever type of field they are for."""

import re
from decimal import Decimal

from gopimi.lib.text import InvalidText, one_line

TEXT_LENGTH = 10_000
NUMBER_DIGITS = 28
NUMBER_EXPONENT = 100


class InvalidValue(ValueError):
    """A value that the field can't have. `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def clean(text: str) -> str:
    """One line without characters that can't be kept. Raises InvalidValue."""
    try:
        line = one_line(text)
    except InvalidText as error:
        raise InvalidValue("invalid_character", str(error)) from error
    if len(line) > TEXT_LENGTH:
        raise InvalidValue("too_long", f"This has {len(line):,} characters; at most {TEXT_LENGTH:,} fit.")
    return line


# As a program or an English reader writes it: 1234.5, 1,234.50, -3, .5, 2e6
NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d*)?(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)


def number_from_text(text: str) -> Decimal:
    """Raises InvalidValue."""
    if not NUMBER.fullmatch(text):
        raise InvalidValue("invalid_number", "Give a number, such as 1200 or 0.75.")
    return exact(Decimal(text.replace(",", "")))


def exact(number: Decimal) -> Decimal:
    """The number as the database gives it back: no exponent, no negative zero. Raises InvalidValue for NaN, infinity,
    an adjusted exponent beyond ±100, and more than 28 significant digits."""
    if not number.is_finite() or abs(number.adjusted()) > NUMBER_EXPONENT:
        raise InvalidValue("out_of_range", "This number is too large or too small to be kept.")
    plain = Decimal(f"{number if number else number.copy_abs():f}")
    digits = "".join(map(str, plain.as_tuple().digits))
    if plain == plain.to_integral_value():
        digits = digits[: plain.adjusted() + 1].rstrip("0")
    if len(digits) > NUMBER_DIGITS or -plain.as_tuple().exponent > NUMBER_DIGITS + NUMBER_EXPONENT:  # type: ignore[operator]
        raise InvalidValue("too_many_digits", f"At most {NUMBER_DIGITS} significant digits are kept exactly.")
    return plain
