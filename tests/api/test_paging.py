"""Paging through many contacts while others insert and delete: who is there all the time is shown once."""

from collections import Counter
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.db import connection
from django.test import override_settings

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program
from tests.longer import LONGER

MANY = 10_000
FIELD = "customfields_fieldvalue (workspace_id, contact_id, field_id, kind, number_value)"
# Many have the same name, and the same number or none.
MAKE = """
    INSERT INTO contacts_contact (workspace_id, name, email, email_key, source, created_at, updated_at)
    SELECT %s, 'Name ' || n %% 100, %s || n || '@acme.example', %s || n || '@acme.example', 'api',
        now() + make_interval(secs => n %% 1000), now()
    FROM generate_series(1, %s) AS n RETURNING id
"""
NUMBER = f"INSERT INTO {FIELD} SELECT %s, id, %s, 2, id %% 7 FROM unnest(%s::bigint[]) AS id WHERE id %% 5 > 0"


def make(target: Workspace, prefix: str, number: int, field: int) -> list[int]:
    with workspace(target), connection.cursor() as cursor:
        cursor.execute(MAKE, [target.pk, prefix, prefix, number])
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(NUMBER, [target.pk, field, ids])
        return ids


def come_and_go(target: Workspace, field: int, passing: list[int], stop: Event) -> None:
    """Insert some and delete others, in a transaction of its own each time, until told to stop."""
    try:
        for round_ in range(1_000_000):
            passing += make(target, f"r{round_}-", 20, field)
            with workspace(target):
                Contact.objects.for_workspace(target).filter(pk__in=passing[:20]).delete()
            del passing[:20]
            if stop.wait(0.005):
                return
    finally:
        connection.close()


@pytest.fixture
def crowd(api: Program, acme: Workspace) -> Iterator[tuple[set[int], list[int]]]:
    """The contacts that stay, and those that are there just now among others that come and go all the time."""
    field = api.post("/custom-fields", {"label": "Seats", "type": "number"}).json()["id"]
    staying = set(make(acme, "stays-", round(MANY * 0.9), field))
    passing = make(acme, "passes-", round(MANY * 0.1), field)
    stop = Event()
    other = Thread(target=come_and_go, args=(acme, field, passing, stop))
    other.start()
    yield staying, passing
    stop.set()
    other.join()


@pytest.mark.django_db(transaction=True)
@override_settings(API_RATE=0)
def test_no_row_is_skipped_or_repeated(api: Program, crowd: tuple[set[int], list[int]]) -> None:
    staying, passing = crowd
    sorts = ["", "&sort=-cf_seats"] if LONGER <= 1 else ["", "&sort=-cf_seats", "&sort=name", "&sort=cf_seats"]
    for sort in sorts:
        seen: Counter[int] = Counter()
        before = set(passing)
        page = api.get(f"/contacts?limit=200{sort}").json()
        while True:
            seen.update(row["id"] for row in page["data"])
            if not page["page"]["has_more"]:
                break
            page = api.get(f"/contacts?limit=200{sort}&cursor={page['page']['next_cursor']}").json()
        assert {pk: times for pk, times in seen.items() if times > 1} == {}, sort
        assert not staying - seen.keys(), sort
        after = set(passing)
        assert before - after, "nobody went"
        assert after - before, "nobody came"
