"""How the server goes about a filter by custom fields: from the few contacts that match, or along the asked order.

Left to itself it guesses, since row-level security hides how many match: it sorted 30,000 contacts for the first 50. So
the matching values are counted first, which an index alone tells, up to a bound.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from customfields import values
from customfields.models import Field
from gopimi.lib import arrays
from gopimi.lib.keyset import Among

RARE = 2_000  # values, whose contacts are all read and sorted
SOME = 50_000  # whose contacts' ids are kept at hand on a long way along the order
SHORT_WAYS, LONG_WAY = (200, 2_000), 20_000  # contacts along the order, among which a page is looked for


class Held:
    """What one of a field's values must be."""

    def __init__(self, field: Field, condition: Q) -> None:
        self.field, self.condition = field, condition

    @cached_property
    def having(self) -> Q:
        return values.having(self.field, self.condition)

    @cached_property
    def statement(self) -> tuple[str, Sequence[Any]]:
        """Of the ids of the contacts that have such a value."""
        query = values.meeting(self.field, self.condition).values("contact_id").query
        return query.sql_with_params()  # type: ignore[no-any-return]

    def known(self, cap: int) -> tuple[str, Sequence[Any]]:
        """The same of at most so many: a set that is read once, and that the planner doesn't merge into the rest."""
        statement, parameters = self.statement
        return f"{statement} LIMIT {cap}", parameters

    def test(self) -> tuple[str, Sequence[Any]]:
        """Whether one contact, `pk`, is among them. EXISTS might be made of all, however few are to be tested."""
        statement, parameters = self.statement
        return f"(SELECT true FROM ({statement}) AS own WHERE own.contact_id = pk LIMIT 1)", parameters  # noqa: S608


class Along(Among):
    """The contacts that have such values, looked for along an order, as `keyset.paginate` asks for them."""

    def __init__(self, held: Sequence[Held]) -> None:
        self.held = held
        self.condition = Q(*(one.having for one in held))

    def find(self, rows: QuerySet, number: int) -> list[int]:
        """The ids of the first rows that have them."""
        order, parameters = rows.values("pk").query.sql_with_params()
        tests = [one.test() for one in self.held]
        looked_at, ids = 1, [0]
        for way in SHORT_WAYS:
            if 2 * len(ids) * way >= number * looked_at:  # as it looks, there are enough
                looked_at, ids = way, _first(f"{order} LIMIT {way}", parameters, tests, number)
                if len(ids) == number:
                    return ids
        counts = _each(self.held, SOME + 1, "(SELECT count(*) FROM ({}) AS matching)")
        least = min(self.held, key=counts.__getitem__)
        if counts[least] <= SOME:
            known, given = least.known(SOME)
            tests[self.held.index(least)] = f"(pk IN ({known})) IS TRUE", given  # a bare IN would be joined
            wanted = _narrowed(rows, self.held, least, RawSQL(known, given))  # noqa: S611
        else:
            wanted = rows.filter(self.condition)
        ids = _first(f"{order} LIMIT {LONG_WAY}", parameters, tests, number)
        return ids if len(ids) == number else list(wanted.values_list("pk", flat=True)[:number])


def plan(contacts: QuerySet, held: Sequence[Held]) -> tuple[QuerySet, Along | None]:
    """The contacts that have such values as `keyset.paginate` takes them: narrowed already, or yet to be looked for."""
    if not held:
        return contacts, None
    found = _each(held, RARE + 1, "ARRAY({})")
    least = min(held, key=lambda one: len(found[one]))
    if len(found[least]) > RARE:
        return contacts, Along(held)
    return _narrowed(contacts, held, least, RawSQL("SELECT unnest(%s::bigint[])", [arrays.literal(found[least])])), None


def _narrowed(contacts: QuerySet, held: Sequence[Held], least: Held, ids: RawSQL) -> QuerySet:
    return contacts.filter(Q(pk__in=ids), *(one.having for one in held if one is not least))


def _each(held: Sequence[Held], cap: int, wanted: str) -> dict[Held, Any]:
    """Something of each set, at most so many of it, all read by one statement."""
    parts, parameters = zip(*(one.known(cap) for one in held), strict=True)
    with connection.cursor() as cursor:
        columns = ", ".join(wanted.format(part) for part in parts)
        cursor.execute(f"SELECT {columns}", [one for given in parameters for one in given])
        return dict(zip(held, cursor.fetchone(), strict=True))


def _first(order: str, parameters: Sequence[Any], tests: Sequence[tuple[str, Sequence[Any]]], number: int) -> list[int]:
    """The ids of the first rows that pass the tests. The planner doesn't test what it hasn't put in order."""
    passed = " AND ".join(test for test, _ in tests)
    statement = f"SELECT pk FROM ({order}) AS first_rows WHERE {passed} LIMIT {number}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *(one for _, given in tests for one in given)])
        return [pk for (pk,) in cursor.fetchall()]
