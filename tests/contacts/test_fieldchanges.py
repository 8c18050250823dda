"""What an admin's change of a definition does to contacts, their histories, saved views and bookmarks."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from contacts.bulkedits import running
from contacts.bulkedits.records import Action
from contacts.models import Change, Contact, View
from customfields import following, removing, tasks, values
from customfields.models import Field, FieldValue
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import ApiToken, User, Workspace
from tests.api.conftest import Program
from tests.customfields.test_definitions import define


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return define(acme, "Plan", "select", options=["Gold", "Silver", "Bronze, old"])


@pytest.fixture
def uses(acme: Workspace) -> Field:
    with workspace(acme):
        return define(acme, "Uses", "select", multiple=True, options=["API", "CLI", "SSO"])


def add(acme: Workspace, email: str, **held: Any) -> Contact:
    """A contact with values by the fields' keys, as labels."""
    given = {
        field: field.type.parse_text(field, held[field.key]) for field in values.fields_of(acme) if field.key in held
    }
    return Contact.objects.for_workspace(acme).add(SYSTEM, email=f"{email}@kumo.example", values=given)


def told(contact: Contact) -> list[tuple[str, str | None, str | None, str, int | None]]:
    changes = Change.objects.for_workspace(contact.workspace_id).filter(contact=contact).order_by("pk")
    return list(changes.values_list("what", "old", "new", "actor_kind", "actor_id"))


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_replacing_and_deleting_options_is_in_the_histories(
    acme: Workspace, plan: Field, uses: Field, alice: User, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    monkeypatch.setattr(removing, "AT_ONCE", at_once)
    with workspace(acme):
        dana, eve, other = (
            add(acme, "dana", plan="Gold"),
            add(acme, "eve", plan="Gold", uses=["API", "SSO"]),
            add(acme, "o"),
        )
        before = {contact.pk: contact.updated_at for contact in Contact.objects.for_workspace(acme)}
        gold, silver, _ = plan.choices
        actor, api = Actor.agent(alice), uses.choices[0].pk
        if not removing.delete_option(gold, actor, silver):
            tasks.erase_option(acme.pk, gold.pk, "agent", alice.pk)
        removing.delete_option(uses.choices[0], actor)
        assert told(dana) == [("field", "Gold", "Silver", "agent", alice.pk)]
        assert told(eve) == [
            ("field", "Gold", "Silver", "agent", alice.pk), ("field", "API;SSO", "SSO", "agent", alice.pk),
        ]  # fmt: skip
        assert told(other) == []
        after = {contact.pk: contact.updated_at for contact in Contact.objects.for_workspace(acme)}
        assert [after[one.pk] > before[one.pk] for one in (dana, eve, other)] == [True, True, False]
        assert not FieldValue.objects.for_workspace(acme).filter(option_id__in=[gold.pk, api]).exists()


def test_one_value_that_is_edited_is_one_row_of_each_table(acme: Workspace, plan: Field, bob: User) -> None:
    """The value, its line of history, and the contact for its `updated_at`: nothing else is written."""
    with workspace(acme):
        dana = add(acme, "dana", plan="Gold")
        seats = define(acme, "Seats", "number")
        dana = Contact.objects.for_workspace(acme).get(pk=dana.pk)
        silver = plan.choices[1]

        def written() -> dict[str, tuple[int, int, int]]:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables"
                    " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
                )
                return {name: tuple(counts) for name, *counts in cursor.fetchall()}

        def by(act: Any) -> dict[str, tuple[int, ...]]:
            before = written()
            assert act()
            return {
                name: difference
                for name, counts in written().items()
                if any(difference := tuple(a - b for a, b in zip(counts, before.get(name, (0, 0, 0)), strict=True)))
            }

        rest = {"contacts_change": (1, 0, 0), "contacts_contact": (0, 1, 0)}
        actor, table = Actor.agent(bob), "customfields_fieldvalue"
        assert by(lambda: dana.change(actor, values={seats: 5})) == {table: (1, 0, 0), **rest}
        assert by(lambda: dana.change(actor, values={seats: 6})) == {table: (0, 1, 0), **rest}
        assert by(lambda: dana.change(actor, values={plan: silver})) == {table: (0, 1, 0), **rest}
        assert by(lambda: dana.change(actor, values={plan: None})) == {table: (0, 0, 1), **rest}
        assert by(lambda: not dana.change(actor, values={seats: 6})) == {}


