"""How fast many contacts are written, beside a bare COPY of the same rows: `python -m tests.bench.import_speed [rows]`.

Each contact has an organization and four values (text, number, date, select). Everything happens on an embedded server
of its own, in a temporary directory. COPY, which row-level security refuses to the application's role, runs as the
owner: into plain tables without indexes, and into the product's own with their indexes, keys and triggers. Nothing is
asserted; a table is printed.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import django
import psycopg

CHUNK = 5_000
ORGANIZATIONS = 2_000
PLANS = ["Free", "Basic", "Pro", "Enterprise"]
TABLES = "contacts_contact, contacts_tag, organizations_organization, customfields_field, workspaces_workspace"
PLAIN = """
CREATE TABLE plain_contact (id bigint, workspace_id bigint, name text, email text, email_key text,
    organization_id bigint, source text);
CREATE TABLE plain_value (workspace_id bigint, contact_id bigint, field_id bigint, kind smallint, value_key bigint,
    text_value text, number_value numeric, date_value date, option_id bigint);
"""


class Data:
    """The same people for every way, as Python objects that a parser would have made."""

    def __init__(self, number: int) -> None:
        from gopimi.lib.addresses import Address

        self.number = number
        self.organizations = [f"Organization {n}" for n in range(ORGANIZATIONS)]
        self.people = [
            (
                Address(f"Person.{n}@d{n % 977}.example", f"person.{n}@d{n % 977}.example", f"d{n % 977}.example"),
                f"Firstname{n % 313} Lastname{n % 7919}",
                n % ORGANIZATIONS,
                (f"Account {n * 7919 % number}", Decimal(n) / 100, date(2020, 1, 1) + timedelta(n % 2500), n % 4),
            )
            for n in range(number)
        ]


class Target:
    """An empty workspace with the fields."""

    def __init__(self) -> None:
        from customfields.models import Field, Kind, Option
        from gopimi.lib.tenancy import workspace
        from gopimi.workspaces.models import Workspace

        self.workspace = Workspace.objects.create(name="Bench", slug="bench234")
        with workspace(self.workspace):
            fields = Field.objects.for_workspace(self.workspace)
            kinds = (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.SELECT)
            self.fields = [fields.create(kind=kind, key=f"f{kind}", label=f"Field {kind}") for kind in kinds]
            options = Option.objects.for_workspace(self.workspace)
            self.options = [options.create(field=self.fields[3], label=label) for label in PLANS]


def by_upsert(data: Data, target: Target, on_conflict: str = "update") -> None:
    from contacts.upserting import Row, upsert
    from gopimi.lib.tenancy import workspace
    from gopimi.workspaces.actor import SYSTEM

    for start in range(0, data.number, CHUNK):
        rows = [
            Row(
                email,
                name=name,
                organization=data.organizations[organization],
                values=dict(zip(target.fields, (*values[:3], target.options[values[3]]), strict=True)),
            )
            for email, name, organization, values in data.people[start : start + CHUNK]
        ]
        with workspace(target.workspace):
            upsert(target.workspace, SYSTEM, rows, on_conflict=on_conflict, source="import")  # type: ignore[arg-type]


def contact_rows(data: Data, target: Target, ids: Sequence[int]) -> Iterator[tuple]:
    for n, (email, name, organization, _) in enumerate(data.people, 1):
        yield n, target.workspace.pk, name, email.given, email.key, ids[organization], "import"


def value_rows(data: Data, target: Target) -> Iterator[tuple]:
    workspace_id = target.workspace.pk
    text, number, day, select = (field.pk for field in target.fields)
    for n, (_, _, _, (account, amount, since, plan)) in enumerate(data.people, 1):
        yield workspace_id, n, text, 1, 0, account, None, None, None
        yield workspace_id, n, number, 2, 0, None, amount, None, None
        yield workspace_id, n, day, 3, 0, None, None, since, None
        yield workspace_id, n, select, 4, 0, None, None, None, target.options[plan].pk


def copy(cursor: Any, table: str, columns: str, rows: Iterator[tuple]) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


CONTACT = "id, workspace_id, name, email, email_key, organization_id, source"
VALUE = "workspace_id, contact_id, field_id, kind, value_key, text_value, number_value, date_value, option_id"


def by_plain_copy(data: Data, target: Target) -> None:
    with owner() as cursor:
        cursor.execute(PLAIN)
        copy(cursor, "plain_contact", CONTACT, contact_rows(data, target, range(ORGANIZATIONS)))
        copy(cursor, "plain_value", VALUE, value_rows(data, target))


def by_copy(data: Data, target: Target) -> None:
    """The contacts, their organizations and values, and nothing else that a contact has."""
    with owner() as cursor:
        cursor.execute(
            "INSERT INTO organizations_organization (workspace_id, name) SELECT %s, unnest(%s::text[]) RETURNING id",
            [target.workspace.pk, data.organizations],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        copy(cursor, "contacts_contact", CONTACT, contact_rows(data, target, ids))
        copy(cursor, "customfields_fieldvalue", VALUE, value_rows(data, target))


def by_copy_of_all(data: Data, target: Target) -> None:
    """With what search finds the contacts by, and their history's first entry, already made."""
    from contacts.searching import grams

    workspace_id = target.workspace.pk
    found_by = [(workspace_id, n, grams(workspace_id, one[1], one[0].given)) for n, one in enumerate(data.people, 1)]
    entries = ((workspace_id, n, "created", "system") for n in range(1, data.number + 1))
    began.append(time.perf_counter())
    by_copy(data, target)
    with owner() as cursor:
        copy(cursor, "contacts_contactsearch", "workspace_id, contact_id, grams", iter(found_by))
        copy(cursor, "contacts_change", "workspace_id, contact_id, what, actor_kind", entries)


