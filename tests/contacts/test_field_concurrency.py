"""Admins who change definitions while agents and imports write values: nobody locks the other out, nothing is lost.

Each has a connection and transactions of their own. A deadlock would be an OperationalError of one of them.
"""

import random
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from contacts.erasing import running as erasing
from contacts.history import Change
from contacts.models import Contact
from contacts.upserting import Row, upsert
from customfields import removing, tasks, values
from customfields.models import Field, FieldValue, Option
from customfields.values import Outdated
from gopimi.lib import addresses
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.customfields.test_concurrency import wait_for_a_lock
from tests.customfields.test_definitions import define
from tests.longer import LONGER

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(25 * LONGER)
PEOPLE = 12
TOLD = (Outdated, ValidationError)  # what those get to know who come second


@contextmanager
def meanwhile(target: Workspace, act: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Somebody else does this with a connection of their own."""

    def do() -> Any:
        try:
            with workspace(target):
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as somebody:
        yield somebody.submit(do)


def fields_of(target: Workspace) -> dict[str, Field]:
    return {field.key: field for field in values.fields_of(target)}


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return define(acme, "Plan", "select", options=["Gold", "Silver", "Bronze"])


@pytest.fixture
def dana(acme: Workspace, plan: Field) -> Contact:
    with workspace(acme):
        return Contact.objects.for_workspace(acme).add(SYSTEM, email="dana@kumo.example")


def held(acme: Workspace, contact: Contact) -> dict[str, str]:
    with workspace(acme):
        found = values.read(acme, [contact.pk])[contact.pk]
        return {field.key: field.type.to_text(found.get(field.pk)) for field in values.fields_of(acme)}


def test_a_value_that_is_just_being_written_is_replaced_too(acme: Workspace, plan: Field, dana: Contact) -> None:
    with workspace(acme):
        gold, silver, _ = plan.choices
    written, go_on = Event(), Event()

    def agent() -> None:
        dana.change(SYSTEM, values={plan: gold})
        written.set()
        assert go_on.wait(10)

    with meanwhile(acme, agent) as writing:
        assert written.wait(10)
        with meanwhile(acme, lambda: removing.delete_option(gold, SYSTEM, silver)) as replacing:
            wait_for_a_lock()
            go_on.set()
            writing.result(10)
            assert replacing.result(10) is False, "it came after the first look"
    job = ProcrastinateJob.objects.get(task_name=removing.OPTION)
    tasks.erase_option(**job.args)
    assert held(acme, dana) == {"plan": "Silver"}
    with workspace(acme):
        assert [option.label for option in Option.objects.for_workspace(acme)] == ["Silver", "Bronze"]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda plan: plan.archive(), "Plan was archived or deleted in the meantime"),
        (lambda plan: removing.delete_field(plan), "Plan was archived or deleted in the meantime"),
        (lambda plan: plan.choices[0].archive(), "“Gold” was archived in the meantime"),
        (lambda plan: removing.delete_option(plan.choices[0], SYSTEM), "“Gold” was deleted in the meantime"),
    ],
)
def test_who_writes_while_a_definition_goes_is_told(
    acme: Workspace, plan: Field, dana: Contact, act: Callable[[Field], Any], words: str
) -> None:
    with workspace(acme):
        seen = fields_of(acme)["plan"]
    done, go_on = Event(), Event()

    def admin() -> None:
        act(plan)
        done.set()
        assert go_on.wait(10)

    with meanwhile(acme, admin) as changing:
        assert done.wait(10)
        with meanwhile(acme, lambda: dana.change(SYSTEM, values={seen: seen.option("Gold")})) as writing:
            wait_for_a_lock()
            go_on.set()
            changing.result(10)
            with pytest.raises(Outdated, match=words):
                writing.result(10)
    with workspace(acme):
        assert not FieldValue.objects.for_workspace(acme).exists()
        assert not Change.objects.for_workspace(acme).exists()


def test_what_an_admin_adds_keeps_no_agent_waiting(acme: Workspace, plan: Field, dana: Contact) -> None:
    with workspace(acme):
        plan.add_option("Tin")
        plan.choices[1].rename("Argent")
        plan.change(label="Level")
        with meanwhile(acme, lambda: dana.change(SYSTEM, values={plan: plan.choices[0]})) as writing:
            assert writing.result(10)


def test_purging_a_field_and_archiving_its_options_never_lock_each_other_out(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "BATCH", 2)
    for _ in range(ROUNDS // 5):
        with workspace(acme):
            plan = define(acme, "Plan", "select", multiple=True, options=["Gold", "Silver"])
            contacts = [_somebody(acme, number) for number in range(6)]
            values.write_many(acme, {contact.pk: {plan: tuple(plan.choices)} for contact in contacts})
        start = Barrier(4)

        def archive(number: int, start: Barrier = start, plan: Field = plan) -> None:
            start.wait(10)
            for _ in range(4):
                with workspace(acme):
                    option = Option.objects.for_workspace(acme).filter(field=plan).order_by("pk")[number]
                    option.archive()
                    option.restore()

        def purge(start: Barrier = start, plan: Field = plan) -> None:
            start.wait(10)
            with workspace(acme):
                removing.delete_field(plan)
            for _ in range(8):
                tasks.erase_field(acme.pk, plan.pk)

        def write(start: Barrier = start, contacts: list[Contact] = contacts, plan: Field = plan) -> None:
            start.wait(10)
            for contact in reversed(contacts):
                with workspace(acme):
                    contact.change(SYSTEM, values={plan: None})

        assert _all_at_once(lambda: archive(0), lambda: archive(1), purge, write) <= {*TOLD, IndexError}
        with workspace(acme):
            assert not Field.objects.for_workspace(acme).exists()
            assert not FieldValue.objects.for_workspace(acme).exists()


def _somebody(acme: Workspace, number: int) -> Contact:
    contacts = Contact.objects.for_workspace(acme)
    email = f"p{number}@kumo.example"
    return contacts.filter(email=email).first() or contacts.add(SYSTEM, email=email)


def _all_at_once(*acts: Callable[[], None]) -> set[type[BaseException]]:
    """Do these at the same time; answers with the kinds of what they raised."""

    def do(act: Callable[[], None]) -> type[BaseException] | None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- each is looked at by the test
            traceback.print_exc()
            return type(error)
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(acts)) as people:
        return set(people.map(do, acts)) - {None}  # type: ignore[arg-type]


def test_everybody_at_once(acme: Workspace, plan: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """Afterwards every contact is what its history says, and no value is of an option that there isn't."""
    monkeypatch.setattr(removing, "OPTION_BATCH", 3)
    monkeypatch.setattr(removing, "AT_ONCE", 2)
    with workspace(acme):
        define(acme, "Uses", "select", multiple=True, options=["API", "CLI", "SSO"])
        define(acme, "Seats", "number")
        ids = [_somebody(acme, number).pk for number in range(PEOPLE)]
    acts = [_agent, _agent, _importer, _admin, _admin, _worker, _eraser]
    dice = [random.Random(number) for number in range(len(acts))]

    def person(number: int) -> Callable[[], None]:
        def work() -> None:
            for _ in range(ROUNDS):
                with suppress(*TOLD):
                    acts[number](acme, ids, dice[number])

        return work

    assert _all_at_once(*(person(number) for number in range(len(acts)))) == set()
    while ProcrastinateJob.objects.filter(task_name=removing.OPTION).exists():
        _worker(acme, ids, dice[0])
    with workspace(acme):
        assert not Option.objects.for_workspace(acme).leaving().exists()
        fields = {field.pk: field for field in values.fields_of(acme)}
        found = values.read(acme, ids)
        for contact_id in Contact.objects.for_workspace(acme).alive().filter(pk__in=ids).values_list("pk", flat=True):
            for field in fields.values():
                changes = Change.objects.for_workspace(acme).filter(contact_id=contact_id, field=field)
                last = changes.order_by("pk").last()
                text = last.new if last else None
                now = found[contact_id].get(field.pk)
                assert now == (field.type.parse_kept(field, text) if text else None), field


def _agent(acme: Workspace, ids: list[int], dice: random.Random) -> None:
    """Several fields of one contact, and sometimes its address, which takes the workspace first."""
    with workspace(acme):
        fields = fields_of(acme)
        plan, uses, seats = (fields[key] for key in ("plan", "uses", "seats"))
        given: dict[Field, Any] = {seats: dice.randrange(9)}
        if plan.choices:
            given[plan] = dice.choice([*plan.choices, None])
        given[uses] = tuple(option for option in uses.choices if dice.random() < 0.5) or None
        contact = Contact.objects.for_workspace(acme).get(pk=dice.choice(ids))
        if contact.email and dice.random() < 0.2:
            contact.change(SYSTEM, {"email": f"{dice.random()}@kumo.example"})
        contact.change(SYSTEM, values={field: given[field] for field in dice.sample(list(given), len(given) - 1)})


def _importer(acme: Workspace, ids: list[int], dice: random.Random) -> None:
    with workspace(acme):
        acme.lock()
        plan = fields_of(acme)["plan"]
        if dice.random() < 0.3:
            plan.add_option(f"New {dice.random()}")
        active = [option for option in plan.choices if not option.archived_at]
        emails = Contact.objects.for_workspace(acme).filter(pk__in=dice.sample(ids, 5)).values_list("email", flat=True)
        rows = [Row(addresses.parse(email), values={plan: dice.choice(active)}) for email in emails if email and active]
        upsert(acme, SYSTEM, rows, on_conflict="update", source="import")


def _admin(acme: Workspace, ids: list[int], dice: random.Random) -> None:
    with workspace(acme):
        fields = list(fields_of(acme).values())
        field = dice.choice(fields[:2])
        field = field if field.type.has_options else fields[0]
        act = dice.randrange(6)
        if act == 0:
            Field.objects.for_workspace(acme).reorder(dice.sample([one.pk for one in fields], len(fields)))
        elif act == 1:
            field.add_option(f"Made {dice.random()}")
        elif field.type.has_options and field.choices:
            option = dice.choice(field.choices)
            others = [one for one in field.choices if one != option]
            if act == 2:
                option.rename(f"Called {dice.random()}")
            elif act == 3:
                option.restore() if option.archived_at else option.archive()
            else:
                removing.delete_option(option, SYSTEM, dice.choice([*others, None]))


def _worker(acme: Workspace, ids: list[int], dice: random.Random) -> None:
    if job := ProcrastinateJob.objects.filter(task_name=removing.OPTION).order_by("pk").first():
        tasks.erase_option(**job.args)
        ProcrastinateJob.objects.filter(pk=job.pk).delete()


def _eraser(acme: Workspace, ids: list[int], dice: random.Random) -> None:
    if dice.random() < 0.1:
        with workspace(acme):
            erasing.erase(Contact.objects.for_workspace(acme).get(pk=dice.choice(ids[:4])))
