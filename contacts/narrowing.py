"""How the server goes about a filter by custom fields: from the few contacts that match, or along the asked order.

Left to itself it guesses, since row-level security hides how many match: it sorted 30,000 contacts for the first 50. So
it is told first whether the matching values are rare, which an index alone says, up to a bound.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Q, QuerySet
from django.db.models.expressions import OrderBy, RawSQL

from customfields import values
from customfields.models import Field
from gopimi.lib import arrays
from gopimi.lib.keyset import Among

RARE = 2_000  # values, whose contacts are all read and sorted
SOME = 50_000  # whose contacts' ids are kept at hand on the way along the order
SPARE = 10  # more than are wanted are read by their ids: some may be in the trash
NEAR = 20_000  # ids from the first one on, among which are most probably enough
SAMPLE, SHORT_WAY, LONG_WAY = 200, 2_000, 20_000  # contacts along the order, among which one looks
FEW = 10  # of the sample: passing over the others in an index takes less than to look at contacts
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

    @property
    def is_one_value(self) -> bool:
        """Whether it is just one, of which an index has the contacts in the order of their ids."""
        parts, is_plain = self.condition.children, self.condition.connector == Q.AND and not self.condition.negated
        return is_plain and bool(parts) and all(map(_is_one, parts))

    def known(self, cap: int) -> Statement:
        """The same of at most so many: a set that is read once, and that the planner doesn't merge into the rest."""
        statement, parameters = self.statement
        return f"{statement} LIMIT {cap}", parameters

    def test(self) -> Statement:
        """Whether one contact, `pk`, is among them. EXISTS might be made of all, however few are to be tested."""
        statement, parameters = self.statement
        return f"(SELECT true FROM ({statement}) AS own WHERE own.contact_id = pk LIMIT 1)", parameters  # noqa: S608


class Order:
    """A queryset in its order, as statements of its contacts' ids: `pk`, and the time where that leads the order."""

    def __init__(self, rows: QuerySet) -> None:
        leading, *others = (key for key in rows.query.order_by if isinstance(key, OrderBy))
        self.descending = leading.descending
        self.table = rows.model._meta.db_table
        self.is_by_time = bool(others) and leading.expression == F("created_at")
        self.statement: Statement = rows.values("pk", *["created_at"][: self.is_by_time]).query.sql_with_params()

    def first(self, way: int, tests: Sequence[Statement], number: int) -> Statement:
        """Of the first ones that pass the tests, so far along: none is tested before it is in the order."""
        (statement, parameters), passed = self.statement, " AND ".join(test for test, _ in tests)
        return (
            f"SELECT pk FROM ({statement} LIMIT {way}) AS first_rows WHERE {passed} LIMIT {number}",  # noqa: S608
            [*parameters, *(one for _, given in tests for one in given)],
        )

    def nearest(self, held: Held, number: int) -> Statement:
        """Of the very first one, and from it on, by their ids, of those that have such a value.

        Those near the first are sorted by themselves: most often they are enough, and the others only passed over.
        """
        (rows, given), (statement, parameters) = self.statement, held.statement
        within, beyond, way, far = ("<=", "<", "DESC", -NEAR) if self.descending else (">=", ">", "ASC", NEAR)
        own = f"SELECT contact_id FROM ({statement}) AS own WHERE contact_id"  # noqa: S608
        sort = f"ORDER BY contact_id {way} LIMIT {number}"
        return (
            f"WITH first AS (SELECT pk, pk + ({far}) AS edge FROM ({rows} LIMIT 1) AS one), "  # noqa: S608
            f"near AS MATERIALIZED ({own} {within} (SELECT pk FROM first) AND NOT contact_id {beyond} "
            f"(SELECT edge FROM first) {sort}) "
            "SELECT pk FROM first UNION ALL SELECT contact_id FROM near UNION ALL "
            f"({own} {beyond} (SELECT edge FROM first) {sort} - (SELECT count(*) FROM near))",
            [*given, *parameters, *parameters],
        )

    def others(self, ids: Sequence[int]) -> RawSQL:
        """Whether there are contacts before the last of these, by time, whose ids aren't between the first and last."""
        statement, parameters = self.statement
        before, after, way = (">", "<", "ASC") if self.descending else ("<", ">", "DESC")
        return RawSQL(  # noqa: S611
            f"EXISTS (SELECT FROM ({statement}) AS passed WHERE (created_at, pk) {before} "  # noqa: S608
            f"(SELECT created_at, id FROM {self.table} WHERE id = ANY(%s::bigint[]) "
            f"ORDER BY created_at {way}, id {way} LIMIT 1) AND (pk {before} %s OR pk {after} %s))",
            [*parameters, arrays.literal(ids[1:]), ids[0], ids[-1]],
            BooleanField(),
        )


