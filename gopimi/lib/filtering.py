"""What filters read of a URL's query: one reading and one set of words for pages and API alike."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext

from gopimi.lib.folding import fold
from gopimi.lib.text import one_line

PAGING = frozenset({"limit", "cursor", "count"})  # not which rows, but how many of them at a time
ORDER = ("gte", "gt", "lte", "lt")
LAST_ID = 2**63 - 1
MOST_WORDS = 20  # of a search: each costs a look into the index

Params = QueryDict | Mapping[str, str | Sequence[str]]


class BadFilter(ValueError):
    """A parameter that isn't known, or a value that it can't have; `message` is for people."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter, self.message = parameter, message


def lists(params: Params) -> list[tuple[str, list[str]]]:
    """Each parameter with all its values."""
    if isinstance(params, QueryDict):
        return [(name, list(given)) for name, given in params.lists()]
    return [(name, [given] if isinstance(given, str) else list(given)) for name, given in params.items()]


def operator(parameter: str) -> tuple[str, str]:
    """`cf_plan__in` is the operator `in` of `cf_plan`; without one it is "". Raises BadFilter."""
    name, separator, operator = parameter.partition("__")
    if separator and not operator:
        raise BadFilter(parameter, gettext("There is no operator after “__”."))
    return name, operator


def one(parameter: str, given: Sequence[str]) -> str:
    """The only value, as one line. Raises BadFilter."""
    if len(given) != 1:
        raise BadFilter(parameter, gettext("Give “{parameter}” once.").format(parameter=parameter))
    try:
        return one_line(given[0])
    except ValueError as error:
        raise BadFilter(parameter, str(error)) from error


def words(parameter: str, given: Sequence[str]) -> list[str]:
    """What is searched for: the words, folded, each once. Raises BadFilter."""
    found = list(dict.fromkeys(fold(one(parameter, given)).split()))
    if len(found) > MOST_WORDS:
        raise BadFilter(parameter, gettext("Search for at most {most} words.").format(most=MOST_WORDS))
    return found


def choices(parameter: str, given: Sequence[str], known: Sequence[str]) -> list[str]:
    """Values out of a fixed set: repeated, or in one with commas. Raises BadFilter."""
    values = [value for text in given for value in text.split(",")]
    if not set(values) <= set(known):
        raise BadFilter(parameter, gettext("Give one of {known}.").format(known=", ".join(known)))
    return values


def row_ids(parameter: str, given: Sequence[str]) -> list[int]:
    """Ids of rows. Raises BadFilter."""
    if not all(text.isascii() and text.isdecimal() and int(text) <= LAST_ID for text in given):
        raise BadFilter(parameter, gettext("“{parameter}” takes an id, a number.").format(parameter=parameter))
    return [int(text) for text in given]


def moment(parameter: str, given: Sequence[str]) -> Q:
    """`created_at__lt=2027-03-01`: a time, or a date, which stands for its whole day in UTC. Raises BadFilter."""
    column, _, operator = parameter.partition("__")
    text = one(parameter, given)
    if operator not in ORDER:
        raise BadFilter(
            parameter,
            gettext("“{column}” has the operators {operators}.").format(
                column=column, operators=", ".join(f"__{name}" for name in ORDER)
            ),
        )
    try:
        lookup, bound = _bound(operator, text)
    except (ValueError, OverflowError) as error:
        message = gettext("Give a time such as 2027-03-01T09:30:00Z, or a date such as 2027-03-01.")
        raise BadFilter(parameter, message) from error
    return Q(**{f"{column}__{lookup}": bound})


def _bound(operator: str, text: str) -> tuple[str, datetime]:
    if len(text) == len("2027-03-01"):
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
        after = operator in ("gt", "lte")
        return {"gt": "gte", "lte": "lt"}.get(operator, operator), day + timedelta(days=after)
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a "+" that was left as it is
    # In UTC: PostgreSQL refuses offsets beyond 15:59, which Python takes.
    return operator, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
