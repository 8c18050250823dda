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
SOME = 50_000  # whose contacts' ids are kept at hand on the way along the order
SAMPLE, SHORT_WAY, LONG_WAY = 200, 2_000, 20_000  # contacts along the order, among which one looks
Statement = tuple[str, Sequence[Any]]  # and its parameters


class Held:
    """What one of a field's values must be."""

    def __init__(self, field: Field, condition: Q) -> None:
        self.field, self.condition = field, condition

    @cached_property
    def having(self) -> Q:
        return values.having(self.field, self.condition)

    @cached_property
    def statement(self) -> Statement:
        """Of the ids of the contacts that have such a value."""
        query = values.meeting(self.field, self.condition).values("contact_id").query
        return query.sql_with_params()  # type: ignore[no-any-return]

    def known(self, cap: int) -> Statement:
        """The same of at most so many: a set that is read once, and that the planner doesn't merge into the rest."""
        statement, parameters = self.statement
        return f"{statement} LIMIT {cap}", parameters

    def test(self) -> Statement:
        """Whether one contact, `pk`, is among them. EXISTS might be made of all, however few are to be tested."""
        statement, parameters = self.statement
        return f"(SELECT true FROM ({statement}) AS own WHERE own.contact_id = pk LIMIT 1)", parameters  # noqa: S608


class Along(Among):
    """The contacts that have such values, looked for along an order, as `keyset.paginate` asks for them."""

    def __init__(self, held: Sequence[Held]) -> None:
        self.held = held

    @cached_property
    def condition(self) -> Q:  # type: ignore[override]
        return Q(*(one.having for one in self.held))

    def find(self, rows: QuerySet, number: int) -> list[Any]:
        """The first rows that have them."""
        order = rows.values("pk").query.sql_with_params()
        tests = [one.test() for one in self.held]
        if len(_ids(_first(order, SAMPLE, tests, number))) * 2 * SHORT_WAY >= number * SAMPLE:  # are they dense?
            found = list(rows.filter(_among(_first(order, SHORT_WAY, tests, number))))
            if len(found) == number:
                return found
        least = self._least()
        if least is None:
            wanted = rows.filter(self.condition)
        else:
            known, given = least.known(SOME)
            tests[self.held.index(least)] = f"(pk IN ({known})) IS TRUE", given  # a bare IN would be joined
            wanted = _narrowed(rows, self.held, least, (known, given))
        found = list(rows.filter(_among(_first(order, LONG_WAY, tests, number))))
        return found if len(found) == number else list(rows.filter(pk__in=wanted.values_list("pk", flat=True)[:number]))

    def _least(self) -> Held | None:
        """What the fewest contacts have, if they aren't too many to be kept at hand."""
        counts = _each(self.held, SOME + 1, "(SELECT count(*) FROM ({}) AS matching)")
        least = min(self.held, key=counts.__getitem__)
        return least if counts[least] <= SOME else None


def plan(contacts: QuerySet, held: Sequence[Held]) -> tuple[QuerySet, Along | None]:
    """The contacts that have such values as `keyset.paginate` takes them: narrowed already, or yet to be looked for."""
    if not held:
        return contacts, None
    found = _each(held, RARE + 1, "ARRAY({})")
    least = min(held, key=lambda one: len(found[one]))
    if len(found[least]) > RARE:
        return contacts, Along(held)
    ids = "SELECT unnest(%s::bigint[])", [arrays.literal(found[least])]
    return _narrowed(contacts, held, least, ids), None


def _narrowed(contacts: QuerySet, held: Sequence[Held], least: Held, ids: Statement) -> QuerySet:
    return contacts.filter(_among(ids), *(one.having for one in held if one is not least))


def _among(ids: Statement) -> Q:
    return Q(pk__in=RawSQL(*ids))  # noqa: S611


def _each(held: Sequence[Held], cap: int, wanted: str) -> dict[Held, Any]:
    """Something of each set, at most so many of it, all read by one statement."""
    parts, parameters = zip(*(one.known(cap) for one in held), strict=True)
    with connection.cursor() as cursor:
        columns = ", ".join(wanted.format(part) for part in parts)
        cursor.execute(f"SELECT {columns}", [one for given in parameters for one in given])
        return dict(zip(held, cursor.fetchone(), strict=True))


def _first(order: Statement, way: int, tests: Sequence[Statement], number: int) -> Statement:
    """Of the ids of the first rows that pass the tests, so far along the order: none is tested before it is in it."""
    (statement, parameters), passed = order, " AND ".join(test for test, _ in tests)
    return (
        f"SELECT pk FROM ({statement} LIMIT {way}) AS first_rows WHERE {passed} LIMIT {number}",  # noqa: S608
        [*parameters, *(one for _, given in tests for one in given)],
    )


def _ids(statement: Statement) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        return [pk for (pk,) in cursor.fetchall()]