class Along(Among):
    """The contacts that have such values, looked for along an order, as `keyset.paginate` asks for them."""

    def __init__(self, held: Sequence[Held]) -> None:
        self.held = held

    @cached_property
    def condition(self) -> Q:  # type: ignore[override]
        return Q(*(one.having for one in self.held))

    def find(self, rows: QuerySet, number: int) -> list[Any]:
        """The first rows that have them."""
        try:
            order = Order(rows)
        except EmptyResultSet:  # another filter can't be met, says Django without asking the server
            return []
        tests = [one.test() for one in self.held]
        rare, hits, nearest = self._look(order, tests, number)
        if rare:
            return list(self._narrowed(rows, *rare)[:number])
        if nearest and (found := _by_id(rows, order, nearest, number)):
            return found
        if hits >= _dense(number):
            found = list(rows.filter(_among(order.first(SHORT_WAY, tests, number))))
            if len(found) == number:
                return found
        if self._least is None:
            wanted = rows.filter(self.condition)
        else:
            known, given = self._least.known(SOME)
            tests[self.held.index(self._least)] = f"(pk IN ({known})) IS TRUE", given  # a bare IN would be joined
            wanted = self._narrowed(rows, self._least, (known, given))
        found = list(rows.filter(_among(order.first(LONG_WAY, tests, number))))
        return found if len(found) == number else list(rows.filter(pk__in=wanted.values_list("pk", flat=True)[:number]))

    def _look(
        self, order: Order, tests: Sequence[Statement], number: int
    ) -> tuple[tuple[Held, Statement] | None, int, list[int] | None]:
        """By one statement: what is rare, with the ids of the contacts that have it; else how many of the first ones
        have all, and, where those are few or that needn't be known, `Order.nearest`."""
        sets, parameters = self._known(RARE + 1)
        columns = ", ".join(f"ARRAY({statement}) AS set{place}" for place, statement in enumerate(sets))
        sizes = ", ".join(f"cardinality(set{place})" for place in range(len(sets)))
        ids = ", ".join(f"CASE WHEN hits IS NULL THEN set{place} END" for place in range(len(sets)))
        by_id = order.is_by_time and len(self.held) == 1
        few = max(FEW, _dense(number))
        at_once = by_id and self.held[0].is_one_value
        sample, given = ("SELECT WHERE false", []) if at_once else order.first(SAMPLE, tests, few)
        nearest, more = order.nearest(self.held[0], number + SPARE) if by_id else ("SELECT NULL::bigint", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH sets AS MATERIALIZED (SELECT {columns}), looked AS MATERIALIZED ("  # noqa: S608
                f"SELECT *, CASE WHEN least({sizes}) > {RARE} THEN (SELECT count(*) FROM ({sample}) AS tried) END "
                f"AS hits FROM sets) SELECT hits, CASE WHEN hits < {few} THEN ARRAY({nearest}) END, {ids} "
                "FROM looked",
                [*parameters, *given, *more],
            )
            hits, near, *rare = cursor.fetchone()
        if hits is not None:
            return None, hits, near
        least = min(range(len(rare)), key=lambda place: len(rare[place]))
        return (self.held[least], _given(rare[least])), 0, None

    def _known(self, cap: int) -> tuple[list[str], list[Any]]:
        """At most so many of each set, as statements, and the parameters of all of them."""
        known = [one.known(cap) for one in self.held]
        return [statement for statement, _ in known], [one for _, given in known for one in given]

    def _narrowed(self, rows: QuerySet, least: Held, ids: Statement) -> QuerySet:
        return rows.filter(_among(ids), *(one.having for one in self.held if one is not least))

    @cached_property
    def _least(self) -> Held | None:
        """What the fewest contacts have, if they aren't too many to be kept at hand."""
        sets, parameters = self._known(SOME + 1)
        columns = ", ".join(f"(SELECT count(*) FROM ({one}) AS matching)" for one in sets)  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns}", parameters)
            counts = dict(zip(self.held, cursor.fetchone(), strict=True))
        least = min(self.held, key=counts.__getitem__)
        return least if counts[least] <= SOME else None


def _is_one(part: Any) -> bool:
    return isinstance(part, tuple) and part[0].endswith("__in") and len(part[1]) == 1


def _by_id(rows: QuerySet, order: Order, nearest: Sequence[int], number: int) -> list[Any]:
    """The first rows by what an index tells in the order of ids, which is as good as always the one of time.

    Nothing where a contact that comes before the last of those told has another place in it.
    """
    if len(nearest) <= number + SPARE:
        return []
    near = rows.filter(_among(_given(nearest[1:]))).annotate(others=order.others(nearest))
    found = list(near[:number])
    return found if len(found) == number and not found[0].others else []


def _dense(number: int) -> int:
    """How many of the sample have it where so many rows are most probably found soon."""
    return -(-number * SAMPLE // (2 * SHORT_WAY)) if SHORT_WAY else SAMPLE + 1


def _given(ids: Sequence[int]) -> Statement:
    return "SELECT unnest(%s::bigint[])", [arrays.literal(ids)]


def _among(ids: Statement) -> Q:
    return Q(pk__in=RawSQL(*ids))  # noqa: S611
