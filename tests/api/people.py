"""Made-up contacts, and a slow, obvious reference of what filters and sorts mean: nothing of it is the product's."""

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import strategies as st

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program


@dataclass
class Person:
    """A contact as Python knows it. `values` are by the key of the field; what is empty is absent."""

    email: str
    name: str
    organization: str | None
    tags: list[str]
    source: str
    created_at: datetime
    updated_at: datetime
    deleted: bool
    values: dict[str, Any]
    id: int = 0
    organization_id: int | None = None


def plain(text: str) -> str:
    """Without case and accents."""
    decomposed = unicodedata.normalize("NFKD", "".join(letter.lower() for letter in text))
    return "".join(letter for letter in decomposed if not 0x300 <= ord(letter) <= 0x36F)


def lower(text: str) -> str:
    return "".join(letter.lower() for letter in text)


# Values of each type. Few letters, so that they meet often; each of them is there for a reason.
LETTERS = "aAáÁåÅeéÉnñ" + "0.,%_\\'\";:#&+ -" + "ßøłİıΣσςÆﬁ日e\u0301" + "😀"
anything = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp"), max_codepoint=0x2FFFF)
letters = st.text(st.sampled_from(LETTERS), min_size=1, max_size=4) | st.text(anything, min_size=1, max_size=6)
# Around the 200 letters that an index has of a text.
long_letters = st.builds(
    lambda letter, length, end: letter * length + end,
    st.sampled_from("aÁ日"),
    st.integers(197, 201),
    st.text(st.sampled_from("aÁb"), max_size=3),
)
texts = (letters | long_letters).map(str.strip).filter(plain)
# 28 digits, also such as are one number for a float.
numbers = st.builds(
    lambda digits, exponent, step: Decimal(digits + step).scaleb(exponent),
    st.sampled_from([0, 1, -1, 9, 15, 10**27, -(10**27), 1234567890123456789012345678, 10**28 - 3]),
    st.sampled_from([0, 0, 0, -1, -2, -14, -28, 30, -60]),
    st.integers(-2, 2),
).filter(lambda number: len(number.normalize().as_tuple().digits) <= 28)
# Some that are close to each other, and some that aren't.
close = st.builds(
    lambda digits, exponent, steps: [Decimal(digits + step).scaleb(exponent) for step in steps],
    st.sampled_from([10**27, -(10**27) - 5, 1234567890123456789012345678]),
    st.sampled_from([0, -14, -28]),
    st.lists(st.integers(-3, 3), min_size=2, max_size=4, unique=True),
)
dates = st.sampled_from([date.min, date(1969, 12, 31), date(2024, 2, 29), date(2024, 3, 1), date.max]) | st.dates()
paths = st.text(st.sampled_from("aAáÁ,%_?&#"), max_size=4) | st.builds(lambda n: "a" * n, st.integers(180, 190))
urls = st.builds("{}://{}/{}".format, st.sampled_from(["http", "https"]), st.sampled_from(["a", "B.example"]), paths)
emails = st.builds("{}@{}".format, st.sampled_from(["a", "A", "á", "b.c"]), st.sampled_from(["x.test", "X.example"]))
LABELS = ["Free", "pro", "Enterprise, yearly", "Ünïque", "Á la carte", "100%"]
USES = ["API", "SSO", "a,b", "a", "b"]
PLAIN_SORTS = ("name", "email", "organization", "created_at", "updated_at")


@dataclass(frozen=True)
class Kind:
    """One type of field: its values, and what each operator means. `shown` writes a value into a URL."""

    type: str
    values: st.SearchStrategy[Any]
    operators: dict[str, Callable[[Any, Any], bool]]
    shown: Callable[[Any], str] = str
    order: Callable[[Any], Any] | None = None
    options: list[str] = field(default_factory=list)
    multiple: bool = False
    pools: st.SearchStrategy[list[Any]] | None = None

    @property
    def some(self) -> st.SearchStrategy[list[Any]]:
        """What the contacts of one example have."""
        few = st.lists(self.values, min_size=1, max_size=4)
        return few if self.pools is None else few | self.pools


