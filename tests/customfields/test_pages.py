"""The Custom fields tab: admins alone, two at once, with and without htmx."""

from typing import Any

import pytest
from django.test import Client

from customfields import removing, tasks, values
from customfields.models import Field
from gopimi.lib.refusals import refuse
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory

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
        ("get", acme.url("customfields:option_replacing", field.pk, option.pk)),
        ("get", acme.url("customfields:archive", field.pk)),
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


def test_what_the_other_admin_changed_is_named(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        sent = edit(plan, label="Tier", featured="on")
        other = Field.objects.for_workspace(acme).get()
        other.change(label="Level", help_text="Since 2026", required=True)
        other.choices[0].rename("Or")
        other.add_option("Bronze")
        other.archive()
    answer = as_alice.post(acme.url("customfields:detail", plan.pk), sent)
    assert answer.context["form"].non_field_errors() == [
        "Somebody else changed this field in the meantime. It is archived. Its label is “Level”. Its help text is "
        "“Since 2026”. It isn't featured. It is required. “Gold” is called “Or”. There is a new option “Bronze”. "
        "Save again to overwrite that with what is here."
    ]
    assert 'value="Tier"' in answer.text, "what was typed is kept"


def test_an_option_that_somebody_has_deleted_is_no_riddle(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        sent = edit(plan, label="Tier")
        gold = plan.choices[0].pk
        removing.delete_option(plan.choices[0], SYSTEM)
    url = acme.url("customfields:detail", plan.pk)
    for command in ("archive", "restore"):
        answer = as_alice.post(url, {**sent, command: gold})
        assert answer.status_code == 200
        assert "That option was deleted in the meantime." in answer.text
        assert 'value="Tier"' in answer.text
    assert as_alice.get(acme.url("customfields:option_delete", plan.pk, gold)).status_code == 404


def test_a_line_that_is_not_saved_yet_is_dropped(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        sent = edit(plan)
    sent |= {"option_id": [*sent["option_id"], ""], "option": [*sent["option"], "Oops"]}
    url = acme.url("customfields:detail", plan.pk)
    assert 'aria-label="Remove Oops"' in as_alice.post(url, {**sent, "add": "1"}).text
    answer = as_alice.post(url, {**sent, "drop": "2"})
    assert [row.label for row in answer.context["form"].lines] == ["Gold", "Silver"]
    answer = as_alice.post(url, {**sent, "drop": "0"})  # one that is saved is archived or deleted
    assert len(answer.context["form"].lines) == 3


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


def test_an_option_in_use_asks_what_becomes_of_its_values(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        gold, silver = plan.choices
        values.write_many(acme, {ContactFactory(workspace=acme).pk: {plan: gold} for _ in range(2)})
        bronze = plan.add_option("Bronze")
    url = acme.url("customfields:option_delete", plan.pk, gold.pk)
    dialog = as_alice.get(url)
    assert "2 contacts</b> have this option" in dialog.text
    assert 'name="seen" value="2"' in dialog.text
    with workspace(acme):
        bronze.archive()
        values.write(acme, ContactFactory(workspace=acme).pk, plan, gold)
    for sent, words in (
        ({"replace_with": ""}, "Choose what these contacts get instead."),
        ({"replace_with": bronze.pk}, "That option was archived or deleted in the meantime."),
        ({"replace_with": silver.pk, "seen": "2"}, "More contacts have it by now: 3. Confirm it once more."),
    ):
        answer = as_alice.post(url, sent)
        assert answer.status_code == 422
        assert words in answer.text
    assert 'name="seen" value="3"' in answer.text
    assert as_alice.post(url, {"replace_with": silver.pk, "seen": "3"}).status_code == 302
    assert (
        as_alice.get(acme.url("customfields:option_delete", plan.pk, silver.pk)).text.count("3 contacts</b> have") == 1
    )
    as_alice.post(acme.url("customfields:option_delete", plan.pk, silver.pk), {"replace_with": "nothing"})
    with workspace(acme):
        assert plan.contacts_with_value() == 0


def test_the_form_behind_the_dialog_is_kept_as_it_was_typed(acme: Workspace, plan: Field, as_alice: Client) -> None:
    with workspace(acme):
        gold = plan.choices[0]
        sent = edit(plan, label="Tier", required="on")
    url = acme.url("customfields:option_delete", plan.pk, gold.pk)
    answer = as_alice.post(url, sent, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert answer.status_code == 200
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#field-page", "outerHTML")
    assert "Gold deleted" in answer["HX-Trigger"]
    form = answer.context["form"]
    assert (form["label"].value(), [row.label for row in form.lines]) == ("Tier", ["Silver"])
    assert f'hx-post="{acme.url("customfields:detail", plan.pk)}"' in answer.text
    with workspace(acme):
        now = edit(Field.objects.for_workspace(acme).get(), label="Tier")
    assert form.seen == now["version"], "our own change is no conflict"
    assert as_alice.post(acme.url("customfields:detail", plan.pk), now).status_code == 302


def test_how_far_the_replacing_is(
    acme: Workspace, plan: Field, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "AT_ONCE", 1)
    monkeypatch.setattr(removing, "OPTION_BATCH", 2)
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    with workspace(acme):
        gold, silver = plan.choices
        values.write_many(acme, {ContactFactory(workspace=acme).pk: {plan: gold} for _ in range(4)})
    answer = as_alice.post(acme.url("customfields:option_delete", plan.pk, gold.pk), {"replace_with": silver.pk})
    page = as_alice.get(answer["Location"]).text
    assert "Gold is being replaced by Silver" in page
    assert "Gold becomes Silver" in page
    assert f'aria-label="Bring back {gold.label}"' not in page
    url = acme.url("customfields:option_replacing", plan.pk, gold.pk)
    assert 'value="0" max="100"' in as_alice.get(url).text
    tasks.erase_option(acme.pk, gold.pk, "system", None)
    half = as_alice.get(url).text
    assert ("2 left" in half, 'value="50"' in half, "every 2s" in half) == (True, True, True)
    tasks.erase_option(acme.pk, gold.pk, "system", None)
    done = as_alice.get(url).text
    assert ("Replaced" in done, "every 2s" in done) == (True, False)


def test_archiving_a_field_in_use_is_asked_first(acme: Workspace, plan: Field, as_alice: Client) -> None:
    url = acme.url("customfields:archive", plan.pk)
    assert f'hx-post="{url}"' in as_alice.get(acme.url("customfields:list")).text
    with workspace(acme):
        values.write(acme, ContactFactory(workspace=acme).pk, plan, plan.choices[0])
        Workspace.objects.filter(pk=acme.pk).update(contact_count=31)
    assert f'hx-get="{url}"' in as_alice.get(acme.url("customfields:list")).text
    dialog = as_alice.get(url, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert "1 contact</b> has a value" in dialog.text
    page = as_alice.get(acme.url("customfields:detail", plan.pk)).text
    assert '<span class="num">30</span> contacts have no value yet' in page
    with workspace(acme):
        assert not Field.objects.for_workspace(acme).get().archived_at


def test_an_admin_who_comes_second_is_told_what_happened(
    acme: Workspace, plan: Field, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has loaded the field, and somebody else deletes it before we have its lock."""

    def gone(field: Field) -> None:
        raise refuse("field", "gone", f"{field.label} was deleted in the meantime.")

    monkeypatch.setattr(Field, "lock", gone)
    for name in ("archive", "restore"):
        answer = as_alice.post(acme.url(f"customfields:{name}", plan.pk), headers={"HX-Request": "true"})
        assert "Plan was deleted in the meantime." in answer["HX-Trigger"]
        assert "fields-changed" in answer["HX-Trigger"]
    with workspace(acme):
        sent = edit(plan)
    answer = as_alice.post(acme.url("customfields:detail", plan.pk), sent)
    assert (answer.status_code, "Plan was deleted in the meantime." in answer.text) == (422, True)


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
