"""The Custom fields tab: admins alone, two at once, with and without htmx."""

from typing import Any

import pytest
from django.test import Client

from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define

FORM = {"label": "Plan", "key": "", "help_text": "What they pay for", "type": "select", "featured": "on"}


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return define(acme, "Plan", "select", options=["Gold", "Silver"])


def pages(acme: Workspace, field: Field) -> list[tuple[str, str]]:
    option = field.choices[0]
    return [
        ("get", acme.url("customfields:list")),
        ("get", acme.url("customfields:new")),
        ("post", acme.url("customfields:new")),
        ("get", acme.url("customfields:key")),
        ("post", acme.url("customfields:reorder")),
        ("get", acme.url("customfields:detail", field.pk)),
        ("post", acme.url("customfields:detail", field.pk)),
        ("post", acme.url("customfields:archive", field.pk)),
        ("post", acme.url("customfields:restore", field.pk)),
        ("get", acme.url("customfields:delete", field.pk)),
        ("post", acme.url("customfields:delete", field.pk)),
        ("get", acme.url("customfields:option_delete", field.pk, option.pk)),
        ("post", acme.url("customfields:option_delete", field.pk, option.pk)),
    ]


def test_agents_and_strangers_are_kept_out(acme: Workspace, plan: Field, as_bob: Client, as_charlie: Client) -> None:
    with workspace(acme):
        urls = pages(acme, plan)
    for method, url in urls:
        assert getattr(as_bob, method)(url).status_code == 403, url
        assert getattr(as_charlie, method)(url).status_code == 404, url


def test_another_workspaces_field_is_not_there(
    acme: Workspace, globex: Workspace, plan: Field, as_charlie: Client
) -> None:
    with workspace(acme):
        urls = pages(acme, plan)
    for method, url in urls:
        if str(plan.pk) in url.split("/"):
            assert getattr(as_charlie, method)(url.replace(acme.slug, globex.slug)).status_code == 404, url


def test_a_field_is_defined(acme: Workspace, as_alice: Client) -> None:
    answer = as_alice.post(acme.url("customfields:new"), {**FORM, "option_id": ["", ""], "option": ["Gold", " "]})
    assert answer.status_code == 302
    assert "Plan saved" in as_alice.get(answer["Location"]).text
    with workspace(acme):
        field = Field.objects.for_workspace(acme).get()
        assert (field.key, field.featured, [option.label for option in field.choices]) == ("plan", True, ["Gold"])


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(acme: Workspace, plan: Field, as_alice: Client) -> None:
    sent = {**FORM, "label": "plan", "key": "x__y", "option_id": ["", ""], "option": ["Gold", "GOLD"]}
    answer = as_alice.post(
        acme.url("customfields:new"), sent, headers={"HX-Request": "true", "HX-Target": "field-page"}
    )
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<div class="page" id="field-page"')
    for text in (
        "There is a field called “plan” already",
        "single underscores",
        "“GOLD” is there twice",
        'value="x__y"',
    ):
        assert text in answer.text


def test_a_line_is_added_and_moved_before_anything_is_saved(acme: Workspace, as_alice: Client) -> None:
    sent = {**FORM, "option_id": ["", ""], "option": ["Gold", "Silver"]}
    added = as_alice.post(acme.url("customfields:new"), {**sent, "add": "1"})
    assert added.status_code == 200
    assert added.context["form"].lines[2].fresh
    moved = as_alice.post(acme.url("customfields:new"), {**sent, "move": "1:up"})
    assert [row.label for row in moved.context["form"].lines] == ["Silver", "Gold"]
    with workspace(acme):
        assert not Field.objects.for_workspace(acme).exists()


def edit(field: Field, **more: Any) -> dict[str, Any]:
    options = list(field.own_options.active())
    return {
        "label": field.label, "help_text": field.help_text, "version": field.version,
        "option_id": [option.pk for option in options], "option": [option.label for option in options], **more,
    }  # fmt: skip