def view(acme: Workspace, query: str, **more: Any) -> View:
    return View.objects.for_workspace(acme).create(table="contacts", name="One", query=query, shared=True, **more)


def test_saved_views_go_on_meaning_the_same_option(acme: Workspace, plan: Field, uses: Field, as_bob: Client) -> None:
    with workspace(acme):
        for person, label in (("dana", "Gold"), ("eve", "Silver"), ("joe", "Bronze, old")):
            add(acme, person, plan=label)
        kept = [
            view(acme, query)
            for query in (
                "cf_plan=gold&sort=-created_at",
                "cf_plan__in=Gold%2CSilver&sort=-created_at",
                "cf_plan__in=Gold&cf_plan__in=Bronze%2C+old&sort=-created_at",
                "cf_plan__not=Silver&cf_uses__empty=true&sort=-created_at",
                "cf_uses__any=API%2CCLI&q=gold&sort=-created_at",
                "cf_planet=Gold&sort=-created_at",
            )
        ]
        gold, silver, _ = plan.choices
        gold.rename("silver plate")
        silver.rename("Gold")  # which another one was called before
        uses.choices[0].rename("REST API")

        def queries() -> list[str]:
            return [
                one.query.removesuffix("&sort=-created_at") for one in View.objects.for_workspace(acme).order_by("pk")
            ]

        assert queries() == [
            "cf_plan=silver+plate",
            "cf_plan__in=silver+plate&cf_plan__in=Gold",
            "cf_plan__in=silver+plate&cf_plan__in=Bronze%2C+old",
            "cf_plan__not=Gold&cf_uses__empty=true",
            "cf_uses__any=REST+API&cf_uses__any=CLI&q=gold",
            "cf_planet=Gold",
        ]
    answer = as_bob.get(acme.url("contacts:list"), {"view": kept[1].pk}, follow=True)
    assert {contact.name for contact in answer.context["page"].rows} == {"Dana", "Eve"}
    assert "view-changed" not in answer.content.decode()
    with workspace(acme):
        removing.delete_option(Field.objects.for_workspace(acme).get(key="plan").choices[0], SYSTEM, silver)
        assert queries()[:3] == ["cf_plan=Gold", "cf_plan__in=Gold", "cf_plan__in=Gold&cf_plan__in=Bronze%2C+old"]


def test_bookmarks_by_old_labels_lead_to_the_present_ones(acme: Workspace, plan: Field, as_bob: Client) -> None:
    api = Program(ApiToken.issue(acme, "Test", ["contacts:read"])[1])
    with workspace(acme):
        add(acme, "dana", plan="Gold")
        gold, silver, bronze = plan.choices
        gold.rename("Or")
        Field.objects.for_workspace(acme).get().choices[0].rename("Oro")
    old = {"cf_plan__in": "gold,Silver", "sort": "cf_plan"}
    answer = as_bob.get(acme.url("contacts:list"), old)
    assert answer["Location"].endswith("?cf_plan__in=Oro&cf_plan__in=Silver&sort=cf_plan")
    assert as_bob.get(acme.url("contacts:list"), {"cf_plan": "OR"})["Location"].endswith("?cf_plan=Oro")
    table = as_bob.get(acme.url("contacts:list"), old, headers={"HX-Request": "true", "HX-Target": "contacts-table"})
    assert (table.status_code, "cf_plan__in=Oro" in table["HX-Redirect"]) == (204, True)
    assert 'value="Oro"' in as_bob.get(acme.url("contacts:filter"), {"cf_plan": "Gold"}).content.decode()
    wrong = api.get("/contacts?cf_plan=Gold")  # a program is told, as with any other label that there isn't
    assert (wrong.status_code, "It is “Oro” now" in wrong.json()["errors"][0]["detail"]) == (400, True)
    assert api.get("/contacts?cf_plan=Oro").json()["data"][0]["custom_fields"] == {"plan": "Oro"}
    with workspace(acme):
        removing.delete_option(silver, SYSTEM, bronze)
        gold = plan.own_options.get(pk=gold.pk)
        removing.delete_option(gold, SYSTEM, plan.own_options.get(pk=bronze.pk))
    for label in ("Gold", "Oro", "silver"):
        answer = as_bob.get(acme.url("contacts:list"), {"cf_plan": label})
        assert answer["Location"].endswith("?cf_plan=Bronze%2C+old"), label
    with workspace(acme):  # a present label comes first
        plan.add_option("Gold")
    assert as_bob.get(acme.url("contacts:list"), {"cf_plan": "Gold"}).status_code == 200


