"""Filters by custom fields give the same pages, whichever way the server goes to find them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from contacts import narrowing
from contacts.filters import ContactFilter
from contacts.models import Contact
from customfields import values
from customfields.models import Kind
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import FieldFactory, OptionFactory

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
NOT_BY_ID = 1_000  # more than there are
WAYS = {
    "from the few": {},
    "soon along the order": {"RARE": 0, "FEW": 0},
    "by their ids": {"RARE": 0, "SHORT_WAY": 0, "SPARE": 0},
    "by their ids, some near": {"RARE": 0, "SHORT_WAY": 0, "SPARE": 0, "NEAR": 5},
    "along the order with those known": {"RARE": 0, "SHORT_WAY": 0, "SPARE": NOT_BY_ID},
    "along the order, each tested": {"RARE": 0, "SHORT_WAY": 0, "SOME": 0, "SPARE": NOT_BY_ID},
    "not soon, then with those known": {"RARE": 0, "SAMPLE": 1, "SHORT_WAY": 2, "SPARE": NOT_BY_ID},
    "those known, none soon enough": {"RARE": 0, "SHORT_WAY": 0, "LONG_WAY": 3, "SPARE": NOT_BY_ID},
    "each tested, none soon enough": {"RARE": 0, "SHORT_WAY": 0, "LONG_WAY": 3, "SOME": 0, "SPARE": NOT_BY_ID},
}
ASKED = [
    "cf_plan=Pro",
    "cf_seats__gte=10&cf_seats__lt=20",
    "cf_city__contains=os",
    "cf_uses__any=API,SSO",
    "cf_uses__all=API,SSO",
    "cf_plan=Pro&cf_seats__gte=10",
    "cf_plan=Pro&cf_uses=SSO&q=person",
    "cf_seats__empty=false&cf_plan__not=Pro",
    "cf_seats__gte=1000",
]
SORTS = ["-created_at", "created_at", "name", "cf_seats", "-cf_plan", "organization"]


@pytest.fixture
def crowd(in_acme: Workspace) -> Workspace:
    """Forty contacts with values that are spread unevenly."""
    kinds = {"seats": Kind.NUMBER, "plan": Kind.SELECT, "uses": Kind.MULTIPLE_SELECT, "city": Kind.TEXT}
    made = {key: FieldFactory(workspace=in_acme, key=key, label=key.title(), kind=kind) for key, kind in kinds.items()}
    for key, labels in {"plan": ["Free", "Pro"], "uses": ["API", "SSO", "CLI"]}.items():
        for position, label in enumerate(labels):
            OptionFactory(field=made[key], label=label, position=position)
    fields = {field.key: field for field in values.fields_of(in_acme)}
    for number in range(40):
        texts = {"seats": str(number % 25), "plan": "Pro" if number > 25 or number % 7 == 0 else "Free"}
        texts |= {"city": "Oslo"} if number % 9 == 0 else {"city": f"{'x' * 210}os"} if number == 5 else {}
        given = {fields[key]: fields[key].type.parse_text(fields[key], text) for key, text in texts.items()}
        if number % 3:
            wanted = ["API", "SSO"][: number % 3]
            given[fields["uses"]] = fields["uses"].type.parse_text(fields["uses"], ", ".join(wanted))
        Contact.objects.for_workspace(in_acme).add(
            SYSTEM, email=f"person{number}@acme.example", name=f"Person {number * 7 % 40:02}", values=given
        )
    return in_acme


def pages(workspace: Workspace, query: str) -> list[int]:
    """The ids on all pages, read forwards; each page but the last leads back to the one before it."""
    found: list[int] = []
    cursor, before = None, None
    while True:
        page = ContactFilter(QueryDict(query), workspace).page(Contact.objects.for_workspace(workspace), 4, cursor)
        ids = [contact.pk for contact in page.rows]
        if before is not None:
            back = ContactFilter(QueryDict(query), workspace)
            again = back.page(Contact.objects.for_workspace(workspace), 4, page.previous)
            assert [contact.pk for contact in again.rows] == before
        found += ids
        if page.next is None:
            return found
        cursor, before = page.next, ids


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("in_turn", [True, False])
def test_every_way_gives_the_same(crowd: Workspace, monkeypatch: pytest.MonkeyPatch, way: str, in_turn: bool) -> None:
    if not in_turn:
        made_out_of_turn(crowd)
    expected = {(asked, sort): pages(crowd, f"{asked}&sort={sort}") for asked in ASKED for sort in SORTS}
    for name, bound in WAYS[way].items():
        monkeypatch.setattr(narrowing, name, bound)
    for (asked, sort), ids in expected.items():
        matching = ContactFilter(QueryDict(asked), crowd).apply(Contact.objects.for_workspace(crowd))
        assert sorted(ids) == sorted(matching.values_list("pk", flat=True)), asked
        assert pages(crowd, f"{asked}&sort={sort}") == ids, (asked, sort)
    sizes = {len(ids) for ids in expected.values()}
    assert 0 in sizes
    assert max(sizes) > 10


def made_out_of_turn(crowd: Workspace) -> None:
    """Some have other places by time than by their ids, as where transactions overlap; two are in the trash."""
    contacts = Contact.objects.for_workspace(crowd)
    for place, pk in enumerate(contacts.order_by("pk").values_list("pk", flat=True)):
        moved = {4: 9, 17: 30, 33: 12}.get(place, place)
        gone = NOON if place in (20, 36) else None
        contacts.filter(pk=pk).update(created_at=NOON + timedelta(minutes=moved // 2), deleted_at=gone)


@pytest.mark.parametrize("sort", ["-created_at", "created_at"])
def test_the_last_by_its_id_is_not_the_last_by_time(
    in_acme: Workspace, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Then others may come before the last by time, though none comes before the last by its id."""
    plan = FieldFactory(workspace=in_acme, key="plan", label="Plan", kind=Kind.SELECT)
    OptionFactory(field=plan, label="Pro")
    (field,) = values.fields_of(in_acme)
    contacts = Contact.objects.for_workspace(in_acme)
    value = field.type.parse_text(field, "Pro")
    made = [
        contacts.add(SYSTEM, name=f"Person {number}", email=f"person{number}@acme.example", values={field: value})
        for number in range(10)
    ]
    places = [6, 0, 7, 3, 8, 2, 1, 9, 4, 5] if sort == "-created_at" else [4, 5, 0, 8, 7, 1, 6, 2, 9, 3]
    for contact, place in zip(made, places, strict=True):
        contacts.filter(pk=contact.pk).update(created_at=NOON + timedelta(minutes=place))
    expected = pages(in_acme, f"cf_plan=Pro&sort={sort}")
    assert expected == list(contacts.order_by(sort).values_list("pk", flat=True))
    for name, bound in {"RARE": 0, "SHORT_WAY": 0, "SPARE": 0}.items():
        monkeypatch.setattr(narrowing, name, bound)
    for limit in range(1, 6):
        page = ContactFilter(QueryDict(f"cf_plan=Pro&sort={sort}"), in_acme).page(contacts, limit, None)
        assert [contact.pk for contact in page.rows] == expected[:limit]


