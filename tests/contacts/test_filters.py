"""Every filter and sort against an obvious reference in Python."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict

from contacts.filters import BadFilter, ContactFilter
from contacts.models import Contact
from customfields import values
from customfields.models import Kind
from gopimi.lib.keyset import BadCursor
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory

Person = SimpleNamespace


@pytest.fixture
def fields(in_acme: Workspace) -> dict[str, Any]:
    kinds = {"city": Kind.TEXT, "seats": Kind.NUMBER, "renewal": Kind.DATE, "plan": Kind.SELECT,
             "uses": Kind.MULTIPLE_SELECT, "beta": Kind.BOOLEAN, "site": Kind.URL, "billing": Kind.EMAIL}  # fmt: skip
    made = {key: FieldFactory(workspace=in_acme, key=key, label=key.title(), kind=kind) for key, kind in kinds.items()}
    for position, label in enumerate(["Free", "Pro", "Enterprise, yearly"]):
        OptionFactory(field=made["plan"], label=label, position=position)
    for position, label in enumerate(["API", "SSO", "CLI"]):
        OptionFactory(field=made["uses"], label=label, position=position)
    return {field.key: field for field in values.fields_of(in_acme)}


@pytest.fixture
def people(in_acme: Workspace, fields: dict[str, Any]) -> list[Person]:
    """Ten contacts with every sort of value, and what Python knows of them."""
    kumo, hafen = (OrganizationFactory(workspace=in_acme, name=name) for name in ("Kumo Robotics", "Häfen & Söhne"))
    rows: list[tuple[Any, ...]] = [
        ("José Núñez", "jose@kumo.example", kumo, ["VIP"], {"city": "Málaga", "seats": "5", "plan": "Pro"}),
        ("Ada Byron", "ada@kumo.example", kumo, ["vip", "beta"], {"city": "malaga", "seats": "120.5", "plan": "Free"}),
        ("Zoë Lind", "zoe@hafen.example", hafen, ["beta"], {"seats": "-3", "plan": "Enterprise, yearly"}),
        ("Ben Cole", "BEN@other.example", None, [], {"renewal": "2027-03-01", "uses": ["API", "SSO"], "beta": "true"}),
        ("Cy Dent", "cy@other.example", None, [], {"renewal": "2026-01-15", "uses": ["API"], "beta": "false"}),
        ("Di Ek", "di@hafen.example", hafen, [], {"uses": ["CLI"], "site": "https://di.example/a"}),
        ("Åsa Berg", "asa@other.example", None, ["VIP"], {"billing": "Pay@Berg.example", "city": "Oslo"}),
        ("Ed Fox", "ed@other.example", None, [], {"seats": "5", "renewal": "2027-03-01"}),
        ("", "flo@other.example", None, [], {}),
        ("Gus Hay", "gus@other.example", kumo, [], {"city": "Os_lo", "plan": "Pro", "beta": "true"}),
    ]  # fmt: skip
    people = []
    for number, (name, email, organization, tags, texts) in enumerate(rows):
        parsed = {fields[key]: fields[key].type.parse_text(fields[key], text) for key, text in texts.items()}
        source = "import" if number % 3 == 0 else "manual"
        contact = Contact.objects.for_workspace(in_acme).add(
            SYSTEM, email=email, name=name, organization=organization, tags=tags, values=parsed, source=source
        )
        moment = datetime(2026, 1, 1 + number, 12, tzinfo=UTC)
        itself = Contact.objects.for_workspace(in_acme).filter(pk=contact.pk)
        itself.update(created_at=moment, updated_at=moment.replace(year=2027), name=name)
        people.append(
            Person(
                pk=contact.pk,
                name=name,
                email=email,
                organization=organization,
                source=source,
                created=moment,
                tags={tag.lower() for tag in tags},
                **{key: parsed.get(field) for key, field in fields.items()},
            )
        )
    return people


def labels(options: Any) -> set[str]:
    return {option.label for option in options or ()}


def plan(person: Person) -> str | None:
    return person.plan and person.plan.label


CASES: list[tuple[str, Callable[[Person], Any]]] = [
    ("", lambda _: True),
    ("q=jose", lambda p: p.name == "José Núñez"),
    ("q=KUMO", lambda p: p.organization and p.organization.name == "Kumo Robotics"),
    ("q=kumo+nobody", lambda _: False),
    ("q=hafen+di", lambda p: p.name == "Di Ek"),
    ("email=ben@OTHER.example", lambda p: p.name == "Ben Cole"),
    ("organization__empty=true", lambda p: p.organization is None),
    ("organization__empty=false", lambda p: p.organization is not None),
    ("tag=vip", lambda p: "vip" in p.tags),
    ("tag=VIP&tag=Beta", lambda p: {"vip", "beta"} <= p.tags),
    ("tag=nobody", lambda _: False),
    ("source=import", lambda p: p.source == "import"),
    ("created_at__gte=2026-01-04", lambda p: p.created.day >= 4),
    ("created_at__gt=2026-01-04", lambda p: p.created.day > 4),
    ("created_at__lte=2026-01-04", lambda p: p.created.day <= 4),
    ("created_at__lt=2026-01-04", lambda p: p.created.day < 4),
    ("created_at__gt=2026-01-04T12:00:00Z", lambda p: p.created.day > 4),
    ("created_at__gte=2026-01-04T13:00:00+01:00", lambda p: p.created.day >= 4),
    ("updated_at__lt=2027-01-03T12:00:00", lambda p: p.created.day < 3),
    ("created_at__gte=2026-01-03&created_at__lte=2026-01-05&cf_renewal__empty=true", lambda p: p.created.day == 3),
    ("cf_city=MALAGA", lambda p: p.city in ("Málaga", "malaga")),
    ("cf_city__not=Oslo", lambda p: p.city != "Oslo"),
    ("cf_city__in=Oslo,malaga", lambda p: p.city in ("Oslo", "Málaga", "malaga")),
    ("cf_city__contains=s_l", lambda p: p.city == "Os_lo"),
    ("cf_city__empty=true", lambda p: p.city is None),
    ("cf_city__empty=false", lambda p: p.city is not None),
    ("cf_seats=5.00", lambda p: p.seats == 5),
    ("cf_seats__not=5", lambda p: p.seats != 5),
    ("cf_seats__in=5,-3", lambda p: p.seats in (5, -3)),
    ("cf_seats__gt=5", lambda p: p.seats is not None and p.seats > 5),
    ("cf_seats__gte=5", lambda p: p.seats is not None and p.seats >= 5),
    ("cf_seats__lt=5", lambda p: p.seats is not None and p.seats < 5),
    ("cf_seats__lte=120.5", lambda p: p.seats is not None and p.seats <= Decimal("120.5")),
    ("cf_renewal__lt=2027-03-01", lambda p: p.renewal is not None and p.renewal < date(2027, 3, 1)),
    ("cf_renewal=2027-03-01", lambda p: p.renewal == date(2027, 3, 1)),
    ("cf_plan=pro", lambda p: plan(p) == "Pro"),
    ("cf_plan__not=Pro", lambda p: plan(p) != "Pro"),
    ("cf_plan__in=Pro&cf_plan__in=Enterprise, yearly", lambda p: plan(p) in ("Pro", "Enterprise, yearly")),
    ("cf_uses=API", lambda p: "API" in labels(p.uses)),
    ("cf_uses__not=API", lambda p: "API" not in labels(p.uses)),
    ("cf_uses__any=SSO,CLI", lambda p: {"SSO", "CLI"} & labels(p.uses)),
    ("cf_uses__all=API,SSO", lambda p: {"API", "SSO"} <= labels(p.uses)),
    ("cf_beta=true", lambda p: p.beta is True),
    ("cf_beta__not=true", lambda p: p.beta is not True),
    ("cf_site__contains=DI.example", lambda p: p.site),
    ("cf_billing=pay@berg.example", lambda p: p.billing),
    ("limit=10&cursor=x&count=true", lambda _: True),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wanted"), CASES, ids=[query for query, _ in CASES])
def test_a_filter_finds_what_it_says(in_acme: Workspace, people: list[Person], query: str, wanted: Any) -> None:
    found = ContactFilter(QueryDict(query), in_acme).apply(Contact.objects.for_workspace(in_acme))
    names = {person.pk: person.email for person in people}
    assert sorted(names[c.pk] for c in found) == sorted(person.email for person in people if wanted(person))


def test_an_organizations_contacts_and_the_trash(in_acme: Workspace, people: list[Person]) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    kumo = people[0].organization
    found = ContactFilter({"organization": str(kumo.pk)}, in_acme).apply(contacts)
    assert {c.pk for c in found} == {person.pk for person in people if person.organization == kumo}
    contacts.filter(pk=people[0].pk).trash(SYSTEM)
    assert people[0].pk not in {c.pk for c in ContactFilter({}, in_acme).apply(contacts)}
    assert [c.pk for c in ContactFilter({"deleted": "true"}, in_acme).apply(contacts)] == [people[0].pk]


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("plan=Pro", "plan", "can't be filtered by “plan”"),
        ("cf_nothing=1", "cf_nothing", "no custom field with the key “nothing”"),
        ("cf_plan__gt=Pro", "cf_plan__gt", "no operator"),
        ("cf_plan__=Pro", "cf_plan__", "no operator after"),
        ("q=" + "+".join(f"w{n}" for n in range(21)), "q", "at most 20 words"),
        ("cf_plan=Gold", "cf_plan", "isn't an option"),
        ("cf_seats__gt=many", "cf_seats__gt", "Give a number"),
        ("cf_renewal=2027-02-30", "cf_renewal", "calendar"),
        ("cf_city=Oslo&cf_city=Rome", "cf_city", "one value"),
        ("cf_beta__empty=perhaps", "cf_beta__empty", "true or false"),
        ("email=nobody", "email", "@"),
        ("email__in=a@b.example", "email__in", "no operator “in”"),
        ("organization=kumo", "organization", "id, a number"),
        ("organization=99999999999999999999", "organization", "id, a number"),
        ("organization__empty=1", "organization__empty", "true or false"),
        ("source=fax", "source", "manual, email"),
        ("created_at=2026-01-01", "created_at", "no operator"),
        ("created_at__gte=soon", "created_at__gte", "Give a time"),
        ("created_at__gt=9999-12-31", "created_at__gt", "Give a time"),
        ("deleted=yes", "deleted", "true or false"),
        ("q=a&q=b", "q", "once"),
        ("q=%00", "q", "character"),
        ("tag=%00", "tag", "character"),
        ("tag=", "tag", "tag's name"),
        ("sort=phone", "sort", "can't be sorted by “phone”"),
        ("sort=cf_uses", "sort", "several values"),
        ("sort=cf_gone", "sort", "no custom field"),
    ],
)
def test_what_is_not_known_is_an_error(
    in_acme: Workspace, fields: dict[str, Any], query: str, parameter: str, message: str
) -> None:
    asked = ContactFilter(QueryDict(query), in_acme)
    with pytest.raises(BadFilter, match=message) as bad:
        asked.apply(Contact.objects.for_workspace(in_acme))
    assert bad.value.parameter == parameter


FIRST_NAMES = ["Ada", "Åsa", "Ben", "Cy", "Di", "Ed", "Gus", "José", "Zoë"]
OPTIONS = ["Free", "Pro", "Enterprise, yearly"]
ORDERS: list[tuple[str, Callable[[Person], Any]]] = [
    ("name", lambda p: p.name and FIRST_NAMES.index(p.name.split()[0])),
    ("email", lambda p: p.email.lower()),
    ("created_at", lambda p: p.created),
    ("updated_at", lambda p: p.created),
    ("organization", lambda p: p.organization and p.organization.name),
    ("cf_city", lambda p: p.city and p.city.lower().replace("á", "a")),
    ("cf_seats", lambda p: p.seats),
    ("cf_renewal", lambda p: p.renewal),
    ("cf_plan", lambda p: p.plan and OPTIONS.index(p.plan.label)),
    ("cf_beta", lambda p: p.beta),
]  # fmt: skip


@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize(("sort", "value"), ORDERS, ids=[sort for sort, _ in ORDERS])
def test_pages_follow_the_order_both_ways(
    in_acme: Workspace, people: list[Person], sort: str, value: Any, descending: bool
) -> None:
    """Empty values come last, ascending and descending; three rows at a time, there and back."""
    having = [person for person in people if value(person) not in (None, "")]
    empty = [person for person in people if value(person) in (None, "")]
    having.sort(key=lambda person: (value(person), person.pk), reverse=descending)
    empty.sort(key=lambda person: person.pk, reverse=descending)
    wanted = [person.email for person in having + empty]

    asked = ContactFilter({"sort": "-" * descending + sort}, in_acme)
    contacts = Contact.objects.for_workspace(in_acme)
    pages, cursor = [], None
    while pages == [] or cursor:
        page = asked.page(contacts, 3, cursor)
        pages.append(page)
        cursor = page.next
    assert [contact.email for page in pages for contact in page.rows] == wanted
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = asked.page(contacts, 3, back.previous)
        assert [contact.email for contact in back.rows] == [contact.email for contact in page.rows]
    assert back.previous is None


def test_a_cursor_of_another_list_or_forged_is_refused(in_acme: Workspace, people: list[Person]) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    cursor = ContactFilter({"sort": "cf_seats"}, in_acme).page(contacts, 2).next
    for sort, given in (("cf_city", cursor), ("cf_seats", f"x{cursor}"), ("cf_seats", "x"), ("-cf_seats", cursor)):
        with pytest.raises(BadCursor):
            ContactFilter({"sort": sort}, in_acme).page(contacts, 2, given)


def test_without_a_sort_the_newest_come_first(in_acme: Workspace, people: list[Person]) -> None:
    page = ContactFilter({}, in_acme).page(Contact.objects.for_workspace(in_acme), 2)
    assert [contact.pk for contact in page.rows] == [people[-1].pk, people[-2].pk]
