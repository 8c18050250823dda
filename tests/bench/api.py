"""The REST API beside django-rest-framework over the same tables, and beside the raw query without HTTP."""

import itertools
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson

from tests.bench.clock import KeepAlive, in_turns
from tests.bench.desk import analyze, raw, serving
from tests.bench.tables import Measured

CONTACTS, PAGE, BULK = 5_000, 100, 1_000
PLANS = ["Free", "Basic", "Pro", "Enterprise"]
PAGE_SQL = """
SELECT contact.id, contact.name, contact.email, contact.organization_id, organization.name, contact.source,
    contact.created_at, contact.updated_at, contact.deleted_at,
    (SELECT array_agg(tag.name ORDER BY tag.name_lower) FROM contacts_contacttag AS link
        JOIN contacts_tag AS tag ON tag.id = link.tag_id WHERE link.contact_id = contact.id),
    (SELECT jsonb_object_agg(field.key,
            coalesce(to_jsonb(text_value), to_jsonb(number_value), to_jsonb(date_value), to_jsonb(boolean_value),
                to_jsonb(option.label)))
        FROM customfields_fieldvalue AS value
        JOIN customfields_field AS field ON field.id = value.field_id
        LEFT JOIN customfields_option AS option ON option.id = value.option_id
        WHERE value.workspace_id = contact.workspace_id AND value.contact_id = contact.id)
FROM contacts_contact AS contact LEFT JOIN organizations_organization AS organization
    ON organization.id = contact.organization_id
WHERE contact.workspace_id = %s AND contact.deleted_at IS NULL
ORDER BY contact.created_at DESC, contact.id DESC LIMIT %s
"""


def measure() -> Iterator[Measured]:
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.models import ApiToken, Workspace

    target = Workspace.objects.create(name="Bench", slug="benchapi")
    with workspace(target):
        token = ApiToken.issue(target, "Bench", ["contacts:write"])[1]
        _fill(target)
    analyze()
    peer = {"BENCH_APPS": "rest_framework", "BENCH_URLS": "tests.bench.peers.rest"}
    with serving() as ours, serving("tests.bench.peers.wsgi", **peer) as theirs, raw(target.pk) as cursor:
        headers = {"Authorization": f"Bearer {token}", "X_Workspace": str(target.pk)}
        product, rest = KeepAlive(ours, **headers), KeepAlive(theirs, **headers)
        yield from _lists(target.pk, product, rest, cursor)
        yield from _writes(target, product, rest)


def _fill(target: Any) -> None:
    from contacts.upserting import Row, upsert
    from customfields.models import Field
    from gopimi.lib.addresses import parse
    from gopimi.workspaces.actor import SYSTEM

    fields = Field.objects.for_workspace(target)
    account, seats, since = (
        fields.define(label=label, type=kind)
        for label, kind in [("Account", "text"), ("Seats", "number"), ("Since", "date")]
    )
    plan = fields.define(label="Plan", type="select", options=PLANS)
    draw = random.Random(7)
    rows = [
        Row(
            parse(f"person.{n}@d{n % 97}.example"),
            name=f"Firstname{n % 313} Lastname{n}",
            organization=f"Organization {n % 200}",
            values={
                account: f"Account {n}",
                seats: Decimal(draw.randrange(100_000)) / 100,
                since: date(2020, 1, 1) + timedelta(n % 2500),
                plan: draw.choice(plan.choices),
            },
        )
        for n in range(CONTACTS)
    ]
    upsert(target, SYSTEM, rows)


def _lists(workspace_id: int, product: KeepAlive, rest: KeepAlive, cursor: Any) -> Iterator[Measured]:
    def floor() -> bytes:
        cursor.execute(PAGE_SQL, [workspace_id, PAGE], prepare=True)
        return orjson.dumps([dict(zip(NAMES, row, strict=True)) for row in cursor.fetchall()])

    times = in_turns(
        {
            "GoPimi": lambda: product.get(f"/api/v1/contacts?limit={PAGE}"),
            "django-rest-framework": lambda: rest.get("/contacts/"),
            "raw query and orjson": floor,
        },
        rounds=20,
        each=10,
    )
    yield Measured(
        f"List of {PAGE} contacts",
        times,
        {
            "times the requests of django-rest-framework (at least 2.5)": times["django-rest-framework"]
            / times["GoPimi"],
            "of the raw query's time (at most 4)": times["GoPimi"] / times["raw query and orjson"],
        },
    )


NAMES = (
    "id", "name", "email", "organization_id", "organization", "source", "created_at", "updated_at", "deleted_at",
    "tags", "custom_fields",
)  # fmt: skip


def _writes(target: Any, product: KeepAlive, rest: KeepAlive) -> Iterator[Measured]:
    """The same contact by all: with an organization and four values."""
    fields, organization = _definitions(target)
    options = {option.label: option.pk for option in fields["plan"].choices}
    numbers = itertools.count()

    def person() -> dict[str, Any]:
        n = next(numbers)
        values = {"account": f"A {n}", "seats": n, "since": "2026-01-31", "plan": PLANS[n % 4]}
        return {
            "name": f"New {n}",
            "email": f"new.{n}@bulk.example",
            "organization_id": organization,
            "custom_fields": values,
        }

    def for_rest() -> bytes:
        given = person()
        account, seats, since, plan = given["custom_fields"].values()
        values = [
            {"field": fields["account"].pk, "text_value": account},
            {"field": fields["seats"].pk, "number_value": seats},
            {"field": fields["since"].pk, "date_value": since},
            {"field": fields["plan"].pk, "option": options[plan]},
        ]
        plain = {"name": given["name"], "email": given["email"], "organization": organization, "field_values": values}
        return orjson.dumps(plain)

    times = in_turns(
        {
            "GoPimi": lambda: product.post("/api/v1/contacts", orjson.dumps(person())),
            "django-rest-framework": lambda: rest.post("/contacts/", for_rest()),
        },
        rounds=20,
        each=10,
    )
    single = times["GoPimi"]
    ratio = times["django-rest-framework"] / single
    yield Measured("Create a contact with 4 values", times, {"times django-rest-framework (at least 1.5)": ratio})
    bodies = (orjson.dumps([person() for _ in range(BULK)]) for _ in itertools.count())
    times = in_turns({"a row of a bulk POST": lambda: product.post("/api/v1/contacts", next(bodies))}, rounds=5)
    each = times["a row of a bulk POST"] / BULK
    ratios = {"times the rows of single POSTs (at least 20)": single / each}
    yield Measured(f"Create {BULK:,} contacts with 4 values", {"a row": each, "a single POST": single}, ratios)


def _definitions(target: Any) -> tuple[dict[str, Any], int]:
    from customfields import values
    from gopimi.lib.tenancy import workspace
    from organizations.models import Organization

    with workspace(target):
        fields = {field.key: field for field in values.fields_of(target)}
        return fields, Organization.objects.for_workspace(target).earliest("pk").pk