began: list[float] = []


@contextmanager
def owner() -> Iterator[psycopg.Cursor]:
    from django.conf import settings

    with psycopg.connect(
        host=settings.DATABASE_OWNER["HOST"],
        user=settings.DATABASE_OWNER["USER"],
        dbname=settings.DATABASES["default"]["NAME"],
    ) as connection:
        yield connection.cursor()


def empty() -> None:
    with owner() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("DROP TABLE IF EXISTS plain_contact, plain_value")


def timed(way: Callable[[Data, Target], None], data: Data, target: Target) -> float:
    began[:] = [time.perf_counter()]
    way(data, target)
    return time.perf_counter() - began[-1]


def main(number: int) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    data = Data(number)
    times: dict[str, float] = {}
    for name, way in [
        ("COPY, plain tables", by_plain_copy),
        ("COPY, same tables", by_copy),
        ("COPY, same tables, search and history", by_copy_of_all),
        ("upsert, all new", by_upsert),
    ]:
        empty()
        target = Target()
        times[name] = timed(way, data, target)
    times["upsert, unchanged"] = timed(by_upsert, data, target)
    data.people = [
        (email, f"{name} Jr", n, (values[0], values[1] + 1, *values[2:])) for email, name, n, values in data.people
    ]
    times["upsert, name and number changed"] = timed(by_upsert, data, target)
    print(f"{number:,} contacts with organization and 4 values, in chunks of {CHUNK:,}\n")
    print(f"{'':40}{'seconds':>9}{'rows/s':>10}{'of COPY':>9}")
    for name, seconds in times.items():
        print(f"{name:40}{seconds:9.2f}{number / seconds:10,.0f}{seconds / times['COPY, same tables']:9.2f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="gopimi-bench-") as directory:
        os.environ.update(GOPIMI_DATA_DIR=directory, DJANGO_SETTINGS_MODULE="gopimi.settings")
        os.environ.pop("DATABASE_URL", None)
        django.setup()
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
