"""The REST API beside django-rest-framework over the same tables, and beside the raw query without HTTP."""

import itertools
import random
from collections.abc import Callable, Iterator
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
        yield from _writes(product, rest)


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


def _writes(product: KeepAlive, rest: KeepAlive) -> Iterator[Measured]:
    numbers = itertools.count()

    def person(values: bool) -> dict[str, Any]:
        n = next(numbers)
        plain = {"name": f"New Person {n}", "email": f"new.{n}@bulk.example"}
        if values:
            plain["custom_fields"] = {"account": f"A {n}", "seats": n, "since": "2026-01-31", "plan": PLANS[n % 4]}  # type: ignore[assignment]
        return plain

    def single(values: bool) -> Callable[[], object]:
        return lambda: product.post("/api/v1/contacts", orjson.dumps(person(values)))

    times = in_turns(
        {
            "GoPimi": single(False),
            "django-rest-framework": lambda: rest.post("/contacts/", orjson.dumps(person(False))),
        },
        rounds=20,
        each=10,
    )
    ratio = times["django-rest-framework"] / times["GoPimi"]
    yield Measured("Create one contact", times, {"times django-rest-framework (at least 1.5)": ratio})
    times = in_turns({"one POST": single(True)}, rounds=20, each=10)
    times |= in_turns(
        {
            "a row of a bulk POST": lambda: product.post(
                "/api/v1/contacts", orjson.dumps([person(True) for _ in range(BULK)])
            )
        },
        rounds=4,
    )
    times["a row of a bulk POST"] /= BULK
    ratio = times["one POST"] / times["a row of a bulk POST"]
    yield Measured(
        f"Create {BULK:,} contacts with 4 values", times, {"times the rows of single POSTs (at least 20)": ratio}
    )
