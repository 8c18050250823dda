"""Fields and options deleted for good, and options replaced: what becomes of values, at once and in the background."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from procrastinate.contrib.django.models import ProcrastinateJob

from customfields import removing, tasks, values
from customfields.models import Field, FieldValue, Option
from customfields.values import Outdated
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.customfields.test_definitions import codes, define
from tests.factories import ContactFactory


@pytest.fixture(autouse=True)
def inside_of_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)


@pytest.fixture
def in_batches(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def of(size: int) -> None:
        monkeypatch.setattr(removing, "BATCH", size)
        monkeypatch.setattr(removing, "OPTION_BATCH", size)
        monkeypatch.setattr(removing, "AT_ONCE", size)

    return of


def run_jobs(target: Workspace) -> int:
    """Do what waits, in this test's own transaction, and what that leaves; answers with how many jobs there were."""
    done = 0
    while job := ProcrastinateJob.objects.filter(task_name__startswith="customfields.").first():
        assert all(isinstance(one, int | None) for name, one in job.args.items() if name != "actor_kind")
        run: Any = {removing.FIELD: tasks.erase_field, removing.OPTION: tasks.erase_option}[job.task_name]
        run(**job.args)
        run(**job.args)  # a job that runs twice harms nothing
        ProcrastinateJob.objects.filter(pk=job.pk).delete()
        done += 1
    return done


def test_a_deleted_field_takes_its_values_and_frees_its_key(in_acme: Workspace) -> None:
    plan, dana = define(in_acme, "Plan"), ContactFactory(workspace=in_acme)
    values.write(in_acme, dana.pk, plan, "Gold")
    assert plan.contacts_with_value() == 1
    removing.delete_field(plan)
    assert not Field.objects.for_workspace(in_acme).exists()
    assert not FieldValue.objects.for_workspace(in_acme).exists()
    assert define(in_acme, "Plan").key == "plan"


def test_many_values_are_deleted_by_jobs_in_batches(in_acme: Workspace, in_batches: Callable[[int], None]) -> None:
    in_batches(2)
    plan = define(in_acme, "Plan")
    values.write_many(in_acme, {ContactFactory(workspace=in_acme).pk: {plan: "Gold"} for _ in range(3)})
    removing.delete_field(plan)
    assert not Field.objects.for_workspace(in_acme).known().exists()
    assert FieldValue.objects.for_workspace(in_acme).count() == 1
    again = define(in_acme, "Plan")
    assert again.key == "plan"
    assert run_jobs(in_acme) == 1
    assert list(Field.objects.for_workspace(in_acme)) == [again]


@pytest.fixture
def plan(in_acme: Workspace) -> Field:
    return define(in_acme, "Plan", "select", options=["Gold", "Silver", "Bronze"])


@pytest.fixture
def uses(in_acme: Workspace) -> Field:
    return define(in_acme, "Uses", "select", multiple=True, options=["API", "CLI", "SSO"])


def labels(target: Workspace, field: Field, people: list[int]) -> list[Any]:
    (now,) = (one for one in values.fields_of(target) if one == field)
    held = values.read(target, people, [now])
    return [now.type.to_api(held[person].get(field.pk)) for person in people]


@pytest.mark.parametrize("size", [2, 10_000])
def test_an_option_is_replaced(in_acme: Workspace, plan: Field, in_batches: Callable[[int], None], size: int) -> None:
    in_batches(size)
    gold, silver, bronze = plan.choices
    people = [ContactFactory(workspace=in_acme).pk for _ in range(5)]
    values.write_many(in_acme, {person: {plan: gold} for person in people[:4]} | {people[4]: {plan: bronze}})
    assert removing.delete_option(gold, SYSTEM, silver) == (size > 4)
    run_jobs(in_acme)
    assert labels(in_acme, plan, people) == ["Silver"] * 4 + ["Bronze"]
    left = Option.objects.for_workspace(in_acme).filter(field=plan).order_by("position", "id")
    assert [option.label for option in left] == ["Silver", "Bronze"]
    assert FieldValue.objects.for_workspace(in_acme).count() == 5


@pytest.mark.parametrize("size", [1, 10_000])
def test_of_several_options_none_is_there_twice(
    in_acme: Workspace, uses: Field, in_batches: Callable[[int], None], size: int
) -> None:
    in_batches(size)
    api, cli, sso = uses.choices
    held = [(api,), (api, cli), (api, sso), (api, cli, sso), (cli,)]
    people = [ContactFactory(workspace=in_acme).pk for _ in held]
    values.write_many(in_acme, {person: {uses: value} for person, value in zip(people, held, strict=True)})
    removing.delete_option(api, SYSTEM, cli)
    run_jobs(in_acme)
    assert labels(in_acme, uses, people) == [["CLI"], ["CLI"], ["CLI", "SSO"], ["CLI", "SSO"], ["CLI"]]
    assert FieldValue.objects.for_workspace(in_acme).count() == 7


