"""Lists of contacts, filtered and sorted, against a slow and obvious reference over random contacts (`people.py`)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customfields import types
from gopimi.workspaces.models import Workspace
from tests.api import conditions, people
from tests.api.conditions import matching, query
from tests.api.conftest import Program
from tests.api.people import KINDS, SORTS, Person, in_order, stored
from tests.longer import tried


def listed(api: Program, address: str) -> list[int]:
    """The ids of all pages, in order."""
    found: list[int] = []
    cursor = ""
    while True:
        answer = api.get(address + cursor)
        assert answer.status_code == 200, (address, answer.content)
        page = answer.json()
        found += [row["id"] for row in page["data"]]
        if not page["page"]["has_more"]:
            return found
        cursor = f"&cursor={page['page']['next_cursor']}"


def test_the_reference_has_every_operator_of_every_type() -> None:
    known = {(kind.name, kind.multiple): {*kind.operators} for kind in types.TYPES.values()}
    assert {(kind.type, kind.multiple): {*kind.operators, "empty"} for kind in KINDS.values()} == known


@pytest.mark.parametrize("key", KINDS)
def test_every_operator_of_a_type(api: Program, acme: Workspace, key: str) -> None:
    field = people.define(api, [key])[key]

    @tried(8)
    @given(persons=people.people([key]), data=st.data())
    def try_some(persons: list[Person], data: Any) -> None:
        with stored(api, acme, persons):
            for option in data.draw(st.lists(st.sampled_from(field["options"] or [None]), max_size=2)):
                if option:  # who has it keeps it, and is still found by it
                    path = f"/custom-fields/{field['id']}/options/{option['id']}"
                    assert api.patch(path, {"archived": True}).status_code == 200
            for operator in [*KINDS[key].operators, "empty"]:
                asked = data.draw(conditions.of_field(key, operator, persons))
                wanted = [person.id for person in in_order(matching(persons, [asked]), "-created_at")]
                assert listed(api, f"/contacts?{query([asked], limit='200')}") == wanted, asked

    try_some()


@tried(10)
@given(persons=people.people(), data=st.data())
def test_several_conditions_at_once(api: Program, acme: Workspace, persons: list[Person], data: Any) -> None:
    if not api.get("/custom-fields").json()["data"]:
        people.define(api)
    with stored(api, acme, persons):
        for _ in range(5):
            asked = data.draw(conditions.conditions(persons))
            wanted = [person.id for person in in_order(matching(persons, asked), "-created_at")]
            answer = api.get(f"/contacts?{query(asked, limit='200', count='true')}").json()
            assert ([row["id"] for row in answer["data"]], answer["total"]) == (wanted, len(wanted)), asked


@tried(12)
@given(persons=people.people(), data=st.data())
def test_properties(api: Program, acme: Workspace, persons: list[Person], data: Any) -> None:
    if not api.get("/custom-fields").json()["data"]:
        people.define(api)
    with stored(api, acme, persons):
        for _ in range(8):
            asked = data.draw(conditions.of_property(persons))
            wanted = [person.id for person in in_order(matching(persons, [asked]), "-created_at")]
            assert listed(api, f"/contacts?{query([asked], limit='200')}") == wanted, asked
        trash = [person.id for person in in_order([one for one in persons if one.deleted], "-created_at")]
        assert listed(api, "/contacts?deleted=true") == trash


@tried(8)
@given(persons=people.people(), data=st.data())
def test_every_order_both_ways(api: Program, acme: Workspace, persons: list[Person], data: Any) -> None:
    if not api.get("/custom-fields").json()["data"]:
        people.define(api)
    with stored(api, acme, persons):
        for name in SORTS:
            sort = data.draw(st.sampled_from(["", "-"])) + name
            limit = data.draw(st.integers(1, len(persons)))
            wanted = [person.id for person in in_order(matching(persons, []), sort)]
            assert listed(api, f"/contacts?sort={sort}&limit={limit}") == wanted, sort
    assert api.get("/contacts?sort=cf_several").status_code == 400