def alike(one: str | None, other: str) -> bool:
    return one is not None and plain(one) == plain(other)


def compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, operand: value is not None and test(value, operand)


TEXT = {
    "": alike,
    "not": lambda value, operand: not alike(value, operand),
    "in": lambda value, operands: any(alike(value, operand) for operand in operands),
    "contains": compared(lambda value, operand: plain(operand) in plain(value)),
}
EQUAL = {
    "": lambda value, operand: value == operand,
    "not": lambda value, operand: value != operand,
    "in": lambda value, operands: value in operands,
}
ORDER = {
    "gt": compared(lambda value, operand: value > operand),
    "gte": compared(lambda value, operand: value >= operand),
    "lt": compared(lambda value, operand: value < operand),
    "lte": compared(lambda value, operand: value <= operand),
}
SEVERAL = {
    "": lambda value, operand: operand in (value or []),
    "not": lambda value, operand: operand not in (value or []),
    "in": lambda value, operands: any(operand in (value or []) for operand in operands),
    "any": lambda value, operands: any(operand in (value or []) for operand in operands),
    "all": lambda value, operands: all(operand in (value or []) for operand in operands),
}
LISTS = ("in", "any", "all")
KINDS = {
    # The order of texts looks at their first 200 letters.
    "text": Kind("text", texts, TEXT, order=lambda value: plain(value)[:200]),
    "url": Kind("url", urls, TEXT, order=lambda value: plain(value)[:200]),
    "email": Kind("email", emails, TEXT, order=lambda value: plain(value)[:200]),
    "number": Kind("number", numbers, EQUAL | ORDER, order=lambda value: value, pools=close),
    "date": Kind("date", dates, EQUAL | ORDER, order=lambda value: value),
    "boolean": Kind("boolean", st.booleans(), EQUAL, lambda value: str(value).lower(), lambda value: value),
    "select": Kind("select", st.sampled_from(LABELS), EQUAL, order=LABELS.index, options=LABELS),
    "several": Kind("select", st.sets(st.sampled_from(USES), min_size=1), SEVERAL, options=USES, multiple=True),
}


# People

TAGS = ["vip", "VIP", "Beta", "ärger"]
ORGANIZATIONS = ["Acme", "Häfen, Söhne", "acmé", "日本"]
NAMES = ["Ada", "ada", "Åda Acme", "Ben 100%", "b_n", "José", "JOSE\u0301 ß", "日本 太郎", "Zoë"]
LOCALS = ["ada", "ben_1", "josé", "Zo%", "acme"]
SOURCES = ["manual", "email", "import", "api"]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
moments = st.sampled_from(
    [NOON, NOON + timedelta(microseconds=1), NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1)]
) | st.datetimes(datetime(2025, 12, 30), datetime(2026, 1, 3), timezones=st.just(UTC))


@st.composite
def people(draw: Any, keys: Sequence[str] = tuple(KINDS), most: int = 10) -> list[Person]:
    """Some contacts with values of these fields, taken from a few, so that several have the same."""
    pools = {key: draw(KINDS[key].some) for key in keys}
    found = []
    for number in range(draw(st.integers(1, most))):
        drawn = {key: draw(st.none() | st.sampled_from(pool)) for key, pool in pools.items()}
        found.append(
            Person(
                email=f"{draw(st.sampled_from(LOCALS))}{number}@{draw(st.sampled_from(['x.test', 'münchen.example']))}",
                name=draw(st.sampled_from(["", *NAMES])),
                organization=draw(st.none() | st.sampled_from(ORGANIZATIONS)),
                tags=draw(st.lists(st.sampled_from(TAGS), max_size=2, unique_by=lower)),
                source=draw(st.sampled_from(SOURCES)),
                created_at=draw(moments),
                updated_at=draw(moments),
                deleted=draw(st.integers(0, 7)) == 0,
                values={key: value for key, value in drawn.items() if value is not None},
            )
        )
    return found


