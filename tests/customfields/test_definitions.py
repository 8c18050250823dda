"""Fields and options are defined, ordered, archived and removed."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from customfields.keys import is_key, key_from
from customfields.models import Field, Kind
from gopimi.workspaces.models import Workspace


def define(workspace: Workspace, label: str = "Plan", type: str = "text", **more: Any) -> Field:
    return Field.objects.for_workspace(workspace).define(label=label, type=type, **more)


def codes(refused: Any) -> dict[str, list[str]]:
    return {name: [error.code for error in errors] for name, errors in refused.value.error_dict.items()}


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [
        ("Account ID", (), "account_id"),
        ("  Straße & Ort (neu) ", (), "stra_e_ort_neu"),
        ("Désirée", (), "desiree"),
        ("2FA", (), "f_2fa"),
        ("名前", (), "field"),
        ("Plan", ("plan",), "plan_2"),
        ("Plan", ("plan", "plan_2"), "plan_3"),
        ("x" * 100, ("x" * 63,), "x" * 61 + "_2"),
        ("x" * 62 + " y", (), "x" * 62),
    ],
)
def test_a_key_is_made_from_the_label(label: str, taken: tuple[str, ...], key: str) -> None:
    assert key_from(label, taken) == key
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "Plan", "2fa", "a__b", "_a", "a_", "a-b", "ä", "a" * 64, "plan\n"])
def test_a_bad_key_is_none(key: str) -> None:
    assert not is_key(key)


def test_fields_come_in_the_order_they_are_defined(in_acme: Workspace) -> None:
    plan = define(in_acme, "Plan", "select", multiple=True, options=["Gold", "Silver"], featured=True)
    assert (plan.key, plan.type.name, plan.multiple, plan.featured) == ("plan", "select", True, True)
    assert [option.label for option in plan.choices] == ["Gold", "Silver"]
    define(in_acme, "Seats", "number")
    assert [field.key for field in Field.objects.for_workspace(in_acme).active()] == ["plan", "seats"]


def test_all_errors_come_at_once(in_acme: Workspace) -> None:
    define(in_acme, "Plan")
    with pytest.raises(ValidationError) as refused:
        define(in_acme, "PLAN", "colour", key="Bad Key", help_text="x" * 301, options=["Gold", "gold"], featured="yes")
    assert codes(refused) == {
        "label": ["taken"], "type": ["invalid_choice"], "key": ["invalid_key"], "help_text": ["too_long"],
        "options": ["taken"], "featured": ["invalid_type"],
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        define(in_acme, " ", "date", multiple=True, key="plan")
    assert codes(refused) == {"label": ["required"], "multiple": ["not_multiple"], "key": ["taken"]}
    with pytest.raises(ValidationError) as refused:
        define(in_acme, "Day", "date", options=["Monday"])
    assert codes(refused) == {"options": ["not_select"]}


def test_a_change_touches_only_what_is_given(in_acme: Workspace) -> None:
    plan, tier = define(in_acme, "Plan"), define(in_acme, "Tier")
    plan.change(label="plan", featured=True)
    plan.refresh_from_db()
    assert (plan.label, plan.key, plan.featured, plan.required) == ("plan", "plan", True, False)
    with pytest.raises(ValidationError) as refused:
        tier.change(label="PLAN", help_text=3)
    assert codes(refused) == {"label": ["taken"], "help_text": ["invalid_type"]}


def test_the_order_survives_a_field_that_was_added_meanwhile(in_acme: Workspace) -> None:
    fields = Field.objects.for_workspace(in_acme)
    a, b, c = (define(in_acme, label) for label in "abc")
    fields.reorder([c.pk, a.pk])
    assert list(fields.active()) == [c, a, b]
    for wrong in ([a.pk, a.pk], [0], ["1"], [True]):
        with pytest.raises(ValidationError):
            fields.reorder(wrong)


def test_an_archived_field_comes_back_unless_its_label_is_taken(in_acme: Workspace) -> None:
    plan = define(in_acme, "Plan")
    plan.archive()
    again = define(in_acme, "Plan")
    assert again.key == "plan_2"
    with pytest.raises(ValidationError) as refused:
        plan.restore()
    assert codes(refused) == {"label": ["taken"]}
    again.change(label="New plan")
    plan.restore()
    assert set(Field.objects.for_workspace(in_acme).active()) == {plan, again}


def test_options_are_added_renamed_and_archived(in_acme: Workspace) -> None:
    plan = define(in_acme, "Plan", "select", options=["Gold"])
    silver = plan.add_option("Silver")
    with pytest.raises(ValidationError) as refused:
        plan.add_option(" GOLD ")
    assert codes(refused) == {"label": ["taken"]}
    silver.rename("Bronze")
    assert silver.former_labels == ["silver"]
    silver.archive()
    with pytest.raises(ValidationError, match="bring it back"):
        plan.add_option("bronze")
    assert [option.label for option in plan.own_options.active()] == ["Gold"]
    silver.restore()
    plan.own_options.reorder([silver.pk])
    assert [option.label for option in plan.own_options.active()] == ["Bronze", "Gold"]


def test_kinds_of_other_types_have_no_options(in_acme: Workspace) -> None:
    plan = define(in_acme, "Plan")
    assert plan.kind == Kind.TEXT
    with pytest.raises(ValidationError) as refused:
        plan.add_option("Gold")
    assert codes(refused) == {"label": ["not_select"]}