def test_a_field_and_its_options_are_edited(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        gold, silver = plan.choices
    sent = {
        "label": "Tier", "version": plan.version,
        "option_id": [silver.pk, gold.pk, ""], "option": ["Silver", "Or", "Bronze"],
    }  # fmt: skip
    assert as_alice.post(acme.url("customfields:detail", plan.pk), sent).status_code == 302
    with workspace(acme):
        field = Field.objects.for_workspace(acme).get()
        assert (field.label, field.key) == ("Tier", "plan")
        assert [(option.label, option.pk in (gold.pk, silver.pk)) for option in field.choices] == [
            ("Silver", True), ("Or", True), ("Bronze", False),
        ]  # fmt: skip


def test_the_second_of_two_admins_is_told(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        sent = edit(plan, label="Tier")
        Field.objects.for_workspace(acme).get().change(label="Level")
    url = acme.url("customfields:detail", plan.pk)
    answer = as_alice.post(url, sent)
    assert answer.status_code == 422
    assert "Somebody else changed this field" in answer.text
    assert as_alice.post(url, {**sent, "version": answer.context["form"].seen}).status_code == 302
    with workspace(acme):
        assert Field.objects.for_workspace(acme).get().label == "Tier"


def test_an_option_is_archived_and_the_rest_of_the_form_waits(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        gold = plan.choices[0]
        sent = edit(plan, label="Tier")
    url = acme.url("customfields:detail", plan.pk)
    answer = as_alice.post(url, {**sent, "archive": gold.pk})
    form = answer.context["form"]
    assert [row.label for row in form.lines] == ["Silver"]
    assert [row.label for row in form.archived_options] == ["Gold"]
    assert form["label"].value() == "Tier"
    back = as_alice.post(url, {**sent, "option_id": [], "option": [], "version": form.seen, "restore": gold.pk})
    assert [row.label for row in back.context["form"].lines] == ["Gold"]
    with workspace(acme):
        assert Field.objects.for_workspace(acme).get().label == "Plan"


def test_an_archived_option_is_deleted_with_its_impact(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        gold, silver = plan.choices
        gold.archive()
    url = acme.url("customfields:option_delete", plan.pk, gold.pk)
    dialog = as_alice.get(url, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert "Delete “Gold”?" in dialog.text
    assert "<html" not in dialog.text
    assert as_alice.post(url, {"replace_with": silver.pk}).status_code == 302
    with workspace(acme):
        assert [option.label for option in plan.own_options.known()] == ["Silver"]


def test_fields_are_reordered(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        seats = define(acme, "Seats", "number")
    url = acme.url("customfields:reorder")
    assert as_alice.post(url, {"ids": [seats.pk, plan.pk]}, headers={"HX-Request": "true"}).status_code == 204
    with workspace(acme):
        assert list(Field.objects.for_workspace(acme).active()) == [seats, plan]
    as_alice.post(url, {"ids": [seats.pk, plan.pk], "move": f"{plan.pk}:up"})
    with workspace(acme):
        assert list(Field.objects.for_workspace(acme).active()) == [plan, seats]
    stale = as_alice.post(url, {"ids": [plan.pk, 999_999]}, headers={"HX-Request": "true"})
    assert "The list has changed" in stale["HX-Trigger"]


def test_a_field_is_archived_brought_back_and_deleted(acme: Workspace, plan: Field, as_alice: Client) -> None:
    early = as_alice.get(acme.url("customfields:delete", plan.pk), headers={"HX-Request": "true"})
    assert "Archive it first" in early["HX-Trigger"]
    archived = as_alice.post(acme.url("customfields:archive", plan.pk), headers={"HX-Request": "true"})
    assert "Plan archived" in archived["HX-Trigger"]
    assert "Bring back Plan" in as_alice.get(acme.url("customfields:list")).text
    as_alice.post(acme.url("customfields:restore", plan.pk))
    as_alice.post(acme.url("customfields:archive", plan.pk))
    url = acme.url("customfields:delete", plan.pk)
    assert "No contact has a value here" in as_alice.get(url).text
    assert as_alice.post(url, {"confirm": "Plan"}).status_code == 422
    assert as_alice.post(url, {"confirm": "plan"}).status_code == 302
    with workspace(acme):
        assert not Field.objects.for_workspace(acme).exists()


def test_the_key_is_shown_while_one_types(acme: Workspace, plan: Field, as_alice: Client) -> None:
    answer = as_alice.get(acme.url("customfields:key"), {"label": "Plan"})
    assert 'placeholder="plan_2"' in answer.text


def test_the_list_costs_the_same_for_one_field_and_for_many(
    acme: Workspace, alice: User, plan: Field, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    with workspace(acme):
        for number in range(10):
            define(acme, f"Field {number}", "select", options=["A", "B"])
    with django_assert_max_num_queries(16):
        assert as_alice.get(acme.url("customfields:list")).status_code == 200
