"""The contacts table's fragment as the browser asks for it, with few contacts and with many, beside the admin.

One worker, one connection, medians in turns. Beside the workspaces that are measured there are others, as in life.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.bench import people, world
from tests.bench.clock import KeepAlive, in_turns
from tests.bench.desk import analyze, owner, serving
from tests.bench.sizes import FEW, MANY
from tests.bench.tables import Measured

ROUNDS = 15
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ROWS = 50
SORTS = ["name", "-name", "email", "organization", "-created_at", "updated_at", "cf_account", "-cf_seats", "cf_renewal"]
FIELDS = ["email", "organization", "cf_plan", "cf_seats", "cf_renewal", "cf_products"]
ASKED: dict[str, dict[str, str | list[str]]] = {
    "no filter": {},
    "four fields as columns": {"column": FIELDS},
    **{f"sort {name}": {"sort": name} for name in [*SORTS, "cf_plan"]},
    "option of 1 %": {"cf_plan": "Enterprise"},
    "option of 30 %": {"cf_plan": "Basic"},
    "number range": {"cf_seats__gte": "100", "cf_seats__lt": "200"},
    "organization": {"organization": "{organization}"},
    "search of 2, frequent": {"q": "da"},
    "search of 3, frequent": {"q": "ber"},
    "search of 5, frequent": {"q": "berge"},
    "search of 5, rare": {"q": "zyxor"},
    "search of 3, none": {"q": "qqq"},
    "two filters": {"cf_plan": "Basic", "cf_active": "true"},
    "two filters, one a range": {"cf_plan": "Basic", "cf_seats__gte": "9000"},
    "page 2": {"cursor": "{second}"},
    "page at 90 %": {"cursor": "{deep}"},
}
PEERS = {  # which page of the admin's is the same
    "no filter": "person/", "four fields as columns": "personwithfields/",
    "option of 1 %": "person/?plan=Enterprise", "option of 30 %": "person/?plan=Basic",
    "search of 5, rare": "person/?q=zyxor", "page at 90 %": "person/?p={deep}",
}  # fmt: skip
SHOWN = ["no filter", "option of 30 %", "search of 5, rare", "two filters", "page at 90 %"]  # in the plot


def measure() -> Iterator[Measured]:
    workspaces = world.workspaces()
    _copy_for_peer()
    analyze()
    peer = {
        "BENCH_APPS": "django.contrib.admin tests.bench.peers.changelist",
        "BENCH_URLS": "tests.bench.peers.changelist.urls",
    }
    with serving() as ours, serving("tests.bench.peers.wsgi", **peer) as theirs:
        tables = {number: Table(target, ours) for number, target in workspaces.items()}
        yield from _growth(tables)
        yield from _beside(tables, theirs)


class Table:
    """A member's table of one workspace."""

    def __init__(self, target: Any, port: int) -> None:
        self.desk = world.Desk(target, port, HX_Target="contacts-table")
        self.known = {name: quote(value) for name, value in self._known(target).items()}

    def get(self, asked: str) -> Any:
        given = {name: value if isinstance(value, list) else [value] for name, value in ASKED[asked].items()}
        query = "&".join(f"{name}={one.format(**self.known)}" for name, several in given.items() for one in several)
        return self.desk.get("contacts:list", query=query)

    @staticmethod
    def _known(target: Any) -> dict[str, str]:
        from django.http import QueryDict

        from contacts.filters import ContactFilter
        from contacts.models import Contact
        from gopimi.lib import keyset
        from gopimi.lib.tenancy import workspace
        from organizations.models import Organization

        with workspace(target):
            contacts, keys = ContactFilter(QueryDict(""), target).ordered(Contact.objects.for_workspace(target))
            in_order = contacts.order_by("-created_at", "-id")
            total = contacts.count()
            return {
                "organization": str(Organization.objects.for_workspace(target).first().pk),  # type: ignore[union-attr]
                "second": keyset.after(in_order[min(ROWS, total) - 1], keys),
                "deep": keyset.after(in_order[int(total * 0.9)], keys),
            }


def _growth(tables: dict[int, Table]) -> Iterator[Measured]:
    """Of many contacts, the time over that of few."""
    times: dict[str, dict[str, float]] = {}
    for asked in ASKED:
        ways = {str(number): lambda one=one, asked=asked: one.get(asked) for number, one in tables.items()}
        times[asked] = in_turns(ways, ROUNDS)
    answer = tables[MANY].get("no filter")
    others = {
        "the fragment's bytes (at most 60 KB)": f"{len(gzip.decompress(answer.body)):,}",
        "and as they are sent (at most 6 KB)": f"{len(answer.body):,}",
    }
    title = f"The contacts table at {MANY:,} contacts; its time over that at {FEW:,} (at most 1.5; with a range 3)"
    yield Measured(
        title,
        {asked: taken[str(MANY)] for asked, taken in times.items()},
        {asked: taken[str(MANY)] / taken[str(FEW)] for asked, taken in times.items()},
        others,
        {asked: {number: times[asked][str(number)] for number in tables} for asked in SHOWN},
    )


def _beside(tables: dict[int, Table], port: int) -> Iterator[Measured]:
    admin = KeepAlive(port, Accept_Encoding="gzip")
    times, ratios = {}, {}
    for number, asked_for in ((MANY, PEERS), (FEW, {"no filter": "someone/"})):
        for asked, page in asked_for.items():
            address = f"/admin/changelist/{page.format(deep=int(number * 0.9 / ROWS))}"
            ways = {
                "ours": lambda asked=asked, number=number: tables[number].get(asked),
                "admin": lambda address=address: admin.get(address),
            }
            taken = in_turns(ways, ROUNDS)
            name = asked if number == MANY else f"{asked}, {number:,} contacts"
            times[f"GoPimi: {name}"], times[f"admin: {name}"] = taken["ours"], taken["admin"]
            ratios[name] = taken["admin"] / taken["ours"]
    title = (
        f"Beside a Django admin changelist at {MANY:,} "
        f"(list 10, filters 5, page at 90 % 50, rare search 20; at {FEW:,} 2)"
    )
    yield Measured(title, times, ratios)


def _copy_for_peer() -> None:
    """The same people in one table of typed columns, as the admin's users have it, and few of them in another. As with
    us some thousand were made at a time, since they were imported."""
    from django.conf import settings
    from django.db import connection

    from gopimi.lib.roles import as_owner
    from tests.bench.peers.changelist.models import Person, Someone

    columns = ", ".join([*people.Person._fields, "tags", "created_at", "updated_at"])
    for model, number in ((Person, MANY), (Someone, FEW)):
        with as_owner(connection), connection.schema_editor() as editor:
            editor.create_model(model)
        with owner() as cursor:
            cursor.execute(f"GRANT SELECT ON {model._meta.db_table} TO {settings.DATABASE_ROLE}")
            with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as stream:
                for n in range(1, number + 1):
                    one = people.person(n)
                    made = NOON + timedelta(seconds=n // people.CHUNK)
                    stream.write_row((*one[:-1], ", ".join(one.products), "", made, made))
