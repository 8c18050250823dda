"""Numbers and days as the reader's language writes them: "12,431" and "4 Mar 2025", "12.431" and "4. März 2025"."""

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import pgettext


def figure(number: int | Decimal) -> str:
    """A number with all of its digits, in groups of three."""
    text = f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"
    signs = {",": get_format("THOUSAND_SEPARATOR"), ".": get_format("DECIMAL_SEPARATOR")}
    return text.translate(str.maketrans(signs))


def day(when: date | None) -> str:
    """A day; of a moment the one that it is where the reader is."""
    return date_format(_local(when), pgettext("date format", "j M Y")) if when else ""


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


def _local(when: date) -> date:
    return timezone.localtime(when) if isinstance(when, datetime) else when
