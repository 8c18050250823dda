"""The one shape of every list of the API: `{"data": […], "page": {"next_cursor", "has_more"}}`, by keyset."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from pydantic import Field

from gopimi.lib import filtering
from gopimi.lib.exactjson import answer
from gopimi.lib.filtering import BadFilter
from gopimi.lib.keyset import Among, BadCursor, Key, paginate
from gopimi.lib.problems import FieldError, Problem
from gopimi.lib.reference import Output

LIMIT, MOST = 50, 200
PAGING = ("limit", "cursor", "count")
Item = TypeVar("Item")
Name = TypeVar("Name", bound=str)


class PageOut(Output):
    next_cursor: str | None = Field(description="Give it as `cursor` to get the next page")
    has_more: bool


class Listed(Output, Generic[Item]):
    data: list[Item]
    page: PageOut
    total: int = Field(default=0, description="How many there are in all; only with `?count=true`")


def bad_parameter(name: str, code: str, detail: str) -> Problem:
    """400: a parameter of the URL that can't be understood."""
    return Problem(400, "bad-parameter", f"{name}: {detail}", [FieldError(name, code, detail)])


@dataclass(frozen=True)
class Window:
    """Which part of a list is asked for."""

    limit: int
    cursor: str | None
    count: bool


def window(params: QueryDict) -> Window:
    """Read `limit`, `cursor` and `count`. Raises Problem 400."""
    for name in PAGING:
        if len(params.getlist(name)) > 1:
            raise bad_parameter(name, "repeated", "Give it once.")
    if params.get("cursor") == "":
        raise bad_parameter("cursor", "invalid", "Give `next_cursor` of the page before, or leave it out.")
    limit = params.get("limit", str(LIMIT))
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 3 and 1 <= int(limit) <= MOST):
        raise bad_parameter("limit", "out_of_range", f"Give a number from 1 to {MOST}.")
    return Window(int(limit), params.get("cursor"), flag(params, "count"))


def only(params: QueryDict, known: Iterable[str] = ()) -> None:
    """Refuse parameters that the operation doesn't have. Raises Problem 400."""
    for name in params:
        if name not in known:
            raise bad_parameter(name, "unknown", "There is no such parameter.")


def flag(params: QueryDict, name: str) -> bool:
    """Read a parameter that is true or false, which it is where it isn't given. Raises Problem 400."""
    given = params.getlist(name)
    if len(given) > 1 or (given and given[0] not in ("true", "false")):
        raise bad_parameter(name, "invalid", "Give true or false, once.")
    return given == ["true"]


def choice(params: QueryDict, name: str, known: Sequence[Name]) -> Name:
    """Read a parameter that is one of these; the first where it isn't given. Raises Problem 400."""
    given = params.getlist(name) or known[:1]
    found = [one for one in known if one == given[0]]
    if len(given) > 1 or not found:
        raise bad_parameter(name, "invalid", f"Give one of {', '.join(known)}, once.")
    return found[0]


def row_id(params: QueryDict, name: str) -> int | None:
    """Read a parameter that is an id. Raises Problem 400."""
    given = params.getlist(name)
    if len(given) > 1 or (given and not (given[0].isascii() and given[0].isdecimal() and len(given[0]) < 19)):
        raise bad_parameter(name, "invalid", "Give an id, once.")
    return int(given[0]) if given else None


def text(params: QueryDict, name: str) -> str:
    """Read a parameter that is one line of text; empty where it isn't given. Raises Problem 400."""
    if name not in params:
        return ""
    try:
        return filtering.one(name, params.getlist(name))
    except BadFilter as error:
        raise bad_filters([error]) from error


def words(params: QueryDict, name: str) -> list[str]:
    """Read what is searched for; empty where it isn't given. Raises Problem 400."""
    try:
        return filtering.words(name, params.getlist(name)) if name in params else []
    except BadFilter as error:
        raise bad_filters([error]) from error


def order(params: QueryDict, columns: Mapping[str, str], default: str) -> list[Key]:
    """Read `sort`: one of the names, with `-` in front descending; then the id. Raises Problem 400."""
    name = text(params, "sort") if "sort" in params else default
    descending = name.startswith("-")
    column = columns.get(name.removeprefix("-"))
    if column is None:
        raise bad_parameter("sort", "invalid", f"Sort by one of {', '.join(columns)}.")
    return [Key(column, descending), Key("id", descending)]


def bad_filters(problems: Sequence[Any]) -> Problem:
    """400 for what a filter object found wrong."""
    errors = [FieldError(problem.parameter, "invalid", problem.message) for problem in problems]
    return Problem(400, "bad-parameter", "; ".join(f"{error.pointer}: {error.detail}" for error in errors), errors)


def respond(
    params: QueryDict,
    rows: QuerySet,
    keys: Sequence[Key],
    show: Callable[[list[Any]], list[Any]],
    among: Among | None = None,
) -> HttpResponse:
    """One page of `rows` (a queryset of `.values(…)` with the keys among them), each as `show` makes it. `among`:
    `keyset.paginate`."""
    asked = window(params)
    try:
        page = paginate(rows, keys, asked.limit, asked.cursor, among)
    except BadCursor as error:
        raise bad_parameter("cursor", "invalid", str(error)) from error
    document: dict[str, Any] = {
        "data": show(page.rows),
        "page": {"next_cursor": page.next, "has_more": page.next is not None},
    }
    if asked.count:
        document["total"] = (rows if among is None else rows.filter(among.condition)).order_by().count()
    return answer(document)


# For the schema
def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """A parameter of the URL as OpenAPI describes it."""
    return {"in": "query", "name": name, "required": False, "description": description, "schema": schema}


def choices_parameter(name: str, description: str, known: Iterable[str]) -> dict[str, Any]:
    """One of these, or several with commas."""
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(known)}}
    return {**parameter(name, description, **schema), "style": "form", "explode": False}


def sort_parameter(names: Iterable[str], default: str) -> dict[str, Any]:
    known = [sign + name for name in names for sign in ("", "-")]
    return parameter("sort", "With `-` in front descending", type="string", enum=known, default=default)


PARAMETERS = [
    parameter("limit", "How many at most", type="integer", minimum=1, maximum=MOST, default=LIMIT),
    parameter("cursor", "`next_cursor` of the page before", type="string"),
    parameter("count", "Add `total`, the exact number of all", type="boolean", default=False),
]
