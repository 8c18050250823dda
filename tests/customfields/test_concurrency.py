"""Several people at the very same moment, each with a connection of their own."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from customfields import api, removing, tasks, values
from customfields.models import Field, FieldValue, Option
from customfields.values import Conflict
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
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


def change_by_api(option: Option) -> None:
    request = RequestFactory().patch("/")
    request.workspace = Workspace(pk=option.workspace_id)  # type: ignore[attr-defined]
    api.find_unchanged_option(request, option.field_id, option.pk).archive()  # type: ignore[arg-type]


PEOPLES: list[Callable[[Option], Any]] = [
    Option.archive,
    Option.restore,
    lambda option: removing.delete_option(option, SYSTEM),
    lambda option: option.rename("Gold"),
    lambda option: option.field.add_option("Gold"),
    lambda option: option.field.arrange_options([(option.pk + 1, "Bronze"), (option.pk, "Silver")]),
    lambda option: removing.delete_field(option.field),
    change_by_api,
]
JOBS: list[Callable[[Option], Any]] = [
    lambda option: tasks.erase_option(option.workspace_id, option.pk, "system", None),
    lambda option: tasks.erase_field(option.workspace_id, option.field_id),
]


@pytest.mark.parametrize(("deleted", "act"), [(None, act) for act in PEOPLES] + [(timezone.now(), act) for act in JOBS])
def test_a_field_is_locked_before_its_options_and_values(
    acme: Workspace, deleted: datetime | None, act: Callable[[Option], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    with workspace(acme):
        plan = define(acme, "Plan", "select", options=["Silver", "Bronze"])
        silver, _ = plan.choices
        values.write(acme, ContactFactory(workspace=acme).pk, plan, silver)
        plan.siblings.update(deleted_at=deleted)
        plan.own_options.update(deleted_at=deleted)

    def person() -> None:
        try:
            with workspace(acme):
                act(Option.objects.for_workspace(acme).select_related("field").get(pk=silver.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as people:
        with workspace(acme):
            Field.objects.for_workspace(acme).select_for_update().get(pk=plan.pk)
            acting = people.submit(person)
            wait_for_a_lock()
            for rows in (Option.objects, FieldValue.objects):
                assert rows.for_workspace(acme).select_for_update(nowait=True).exists()  # nobody has them yet
        acting.result()


def wait_for_a_lock(seconds: float = 10) -> None:
    """Until somebody waits for a row that another has."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.02)
    pytest.fail("Nobody came to wait for the field.")