@pytest.mark.parametrize("size", [1, 10_000])
def test_an_option_is_deleted_with_its_values(
    in_acme: Workspace, uses: Field, in_batches: Callable[[int], None], size: int
) -> None:
    in_batches(size)
    api, cli, _ = uses.choices
    people = [ContactFactory(workspace=in_acme).pk for _ in range(3)]
    values.write_many(in_acme, {people[0]: {uses: (api,)}, people[1]: {uses: (api, cli)}, people[2]: {uses: (cli,)}})
    removing.delete_option(api, SYSTEM)
    assert labels(in_acme, uses, people) == [None, ["CLI"], ["CLI"]], "hidden at once"
    run_jobs(in_acme)
    assert FieldValue.objects.for_workspace(in_acme).count() == 2
    assert not Option.objects.for_workspace(in_acme).filter(pk=api.pk).exists()


def test_while_many_are_moved_nobody_is_without_a_value(
    in_acme: Workspace, plan: Field, in_batches: Callable[[int], None]
) -> None:
    in_batches(2)
    gold, silver, bronze = plan.choices
    people = [ContactFactory(workspace=in_acme).pk for _ in range(3)]
    values.write_many(in_acme, {person: {plan: gold} for person in people})
    assert not removing.delete_option(gold, SYSTEM, silver)
    assert labels(in_acme, plan, people) == ["Gold"] * 3
    (now,) = values.fields_of(in_acme)
    leaving = now.option(gold.pk)
    assert leaving is not None
    assert (leaving.archived_at is not None, leaving.replaced_by_id, leaving.to_move) == (True, silver.pk, 3)
    for act in (gold.restore, gold.archive, lambda: gold.rename("Or"), lambda: removing.delete_option(gold, SYSTEM)):
        with pytest.raises(ValidationError, match="is being replaced"):
            act()
    with pytest.raises(ValidationError, match="Another option is being replaced by “Silver”"):
        removing.delete_option(silver, SYSTEM, bronze)
    job = ProcrastinateJob.objects.get(task_name=removing.OPTION)
    tasks.erase_option(**job.args)
    assert labels(in_acme, plan, people) == ["Silver", "Silver", "Gold"]
    run_jobs(in_acme)
    assert labels(in_acme, plan, people) == ["Silver"] * 3
    assert removing.delete_option(silver, SYSTEM, bronze) is False


def test_an_option_is_replaced_only_by_an_active_one_of_its_field(in_acme: Workspace, plan: Field) -> None:
    tier = define(in_acme, "Tier", "select", options=["A"])
    gold, silver, _ = plan.choices
    silver.archive()
    for wrong in (tier.choices[0], gold, silver):
        with pytest.raises(ValidationError) as refused:
            removing.delete_option(gold, SYSTEM, wrong)
        assert codes(refused) == {"replace_with": ["invalid_choice"]}


def test_who_comes_second_is_told(in_acme: Workspace, plan: Field) -> None:
    """Two admins have loaded the same things, and one of them deletes them first."""
    gold, silver, _ = plan.choices
    theirs = Option.objects.for_workspace(in_acme).select_related("field").get(pk=gold.pk)
    same = Field.objects.for_workspace(in_acme).get(pk=plan.pk)
    removing.delete_option(gold, SYSTEM)
    for act in (theirs.archive, theirs.restore, lambda: theirs.rename("Or"), lambda: _replace(theirs, silver)):
        with pytest.raises(ValidationError, match="“Gold” was deleted in the meantime"):
            act()
    with pytest.raises(ValidationError, match="that isn't archived"):
        _replace(silver, theirs)
    removing.delete_field(plan)
    acts = (same.archive, same.restore, lambda: same.change(label="X"), lambda: same.add_option("X"),
            lambda: same.arrange_options([(silver.pk, "X")]), lambda: removing.delete_field(same))  # fmt: skip
    for act in acts:
        with pytest.raises(ValidationError, match="Plan was deleted in the meantime"):
            act()


def _replace(option: Option, other: Option) -> None:
    removing.delete_option(option, SYSTEM, other)


def test_a_writer_with_old_definitions_is_told(in_acme: Workspace, plan: Field, uses: Field) -> None:
    """As a request has them that read the fields before an admin changed them."""
    seen = {field.key: field for field in values.fields_of(in_acme)}
    dana, eve = (ContactFactory(workspace=in_acme).pk for _ in range(2))
    gold, silver, bronze = plan.choices
    values.write(in_acme, eve, plan, gold)
    gold.archive()
    with pytest.raises(Outdated, match="“Gold” was archived in the meantime"):
        values.write(in_acme, dana, seen["plan"], seen["plan"].option("Gold"))
    assert values.write(in_acme, eve, seen["plan"], seen["plan"].option("Gold")) == (gold, gold)
    removing.delete_option(silver, SYSTEM, bronze)
    with pytest.raises(Outdated, match="“Silver” was deleted in the meantime"):
        values.write_many(in_acme, {dana: {seen["plan"]: seen["plan"].option("Silver")}})
    uses.archive()
    with pytest.raises(Outdated, match="Uses was archived or deleted in the meantime"):
        values.write(in_acme, dana, seen["uses"], (seen["uses"].option("API"),))
    plan.change(label="Level")
    assert values.write(in_acme, dana, seen["plan"], seen["plan"].option("Bronze")) == (None, bronze)
