"""Values in rows: narrow writes, conflicts, one query to read."""

from decimal import Decimal
from typing import Any

import pytest

from customfields import values
from customfields.models import FieldValue, Kind
from customfields.values import Conflict, UnknownContact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, FieldFactory, OptionFactory


def test_a_value_is_written_changed_and_cleared(in_acme: Workspace) -> None:
    field, dana = FieldFactory(workspace=in_acme, kind=Kind.NUMBER), ContactFactory(workspace=in_acme)
    assert values.write(in_acme, dana.pk, field, Decimal("1.5")) == (None, Decimal("1.5"))
    assert values.write(in_acme, dana.pk, field, Decimal(2)) == (Decimal("1.5"), Decimal(2))
    assert values.read(in_acme, [dana.pk]) == {dana.pk: {field.pk: Decimal(2)}}
    assert values.write(in_acme, dana.pk, field, None) == (Decimal(2), None)
    assert not FieldValue.objects.for_workspace(in_acme).exists()


def test_a_multiple_select_keeps_the_rows_that_stay(in_acme: Workspace) -> None:
    field = FieldFactory(workspace=in_acme, kind=Kind.MULTIPLE_SELECT)
    api, sso, cli = (OptionFactory(field=field, label=label) for label in ("API", "SSO", "CLI"))
    dana, eve = ContactFactory(workspace=in_acme), ContactFactory(workspace=in_acme)
    values.write(in_acme, dana.pk, field, (api, sso))
    values.write(in_acme, eve.pk, field, (api,))
    values.write(in_acme, dana.pk, field, (sso, cli))
    (field,) = values.fields_of(in_acme)
    assert values.read(in_acme, [dana.pk, eve.pk]) == {dana.pk: {field.pk: (sso, cli)}, eve.pk: {field.pk: (api,)}}


def test_the_second_of_two_writers_is_told(in_acme: Workspace) -> None:
    field, dana = FieldFactory(workspace=in_acme, label="Tier"), ContactFactory(workspace=in_acme)
    values.write(in_acme, dana.pk, field, "Gold", expected=None)
    with pytest.raises(Conflict, match=r"changed Tier.*now: Gold") as conflict:
        values.write(in_acme, dana.pk, field, "Silver", expected=None)
    assert conflict.value.current == "Gold"
    assert values.write(in_acme, dana.pk, field, "Gold", expected=None) == ("Gold", "Gold")


def test_many_are_written_in_a_fixed_number_of_queries(in_acme: Workspace, django_assert_max_num_queries: Any) -> None:
    tier, seats = FieldFactory(workspace=in_acme), FieldFactory(workspace=in_acme, kind=Kind.NUMBER)
    people = [ContactFactory(workspace=in_acme).pk for _ in range(20)]
    values.write(in_acme, people[0], tier, "Gold")
    with django_assert_max_num_queries(8):
        changed = values.write_many(in_acme, {pk: {tier: "Gold", seats: Decimal(3)} for pk in people})
    assert changed[people[0]] == {seats.pk: (None, Decimal(3))}
    assert changed[people[1]] == {tier.pk: (None, "Gold"), seats.pk: (None, Decimal(3))}
    with django_assert_max_num_queries(3):
        assert values.read(in_acme, people)[people[7]] == {tier.pk: "Gold", seats.pk: Decimal(3)}


def test_a_contact_of_another_workspace_is_unknown(acme: Workspace, globex: Workspace) -> None:
    with workspace(globex):
        theirs = ContactFactory(workspace=globex)
    with workspace(acme):
        field = FieldFactory(workspace=acme)
        with pytest.raises(UnknownContact):
            values.write(acme, theirs.pk, field, "Gold")
