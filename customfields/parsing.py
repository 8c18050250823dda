"""Text and numbers from outside, cleaned and judged, whatever type of field they are for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from gopimi.lib.figures import figure
from gopimi.lib.text import InvalidText, one_line

TEXT_LENGTH = 10_000
NUMBER_DIGITS = 28
NUMBER_EXPONENT = 100


CHOICES = ("invalid_choice", "archived_choice")  # codes: there is no such option, or it can't be chosen any more


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
        raise InvalidValue(
            "too_long",
            gettext("This has {number} characters; at most {most} fit.").format(
                number=figure(len(line)), most=figure(TEXT_LENGTH)
            ),
        )
    return line


# As a program or an English reader writes it: 1234.5, 1,234.50, -3, .5, 2e6
NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d*)?(e[+-]?\d{1,4})?", re.ASCII | re.IGNORECASE)

# What most numbers are: `exact` changes nothing about them.
SIMPLE_NUMBER = re.compile(r"-?[1-9]\d{0,12}(\.\d{1,12})?|0(\.\d{1,12})?", re.ASCII)


def number_from_text(text: str) -> Decimal:
    """Raises InvalidValue."""
    if SIMPLE_NUMBER.fullmatch(text):
        return Decimal(text)
    if not NUMBER.fullmatch(text):
        raise InvalidValue("invalid_number", gettext("Give a number, such as 1200 or 0.75."))
    return exact(Decimal(text.replace(",", "")))


def exact(number: Decimal) -> Decimal:
    """The number as the database gives it back: no exponent, no negative zero. Raises InvalidValue for NaN, infinity,
    an adjusted exponent beyond ±100, and more than 28 significant digits."""
    if not number.is_finite() or abs(number.adjusted()) > NUMBER_EXPONENT:
        raise InvalidValue("out_of_range", gettext("This number is too large or too small to be kept."))
    plain = Decimal(f"{number if number else number.copy_abs():f}")
    digits = "".join(map(str, plain.as_tuple().digits))
    if plain == plain.to_integral_value():
        digits = digits[: plain.adjusted() + 1].rstrip("0")
    if len(digits) > NUMBER_DIGITS or -plain.as_tuple().exponent > NUMBER_DIGITS + NUMBER_EXPONENT:  # type: ignore[operator]
        raise InvalidValue(
            "too_many_digits",
            gettext("At most {most} significant digits are kept exactly.").format(most=NUMBER_DIGITS),
        )
    return plain


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes dates and numbers. `date_order` is "dmy", "mdy" or "ymd", `decimal` is "." or ","."""

    date_order: str = "dmy"
    decimal: str = "."


PLAIN = Style()
ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?)?", re.ASCII)
NUMERIC_DAY = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?: 0?0:00(?::00)?)?", re.ASCII)
SPACES = "\u0020\u00a0\u2009\u202f"
GROUPED = {
    ".": re.compile(rf"([+-]?\d{{1,3}})((?:[,'’{SPACES}]\d{{3}})+)((?:\.\d*)?)", re.ASCII),
    ",": re.compile(rf"([+-]?\d{{1,3}})((?:[.'’{SPACES}]\d{{3}})+)((?:,\d*)?)", re.ASCII),
}
COMMA_NUMBER = re.compile(r"([+-]?\d*),(\d+|(?<=\d,))", re.ASCII)


def iso_day(text: str, order: str) -> str:
    """A day as a file writes it, such as 1.3.2027, as year-month-day; what isn't written so comes back as it is.

    Year-month-day is read whatever the order is, also where a midnight follows.
    """
    if iso := ISO_DAY.fullmatch(text):
        return iso[1]
    if not (day := NUMERIC_DAY.fullmatch(text)):
        return text
    parts = dict(zip("ymd" if len(day[1]) == 4 else order, (day[1], day[3], day[4]), strict=True))
    if len(parts["y"]) != 4:  # of two digits, nobody knows the century
        return text
    return f"{parts['y']}-{parts['m']:0>2}-{parts['d']:0>2}"


def plain_number(text: str, decimal: str) -> str:
    """A number as a file writes it, such as 1.234,5 or 1 234.5, without groups and with a point.

    What isn't written so comes back as it is, for the parser to refuse. Raises InvalidValue for a point where the file
    has decimal commas, which could be meant both ways.
    """
    if grouped := GROUPED[decimal].fullmatch(text):
        groups = "".join(filter(str.isdigit, grouped[2]))
        return grouped[1] + groups + grouped[3].replace(",", ".")
    if decimal == ".":
        return text
    if number := COMMA_NUMBER.fullmatch(text):
        return f"{number[1]}.{number[2]}"
    if "." in text or "," in text:
        raise InvalidValue("invalid_number", gettext("Give a number with a decimal comma, such as 1200 or 0,75."))
    return text


def guess_date_order(cells: Iterable[str], default: str) -> str:
    """In which order these cells write a day, as days beyond the 12th tell; else `default`, else as those who use the
    separator do."""
    fitting = dict.fromkeys(("dmy", "mdy", "ymd"), 0)
    days = [day for cell in cells if (day := NUMERIC_DAY.fullmatch(cell.strip()))]
    for day in days:
        year_last = len(day[4]) == 4
        fitting["ymd"] += len(day[1]) == 4
        fitting["dmy"] += year_last and int(day[3]) <= 12
        fitting["mdy"] += year_last and int(day[1]) <= 12
    best = [order for order, count in fitting.items() if count == max(fitting.values())]
    if not days or default in best:
        return default
    if "mdy" in best and sum(day[2] == "/" for day in days) > len(days) / 2:
        return "mdy"
    return best[0]


def guess_decimal(cells: Iterable[str], default: str) -> str:
    """Whether these cells write a point or a comma before decimals; `default` where they could mean either."""
    comma = point = 0
    for text in (cell.strip() for cell in cells if "," in cell or "." in cell):
        as_comma = bool(COMMA_NUMBER.fullmatch(text) or GROUPED[","].fullmatch(text))
        as_point = bool(NUMBER.fullmatch(text) or GROUPED["."].fullmatch(text))
        comma += as_comma and not as_point
        point += as_point and not as_comma
    return default if comma == point else "," if comma > point else "."
