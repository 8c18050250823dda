"""Numbers and days as the reader's language writes them: "12,431" and "4 Mar 2025", "12.431" and "4. März 2025"."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language, pgettext


def figure(number: int | Decimal) -> str:
    """A number with all of its digits, in groups of three."""
    text = f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"
    return text.translate(_signs(get_language()))


def day(when: date | None) -> str:
    """A day; of a moment the one that it is where the reader is."""
    return _day(_date(when), get_language()) if when else ""


def month_day(when: date) -> str:
    """A day of the present year."""
    return date_format(_local(when), pgettext("date format", "j M"))


def minute(when: datetime) -> str:
    """A time of the present day."""
    return date_format(_local(when), "H:i")


def day_and_minute(when: datetime) -> str:
    return date_format(_local(when), pgettext("date format", "j M Y H:i"))


def month_day_and_minute(when: datetime) -> str:
    return date_format(_local(when), pgettext("date format", "j M H:i"))


@cache
def _signs(language: str | None) -> dict[int, str]:
    return str.maketrans({",": get_format("THOUSAND_SEPARATOR"), ".": get_format("DECIMAL_SEPARATOR")})


@lru_cache(maxsize=10_000)  # of the days of a table many are the same, and one takes as long to write as a row
def _day(when: date, language: str | None) -> str:
    return date_format(when, pgettext("date format", "j M Y"))


def _date(when: date) -> date:
    return timezone.localdate(when) if isinstance(when, datetime) else when


def _local(when: date) -> date:
    return timezone.localtime(when) if isinstance(when, datetime) else when