@pytest.mark.parametrize(
    ("query", "bounds", "statements"),
    [
        ("cf_plan=Pro", {}, 2),
        ("cf_plan=Pro", {"RARE": 0, "SPARE": 0}, 2),
        ("cf_plan=Pro", {"RARE": 0, "SPARE": NOT_BY_ID}, 3),
        ("cf_seats__gte=10", {"RARE": 0}, 2),
        ("cf_seats__empty=false", {"RARE": 0}, 2),
        ("cf_plan__in=Free,Pro", {"RARE": 0}, 2),
        ("cf_seats__gte=10", {"RARE": 0, "SHORT_WAY": 0, "SPARE": 0}, 2),
        ("cf_plan=Pro&sort=name", {"RARE": 0, "SHORT_WAY": 0}, 3),
        ("cf_plan=Pro&sort=name", {"RARE": 0, "SHORT_WAY": 0, "LONG_WAY": 3}, 4),
    ],
)
def test_statements(
    crowd: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: object,
    query: str,
    bounds: dict[str, int],
    statements: int,
) -> None:
    for name, bound in bounds.items():
        monkeypatch.setattr(narrowing, name, bound)
    asked = ContactFilter(QueryDict(query), crowd, values.fields_of(crowd))
    with django_assert_num_queries(statements):  # type: ignore[operator]
        asked.page(Contact.objects.for_workspace(crowd), 2)


@pytest.mark.parametrize(
    ("query", "by_ids"), [("cf_seats__gte=10", False), ("cf_seats__gte=20", True), ("cf_plan=Pro", True)]
)
@pytest.mark.parametrize("limit", [2, 30])
def test_which_are_looked_for_by_their_ids(
    crowd: Workspace, monkeypatch: pytest.MonkeyPatch, query: str, by_ids: bool, limit: int
) -> None:
    """Of a range what few of the first ones have: what many have would be passed over in an index in great numbers."""
    monkeypatch.setattr(narrowing, "RARE", 0)
    tried: list[int] = []

    def by_id(rows: object, order: object, nearest: object, number: int) -> list[object]:
        tried.append(number)
        return []

    monkeypatch.setattr(narrowing, "_by_id", by_id)
    ContactFilter(QueryDict(query), crowd).page(Contact.objects.for_workspace(crowd), limit, None)
    assert tried == ([limit + 1] if by_ids else [])
