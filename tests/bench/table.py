"""The contacts table's fragment as the browser asks for it, with few contacts and with many, beside the admin.

One worker, one connection, medians in turns. Beside the workspaces that are measured there are others, as in life.
"""

import gzip
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.bench import people
from tests.bench.clock import KeepAlive, in_turns
from tests.bench.desk import analyze, owner, serving
from tests.bench.tables import Measured

FEW, MANY = 1_000, int(os.environ.get("BENCH_CONTACTS", "1000000"))
OTHERS, OTHERS_EACH = int(os.environ.get("BENCH_WORKSPACES", "200")), 500
ROUNDS = 15
ROWS = 50
SORTS = ["name", "-name", "email", "organization", "-created_at", "updated_at", "cf_account", "-cf_seats", "cf_renewal"]
ASKED: dict[str, dict[str, str]] = {
    "no filter": {},
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
PEERS = {  # what the admin is asked for the same
    "no filter": "", "option of 1 %": "plan=Enterprise", "option of 30 %": "plan=Basic",
    "search of 5, rare": "q=zyxor", "page at 90 %": "p={deep}",
}  # fmt: skip
HEADERS = {"HX_Request": "true", "HX_Target": "contacts-table"}


def measure() -> Iterator[Measured]:
    from django.core.management import call_command

    from gopimi.workspaces.models import Workspace

    call_command("collectstatic", interactive=False, verbosity=0)
    few = Workspace.objects.create(name="Few", slug="benchfew")
    many = Workspace.objects.create(name="Many", slug="benchmany")
    people.fill(few, FEW)
    people.fill(many, MANY)
    for number in range(OTHERS):
        people.fill(Workspace.objects.create(name="Other", slug=f"other{number}"), OTHERS_EACH)
    _copy_for_peer()
    analyze()
    peer = {"BENCH_APPS": "tests.bench.peers.changelist", "BENCH_URLS": "tests.bench.peers.changelist.urls"}
    with serving() as ours, serving("tests.bench.peers.wsgi", **peer) as theirs:
        desks = {"few": Desk(few, ours), "many": Desk(many, ours)}
        yield from _growth(desks)
        yield from _beside(desks["many"], theirs)


class Desk:
    """A member's connection to one workspace."""

    def __init__(self, target: Any, port: int) -> None:
        self.target, self.path = target, target.url("contacts:list")
        self.http = KeepAlive(port, Cookie=signed_in(target), Accept_Encoding="gzip", **HEADERS)
        self.known = {name: quote(value) for name, value in self._known().items()}

    def address(self, asked: str) -> str:
        query = "&".join(f"{name}={value.format(**self.known)}" for name, value in ASKED[asked].items())
        return f"{self.path}?{query}"

    def _known(self) -> dict[str, str]:
        from django.http import QueryDict

        from contacts.filters import ContactFilter
        from contacts.models import Contact
        from gopimi.lib import keyset
        from gopimi.lib.tenancy import workspace
        from organizations.models import Organization

        with workspace(self.target):
            contacts, keys = ContactFilter(QueryDict(""), self.target).ordered(
                Contact.objects.for_workspace(self.target)
            )
            in_order = contacts.order_by("-created_at", "-id")
            total = contacts.count()
            return {
                "organization": str(Organization.objects.for_workspace(self.target).first().pk),  # type: ignore[union-attr]
                "second": keyset.after(in_order[min(ROWS, total) - 1], keys),
                "deep": keyset.after(in_order[int(total * 0.9)], keys),
            }


def signed_in(target: Any) -> str:
    from django.conf import settings
    from django.test import Client

    from gopimi.workspaces.models import Membership, User

    user, _ = User.objects.get_or_create(email="bench@acme.example", defaults={"name": "Bench"})
    Membership.objects.get_or_create(workspace=target, user=user, defaults={"role": "admin"})
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _growth(desks: dict[str, Desk]) -> Iterator[Measured]:
    """Of many contacts, the time over that of few."""
    times: dict[str, dict[str, float]] = {}
    for asked in ASKED:
        ways = {name: lambda desk=desk, asked=asked: desk.http.get(desk.address(asked)) for name, desk in desks.items()}
        times[asked] = in_turns(ways, ROUNDS)
    answer = desks["many"].http.get(desks["many"].address("no filter"))
    others = {
        "the fragment's bytes (at most 60 KB)": f"{len(gzip.decompress(answer.body)):,}",
        "and as they are sent (at most 6 KB)": f"{len(answer.body):,}",
    }
    title = f"The contacts table at {MANY:,} contacts; its time over that at {FEW:,} (at most 1.5; with a range 3)"
    yield Measured(
        title,
        {asked: taken["many"] for asked, taken in times.items()},
        {asked: taken["many"] / taken["few"] for asked, taken in times.items()},
        others,
    )


def _beside(desk: Desk, port: int) -> Iterator[Measured]:
    admin = KeepAlive(port, Accept_Encoding="gzip")
    deep = str(int(MANY * 0.9 / ROWS))
    times, ratios = {}, {}
    for asked, query in PEERS.items():
        address = f"/admin/changelist/person/?{query.format(deep=deep)}"
        ways = {
            "ours": lambda asked=asked: desk.http.get(desk.address(asked)),
            "admin": lambda address=address: admin.get(address),
        }
        taken = in_turns(ways, 5)
        times[f"GoPimi: {asked}"], times[f"admin: {asked}"] = taken["ours"], taken["admin"]
        ratios[asked] = taken["admin"] / taken["ours"]
    title = f"Beside a Django admin changelist at {MANY:,} (list 10, filters 5, page at 90 % 50, rare search 20)"
    yield Measured(title, times, ratios)


def _copy_for_peer() -> None:
    """The same people in one table of typed columns, as the admin's users have it."""
    from django.db import connection

    from gopimi.lib.roles import as_owner
    from tests.bench.peers.changelist.models import Person

    with as_owner(connection), connection.schema_editor() as editor:
        editor.create_model(Person)
    columns = ", ".join(people.Person._fields)
    with owner() as cursor, cursor.copy(f"COPY changelist_person ({columns}) FROM STDIN") as stream:
        for n in range(1, MANY + 1):
            one = people.person(n)
            stream.write_row((*one[:-1], ", ".join(one.products)))
