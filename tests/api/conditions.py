"""Random conditions of lists of contacts, each with who meets it: nothing of it is the product's."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.api.people import KINDS, LISTS, ORDER, SOURCES, TAGS, TEXT, Kind, Person, lower, moments, plain

Condition = tuple[str, list[str], Callable[[Person], bool]]  # parameter, its values, and who meets it


@st.composite
def of_field(draw: Any, key: str, operator: str, persons: Sequence[Person]) -> Condition:
    """A condition by a custom field, mostly of values that somebody has."""
    kind = KINDS[key]
    parameter = f"cf_{key}__{operator}" if operator else f"cf_{key}"
    if operator == "empty":
        wanted = draw(st.booleans())
        return parameter, [str(wanted).lower()], lambda person: (key not in person.values) == wanted
    known = [person.values[key] for person in persons if key in person.values]
    if kind.multiple:
        known = [one for value in known for one in sorted(value)]
    others = st.sampled_from(kind.options) if kind.multiple else kind.values
    operands = st.sampled_from(known) | others if known else others
    test = kind.operators[operator]
    if operator in LISTS:
        wanted = draw(st.lists(operands, min_size=1, max_size=3))
        return (
            parameter,
            draw(several(list(map(kind.shown, wanted)))),
            lambda person: test(person.values.get(key), wanted),
        )
    operand = draw(operands)
    if operator == "contains":
        operand = draw(fragments(operand))
    text = kind.shown(operand)
    if kind.operators is TEXT or kind.options:
        text = draw(
            st.sampled_from([text, *(other for other in (text.upper(), lower(text)) if same(kind, text, other))])
        )
    return parameter, [text], lambda person: test(person.values.get(key), operand)


def same(kind: Kind, text: str, other: str) -> bool:
    """Python's upper() makes two letters of some: such isn't the same text for a filter."""
    return lower(text) == lower(other) if kind.options else plain(text) == plain(other)


@st.composite
def fragments(draw: Any, text: str) -> str:
    start = draw(st.integers(0, len(text) - 1))
    part = text[start : draw(st.integers(start + 1, len(text)))].strip()
    return part if plain(part) else text


@st.composite
def several(draw: Any, shown: list[str]) -> list[str]:
    """Several values in one parameter with commas, or the parameter repeated, as it must be with a comma in one."""
    if not any("," in text for text in shown) and draw(st.booleans()):
        return [",".join(shown)]
    return shown * 2 if len(shown) == 1 else shown


@st.composite
def of_property(draw: Any, persons: Sequence[Person]) -> Condition:
    """A condition by what every contact has."""
    somebody = draw(st.sampled_from(persons))
    name = draw(st.sampled_from(["q", "email", "organization", "empty", "tag", "source", "created_at", "updated_at"]))
    if name == "q":
        return draw(searched(somebody))
    if name == "email":
        email = draw(st.sampled_from([somebody.email, somebody.email.upper(), "nobody@x.test"]))
        return "email", [email], lambda person: lower(person.email) == lower(email)
    if name == "organization":
        wanted = somebody.organization_id or 0
        return "organization", [str(wanted)], lambda person: (person.organization_id or -1) == wanted
    if name == "empty":
        empty = draw(st.booleans())
        return "organization__empty", [str(empty).lower()], lambda person: (person.organization is None) == empty
    if name == "tag":
        tags = draw(st.lists(st.sampled_from([*TAGS, "nobody's"]), min_size=1, max_size=2))
        return "tag", tags, lambda person: set(map(lower, tags)) <= set(map(lower, person.tags))
    if name == "source":
        source = draw(st.sampled_from(SOURCES))
        return "source", [source], lambda person: person.source == source
    return draw(of_moment(name, getattr(somebody, name)))


@st.composite
def searched(draw: Any, somebody: Person) -> Condition:
    sources = [text for text in (somebody.name, somebody.email, somebody.organization, "Ada", "mé") if text]
    words = [draw(fragments(draw(st.sampled_from(sources)))) for _ in range(draw(st.integers(1, 3)))]
    words = [draw(st.sampled_from([word, lower(word), plain(word)])) for text in words for word in text.split()]

    def test(person: Person) -> bool:
        found = [plain(text) for text in (person.name, person.email, person.organization or "")]
        return all(any(part in text for text in found) for word in words for part in plain(word).split())

    return "q", [" ".join(words)], test


@st.composite
def of_moment(draw: Any, column: str, theirs: datetime) -> Condition:
    operator = draw(st.sampled_from(["gt", "gte", "lt", "lte"]))
    moment = draw(st.just(theirs) | moments)
    if draw(st.booleans()):  # a day stands for the whole of it
        day = moment.date()
        return f"{column}__{operator}", [str(day)], lambda person: ORDER[operator](getattr(person, column).date(), day)
    text = draw(st.sampled_from([moment.isoformat(), moment.isoformat().replace("+00:00", "Z")]))
    return f"{column}__{operator}", [text], lambda person: ORDER[operator](getattr(person, column), moment)


@st.composite
def conditions(draw: Any, persons: Sequence[Person]) -> list[Condition]:
    """Up to three conditions of any kind, each by another parameter."""
    any_field = st.sampled_from(list(KINDS)).flatmap(
        lambda key: st.sampled_from([*KINDS[key].operators, "empty"]).flatmap(
            lambda operator: of_field(key, operator, persons)
        )
    )
    return draw(st.lists(of_property(persons) | any_field, min_size=1, max_size=3, unique_by=lambda one: one[0]))


def query(drawn: Sequence[Condition], **more: str) -> str:
    return urlencode([(parameter, text) for parameter, given, _ in drawn for text in given] + list(more.items()))


def matching(persons: Sequence[Person], drawn: Sequence[Condition]) -> list[Person]:
    return [person for person in persons if not person.deleted and all(test(person) for _, _, test in drawn)]
