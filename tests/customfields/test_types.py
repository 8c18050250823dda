"""Every type, at every door: text, JSON, rows, display, filters."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Contact
from customfields import values
from customfields.models import Field, Kind
from customfields.types import NAMES, TYPES, InvalidValue, named
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, FieldFactory, OptionFactory

# kind, text, value, JSON, shown
GOOD = [
    (Kind.TEXT, "  Zoë\r\n\tsays  hi ", "Zoë says  hi", "Zoë says  hi", "Zoë says  hi"),
    (Kind.NUMBER, "1,234.50", Decimal("1234.50"), Decimal("1234.50"), "1,234.50"),
    (Kind.NUMBER, "-.5", Decimal("-0.5"), Decimal("-0.5"), "-0.5"),
    (Kind.NUMBER, "1e3", Decimal("1000"), Decimal("1000"), "1,000"),
    (Kind.NUMBER, "1e100", Decimal(10**100), Decimal(10**100), f"{10**100:,}"),
    (Kind.NUMBER, "-0", Decimal("0"), Decimal("0"), "0"),
    (Kind.DATE, "2027-03-01", date(2027, 3, 1), "2027-03-01", "1 Mar 2027"),
    (Kind.BOOLEAN, "Yes", True, True, "Yes"),
    (Kind.BOOLEAN, "0", False, False, "No"),
    (Kind.URL, "HTTPS://crm.example/a/8842?x=ä", "HTTPS://crm.example/a/8842?x=ä", "HTTPS://crm.example/a/8842?x=ä", "HTTPS://crm.example/a/8842?x=ä"),
    (Kind.URL, "http://wiki:8080/x", "http://wiki:8080/x", "http://wiki:8080/x", "http://wiki:8080/x"),
    (Kind.EMAIL, " Dana@Acme.test ", "Dana@Acme.test", "Dana@Acme.test", "Dana@Acme.test"),
]  # fmt: skip

BAD = [
    (Kind.TEXT, "a\x00b", "invalid_character"),
    (Kind.TEXT, "a\x1bb", "invalid_character"),
    (Kind.TEXT, "a\ud800b", "invalid_character"),
    (Kind.TEXT, "x" * 10_001, "too_long"),
    (Kind.NUMBER, "12 apples", "invalid_number"),
    (Kind.NUMBER, "1,23", "invalid_number"),
    (Kind.NUMBER, "1_000", "invalid_number"),
    (Kind.NUMBER, "١٢", "invalid_number"),
    (Kind.NUMBER, ".", "invalid_number"),
    (Kind.NUMBER, "NaN", "invalid_number"),
    (Kind.NUMBER, "Infinity", "invalid_number"),
    (Kind.NUMBER, "1e101", "out_of_range"),
    (Kind.NUMBER, "1e-101", "out_of_range"),
    (Kind.NUMBER, "1" * 29, "too_many_digits"),
    (Kind.NUMBER, "1." + "0" * 200, "too_many_digits"),
    (Kind.DATE, "2027-02-30", "invalid_date"),
    (Kind.DATE, "20270301", "invalid_date"),
    (Kind.DATE, "1/3/2027", "invalid_date"),
    (Kind.BOOLEAN, "maybe", "invalid_boolean"),
    (Kind.URL, "crm.example", "invalid_url"),
    (Kind.URL, "javascript:alert(1)", "invalid_url"),
    (Kind.URL, "ftp://crm.example", "invalid_url"),
    (Kind.URL, "https://", "invalid_url"),
    (Kind.URL, "https://a..b/", "invalid_url"),
    (Kind.URL, "https://a b/", "invalid_url"),
    (Kind.URL, "https://a:port/", "invalid_url"),
    (Kind.URL, "https://[::1/", "invalid_url"),
    (Kind.EMAIL, "dana@", "invalid_email"),
    (Kind.EMAIL, "a@b.test, c@d.test", "invalid_email"),
    (Kind.SELECT, "Platinum", "invalid_choice"),
    (Kind.SELECT, "Legacy", "archived_choice"),
    (Kind.MULTIPLE_SELECT, "Gold; Platinum", "invalid_choice"),
]

WRONG_JSON = {
    Kind.TEXT: [1, True, ["x"], {}],
    Kind.NUMBER: ["1", True, [1]],
    Kind.DATE: [20270301, True],
    Kind.BOOLEAN: [1, "true"],
    Kind.URL: [1],
    Kind.EMAIL: [1],
    Kind.SELECT: [True, ["Gold"], 1.5],
    Kind.MULTIPLE_SELECT: ["Gold", 1, [True], [["Gold"]]],
}


@pytest.fixture
def make(in_acme: Workspace) -> Any:
    def field(kind: Kind) -> Field:
        made = FieldFactory(workspace=in_acme, kind=kind, label="Plan")
        if kind in (Kind.SELECT, Kind.MULTIPLE_SELECT):
            for label in ("Gold", "Silver", "Bronze, new"):
                OptionFactory(field=made, label=label)
            OptionFactory(field=made, label="Legacy", archived_at="2026-01-01T00:00Z")
        return made

    return field


def test_every_kind_has_a_class_and_a_name() -> None:
    assert set(TYPES) == set(Kind.values)
    assert NAMES == ("text", "number", "date", "select", "boolean", "url", "email")
    assert named("select", multiple=True).kind == Kind.MULTIPLE_SELECT


@pytest.mark.parametrize(
    ("name", "multiple", "code"), [("colour", False, "invalid_choice"), ("date", True, "not_multiple")]
)
def test_an_unknown_type_is_refused(name: str, multiple: bool, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        named(name, multiple)
    assert refused.value.code == code


@pytest.mark.parametrize(("kind", "text", "value", "json", "shown"), GOOD)
def test_text_becomes_a_value(kind: Kind, text: str, value: Any, json: Any, shown: str) -> None:
    field = Field(kind=kind, label="Plan")
    assert field.type.parse_text(field, text) == value
    assert field.type.to_api(value) == json
    assert field.type.parse_json(field, json) == value
    assert field.type.display(value) == shown
    assert field.type.parse_text(field, field.type.to_text(value)) == value


@pytest.mark.parametrize(("kind", "text", "code"), BAD)
def test_bad_text_is_refused(make: Any, kind: Kind, text: str, code: str) -> None:
    field = make(kind)
    with pytest.raises(InvalidValue) as refused:
        field.type.parse_text(field, text)
    assert refused.value.code == code
    assert refused.value.message


@pytest.mark.parametrize("kind", Kind)
def test_json_is_taken_strictly(make: Any, kind: Kind) -> None:
    field = make(kind)
    for wrong in WRONG_JSON[kind]:
        with pytest.raises(InvalidValue) as refused:
            field.type.parse_json(field, wrong)
        assert refused.value.code == "invalid_type", wrong


@pytest.mark.parametrize("kind", Kind)
def test_empty_is_none_everywhere(make: Any, kind: Kind) -> None:
    field = make(kind)
    assert field.type.parse_text(field, "  ") is None
    assert field.type.parse_json(field, None) is None
    assert field.type.to_api(None) is None
    assert field.type.to_text(None) == field.type.display(None) == ""
    assert field.type.rows(field, None) == []
    assert field.type.from_rows(field, []) is None


def test_a_select_takes_a_label_without_regard_to_case_or_an_id(make: Any) -> None:
    field = make(Kind.SELECT)
    gold = field.choices[0]
    assert field.type.parse_text(field, " gOLD ") == gold
    assert field.type.parse_json(field, "GOLD") == gold
    assert field.type.parse_json(field, gold.pk) == gold
    assert field.type.to_api(gold) == "Gold"


def test_a_stored_archived_option_stays_but_is_not_chosen_anew(make: Any) -> None:
    field = make(Kind.MULTIPLE_SELECT)
    legacy, gold = field.option("Legacy"), field.option("Gold")
    assert field.type.parse_text(field, ["Gold", "Legacy"], stored=(legacy,)) == (gold, legacy)
    with pytest.raises(InvalidValue, match="archived"):
        field.type.parse_json(field, [legacy.pk], stored=(gold,))
    assert [label for label, _ in field.type.form_field(field, stored=(legacy,)).widget.choices] == [
        "Gold", "Silver", "Bronze, new", "Legacy",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "raw", ['"Bronze, new"; gold', "Bronze, new;Gold", ["gold", "Bronze, new", ""], 'Gold, "Bronze, new"']
)
def test_a_multiple_select_is_read_from_one_text_or_several(make: Any, raw: Any) -> None:
    field = make(Kind.MULTIPLE_SELECT)
    value = field.type.parse_text(field, raw)
    assert field.type.to_api(value) == ["Gold", "Bronze, new"]
    assert field.type.parse_text(field, field.type.to_text(value)) == value


def test_a_label_with_a_comma_is_one_option(make: Any) -> None:
    field = make(Kind.MULTIPLE_SELECT)
    assert field.type.to_api(field.type.parse_text(field, "bronze, NEW")) == ["Bronze, new"]


def test_labels_that_are_made_of_other_labels_come_back(in_acme: Workspace) -> None:
    field = FieldFactory(workspace=in_acme, kind=Kind.MULTIPLE_SELECT)
    labels = ["a", "b", "a;b", "a,b", '"a";"b"', 'a"b', "'"]
    for position, label in enumerate(labels):
        OptionFactory(field=field, label=label, position=position)
    for chosen in [[label] for label in labels] + [["a", "b"], labels]:
        text = field.type.to_text(field.type.parse_text(field, chosen))
        assert field.type.to_input(field.type.parse_text(field, text)) == chosen
        assert field.type.shown(field, text) == ", ".join(chosen)


@given(st.text("0123456789", min_size=1, max_size=28), st.integers(-72, 72), st.booleans())
def test_28_digits_survive_text_and_json(digits: str, exponent: int, negative: bool) -> None:
    field = Field(kind=Kind.NUMBER)
    given = Decimal(f"{'-' * negative}{digits}e{exponent}")
    value = field.type.parse_json(field, given)
    assert value == given
    assert field.type.parse_text(field, field.type.to_text(value)) == value
    assert field.type.parse_text(field, field.type.display(value)) == value


def test_28_digits_survive_the_database(make: Any, in_acme: Workspace) -> None:
    field, contact = make(Kind.NUMBER), ContactFactory(workspace=in_acme)
    for text in ("0.1234567890123456789012345678", "-9999999999999999999999999999", "1.50", "1e-100", "1e100"):
        value = field.type.parse_text(field, text)
        values.write(in_acme, contact.pk, field, value)
        stored = values.read(in_acme, [contact.pk], [field])[contact.pk][field.pk]
        assert field.type.to_text(stored) == field.type.to_text(value)


# kind, stored texts of the contacts a, b, c (d has none), then operator, values, who passes
FILTERS = [
    (Kind.TEXT, ["José", "JOSE 2", "x" * 300], [
        ("", ["jose"], "a"), ("not", ["JOSÉ"], "bcd"), ("in", ["jose,jose 2"], "ab"), ("contains", ["OSÉ"], "ab"),
        ("", ["x" * 300], "c"), ("", ["x" * 301], ""), ("contains", ["x" * 250], "c"), ("contains", ["%"], ""),
        ("empty", ["true"], "d"), ("empty", ["false"], "abc"),
    ]),
    (Kind.NUMBER, ["1", "0.1234567890123456789", "0.1234567890123456788"], [
        ("", ["0.1234567890123456789"], "b"), ("gt", ["0.1234567890123456788"], "ab"), ("gte", ["1"], "a"),
        ("lt", ["0.1234567890123456789"], "c"), ("lte", ["0.1234567890123456789"], "bc"), ("in", ["1,2"], "a"),
        ("not", ["1"], "bcd"),
    ]),
    (Kind.DATE, ["2027-03-01", "2027-03-02", "2028-01-01"], [
        ("", ["2027-03-01"], "a"), ("gt", ["2027-03-01"], "bc"), ("lte", ["2027-03-02"], "ab"),
    ]),
    (Kind.SELECT, ["Gold", "Silver", "Bronze, new"], [
        ("", ["gold"], "a"), ("in", ["gold,silver"], "ab"), ("in", ["gold", "bronze, new"], "ac"),
        ("not", ["gold"], "bcd"),
        ("", ["Legacy"], ""),
    ]),
    (Kind.MULTIPLE_SELECT, ["Gold", "Gold;Silver", "Bronze, new"], [
        ("", ["gold"], "ab"), ("all", ["gold,silver"], "b"), ("any", ["silver", "bronze, new"], "bc"),
        ("not", ["gold"], "cd"), ("in", ["gold,silver"], "ab"),
    ]),
    (Kind.BOOLEAN, ["true", "false", "true"], [("", ["true"], "ac"), ("not", ["true"], "bd")]),
    (Kind.URL, ["https://a.example", "https://b.example", "http://c"], [("contains", [".EXAMPLE"], "ab")]),
    (Kind.EMAIL, ["a@x.test", "b@x.test", "c@y.test"], [("", ["A@X.test"], "a"), ("contains", ["@x"], "ab")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "stored", "filters"), FILTERS)
def test_filters(make: Any, in_acme: Workspace, kind: Kind, stored: list[str], filters: Any) -> None:
    field = make(kind)
    contacts = [ContactFactory(workspace=in_acme, name=name) for name in "abcd"]
    for contact, text in zip(contacts, stored, strict=False):
        values.write(in_acme, contact.pk, field, field.type.parse_text(field, text))
    for operator, texts, passing in filters:
        condition, held = values.matching(field, operator, texts)
        having = [values.having(field, one) for one in held]
        found = Contact.objects.for_workspace(in_acme).filter(condition, *having).order_by("name")
        assert "".join(contact.name for contact in found) == passing, (operator, texts)


@pytest.mark.parametrize(
    ("kind", "operator", "texts", "code"),
    [
        (Kind.TEXT, "gt", ["x"], "unknown_operator"),
        (Kind.NUMBER, "contains", ["1"], "unknown_operator"),
        (Kind.SELECT, "any", ["Gold"], "unknown_operator"),
        (Kind.NUMBER, "", ["one"], "invalid_number"),
        (Kind.NUMBER, "in", ["1,,2"], "blank"),
        (Kind.NUMBER, "", ["1", "2"], "repeated"),
        (Kind.DATE, "empty", ["maybe"], "invalid"),
        (Kind.SELECT, "", [""], "invalid_choice"),
    ],
)
def test_bad_filters_are_refused(make: Any, kind: Kind, operator: str, texts: list[str], code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        values.matching(make(kind), operator, texts)
    assert refused.value.code == code
