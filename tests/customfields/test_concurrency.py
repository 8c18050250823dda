"""Several people at the very same moment, each with a connection of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customfields import values
from customfields.models import Field
from customfields.values import Conflict
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 4


def at_once(target: Workspace, act: Callable[[int], Any]) -> list[Any]:
    """What each person's act returns, or the refusal that it raises."""
    start = Barrier(PEOPLE)

    def person(number: int) -> Any:
        try:
            start.wait()
            with workspace(target):
                return act(number)
        except (Conflict, ValidationError) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as people:
        return list(people.map(person, range(PEOPLE)))


def test_of_those_who_edit_one_field_all_but_the_first_are_told(acme: Workspace) -> None:
    with workspace(acme):
        plan, dana = define(acme, "Plan"), ContactFactory(workspace=acme).pk
    answers = at_once(acme, lambda n: values.write(acme, dana, plan, f"Plan {n}", expected=None))
    written = [answer for answer in answers if isinstance(answer, tuple)]
    assert len(written) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == PEOPLE - 1
    with workspace(acme):
        assert values.read(acme, [dana], [plan])[dana][plan.pk] == written[0][1]


def test_those_who_edit_different_fields_never_meet(acme: Workspace) -> None:
    with workspace(acme):
        fields = [define(acme, f"Field {n}") for n in range(PEOPLE)]
        dana = ContactFactory(workspace=acme).pk
    at_once(acme, lambda n: values.write(acme, dana, fields[n], f"By {n}", expected=None))
    with workspace(acme):
        assert values.read(acme, [dana], fields)[dana] == {fields[n].pk: f"By {n}" for n in range(PEOPLE)}


def test_one_of_those_who_define_the_same_field_has_it(acme: Workspace) -> None:
    answers = at_once(acme, lambda _: define(acme, "Plan"))
    assert sum(isinstance(answer, Field) for answer in answers) == 1
    assert sum(isinstance(answer, ValidationError) for answer in answers) == PEOPLE - 1


def test_keys_of_fields_defined_at_once_differ(acme: Workspace) -> None:
    fields = at_once(acme, lambda n: define(acme, "Plan" + "!" * n))
    assert {field.key for field in fields} == {"plan", "plan_2", "plan_3", "plan_4"}
    assert sorted(field.position for field in fields) == [0, 1, 2, 3]