def test_a_view_is_saved_with_the_present_labels(acme: Workspace, plan: Field, as_bob: Client) -> None:
    """The page has been open since before the option was renamed."""
    with workspace(acme):
        plan.choices[0].rename("Or")
    old = {"table": "contacts", "cf_plan": "Gold"}
    as_bob.post(acme.url("contacts:view_new"), {"name": "Golden"}, query_params=old)
    with workspace(acme):
        one = View.objects.for_workspace(acme).get()
    assert one.query == "cf_plan=Or&sort=-created_at"
    as_bob.post(acme.url("contacts:view_save", one.pk), {"query": "cf_plan__not=Gold&sort=name"})
    with workspace(acme):
        assert View.objects.for_workspace(acme).get().query == "cf_plan__not=Or&sort=name"


def test_a_bulk_edit_is_taken_back_after_options_were_renamed(acme: Workspace, plan: Field) -> None:
    with workspace(acme):
        people = [add(acme, f"p{number}", plan="Gold") for number in range(2)]
        one = running.begin(acme.pk, SYSTEM, Action.FIELD, [person.pk for person in people], "Silver", plan)
        for option, label in zip(plan.own_options.order_by("pk")[:2], ("Or", "Argent"), strict=True):
            option.rename(label)
        running.undo(one)
        (now,) = values.fields_of(acme)
        held = values.read(acme, [person.pk for person in people])
        assert [now.type.to_api(held[person.pk][plan.pk]) for person in people] == ["Or", "Or"]


def test_what_needs_a_field_is_told_first(acme: Workspace, plan: Field) -> None:
    with workspace(acme):
        add(acme, "dana", plan="Gold")
        add(acme, "eve", plan="Silver")
        trashed = add(acme, "joe")
        Contact.objects.for_workspace(acme).filter(pk=trashed.pk).trash(SYSTEM)
        add(acme, "kim")
        assert following.uses(plan) == []
        view(acme, "cf_plan=gold&cf_plan__not=Silver")
        view(acme, "sort=-cf_plan")
        view(acme, "tag=vip", columns=["cf_plan"])
        view(acme, "cf_planet=Gold")
        assert following.uses(plan) == ["3 saved views"]
        assert [following.uses(plan, option) for option in plan.choices] == [["1 saved view"], ["1 saved view"], []]
        assert following.without_value(plan) == 1


def test_history_goes_in_batches_after_the_values(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)  # the test is in a transaction
    monkeypatch.setattr(removing, "BATCH", 2)
    with workspace(acme):
        field, other = define(acme, "Plan", "text"), define(acme, "Other", "text")
        for number in range(3):
            contact = Contact.objects.for_workspace(acme).add(SYSTEM, email=f"p{number}@kumo.example")
            contact.change(SYSTEM, values={field: "a", other: "a"})
        removing.delete_field(field)

        def left() -> tuple[int, int, int]:
            rows = [model.objects.for_workspace(acme).filter(field_id=field.pk) for model in (FieldValue, Change)]
            return rows[0].count(), rows[1].count(), Field.objects.for_workspace(acme).filter(pk=field.pk).count()

        assert left() == (1, 3, 1)
        tasks.erase_field(acme.pk, field.pk)
        assert left() == (0, 1, 1)
        tasks.erase_field(acme.pk, field.pk)
        assert left() == (0, 0, 0)
        assert Change.objects.for_workspace(acme).filter(field=other).count() == 3