def define(api: Program, keys: Sequence[str] = tuple(KINDS)) -> dict[str, dict[str, Any]]:
    """Make the fields; answers with them by key."""
    return {
        key: api.post(
            "/custom-fields",
            {
                "key": key,
                "label": key,
                "type": KINDS[key].type,
                "multiple": KINDS[key].multiple,
                "options": KINDS[key].options,
            },
        ).json()
        for key in keys
    }


def as_json(value: Any) -> Any:
    """What stands for a value in a body."""
    if isinstance(value, set):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


@contextmanager
def stored(api: Program, target: Workspace, persons: Sequence[Person]) -> Iterator[None]:
    """These contacts are there, made by the API, and gone afterwards."""
    with transaction.atomic():
        try:
            _store(api, target, persons)
            yield
        finally:
            transaction.set_rollback(True)


def _store(api: Program, target: Workspace, persons: Sequence[Person]) -> None:
    body = [
        {
            "email": person.email,
            "name": person.name,
            "organization": person.organization,
            "tags": person.tags,
            "custom_fields": {key: as_json(value) for key, value in person.values.items()},
        }
        for person in persons
    ]
    answer = api("POST", "/contacts", data=written(body), content_type="application/json").json()
    assert [result["status"] for result in answer["results"]] == ["created"] * len(persons), answer
    rows = json.loads(api.get("/contacts?limit=200").content, parse_float=Decimal, parse_int=Decimal)["data"]
    made = {int(row["id"]): row for row in rows}
    for person, result in zip(persons, answer["results"], strict=True):
        person.id = result["id"]
        organization, values = made[person.id]["organization"], made[person.id]["custom_fields"]
        person.organization_id = organization and int(organization["id"])
        held = {key: set(value) if isinstance(value, list) else value for key, value in values.items()}
        assert {key: value for key, value in held.items() if value is not None} == {
            key: value if isinstance(value, set) else as_json(value) for key, value in person.values.items()
        }
        with workspace(target):
            Contact.objects.for_workspace(target).filter(pk=person.id).update(
                name=person.name,  # without one, the API calls it by its address
                source=person.source,
                created_at=person.created_at,
                updated_at=person.updated_at,
                deleted_at=NOON if person.deleted else None,
            )


def written(body: Any) -> bytes:
    """JSON with decimals digit by digit."""
    decimals: dict[str, str] = {}

    def kept(value: Any) -> Any:
        if isinstance(value, Decimal):
            mark = f"decimal-{len(decimals)}"
            decimals[json.dumps(mark)] = str(value)
            return mark
        raise TypeError(value)

    text = json.dumps(body, default=kept)
    for mark, digits in decimals.items():
        text = text.replace(mark, digits)
    return text.encode()


# Orders


def order(sort: str) -> Callable[[Person], Any]:
    """What a contact is sorted by; None where it is empty."""
    if sort.startswith("cf_"):
        key = sort.removeprefix("cf_")
        by = KINDS[key].order
        assert by
        return lambda person: by(person.values[key]) if key in person.values else None
    return {
        "name": lambda person: plain(person.name) or None,
        "email": lambda person: lower(person.email).replace("münchen", "xn--mnchen-3ya"),
        "organization": lambda person: person.organization and plain(person.organization),
        "created_at": lambda person: person.created_at,
        "updated_at": lambda person: person.updated_at,
    }[sort]


SORTS = [*PLAIN_SORTS, *(f"cf_{key}" for key, kind in KINDS.items() if kind.order)]


def in_order(persons: Sequence[Person], sort: str) -> list[Person]:
    """By one key, then the id; who has no value comes last, whichever the direction."""
    descending = sort.startswith("-")
    value = order(sort.removeprefix("-"))
    having = [person for person in persons if value(person) is not None]
    without = [person for person in persons if value(person) is None]
    having.sort(key=lambda person: (value(person), person.id), reverse=descending)
    without.sort(key=lambda person: person.id, reverse=descending)
    return having + without
