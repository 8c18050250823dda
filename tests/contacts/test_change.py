"""Changing a contact: narrow writes, with what changed written down."""

from decimal import Decimal

import pytest

from contacts import history
from contacts.models import Contact
from contacts.querysets import AddressTaken
from customfields.models import Kind
from customfields.values import Conflict
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, FieldFactory, OrganizationFactory


@pytest.fixture
def dana(in_acme: Workspace) -> Contact:
    return ContactFactory(workspace=in_acme, name="Dana Cole", email="dana@example.com")


@pytest.fixture
def actor(alice: User) -> Actor:
    return Actor.agent(alice)


def log(contact: Contact) -> list[tuple]:
    return [(change.what, change.old, change.new) for change in history.of(contact)]


def test_properties(dana: Contact, actor: Actor) -> None:
    fathom = OrganizationFactory(workspace=dana.workspace, name="Fathom")
    before = dana.updated_at
    assert dana.change(actor, {"name": "Dana C.", "email": "Dana.C@example.com", "organization": fathom})
    dana.refresh_from_db()
    assert (dana.name, dana.email_key, dana.organization) == ("Dana C.", "dana.c@example.com", fathom)
    assert dana.updated_at >= before
    assert set(log(dana)) == {
        ("name", "Dana Cole", "Dana C."),
        ("email", "dana@example.com", "Dana.C@example.com"),
        ("organization", None, "Fathom"),
    }


def test_nothing_new_writes_nothing(dana: Contact, actor: Actor) -> None:
    assert not dana.change(actor, {"name": "Dana Cole", "email": "dana@example.com"}, tags=[])
    assert log(dana) == []


def test_another_ones_address(dana: Contact, actor: Actor) -> None:
    ContactFactory(workspace=dana.workspace, email="bob@example.com")
    with pytest.raises(AddressTaken):
        dana.change(actor, {"email": "Bob@example.com"})


def test_tags(dana: Contact, actor: Actor) -> None:
    dana.change(actor, tags=["vip", "beta"])
    dana.change(actor, tags=["VIP"])
    assert [tag.name for tag in dana.tags.all()] == ["vip"]
    assert log(dana) == [("tags", "beta, vip", "vip"), ("tags", "", "beta, vip")]


def test_values(dana: Contact, actor: Actor) -> None:
    field = FieldFactory(workspace=dana.workspace)
    dana.change(actor, values={field: "gold"})
    dana.change(actor, values={field: None})
    assert log(dana) == [("field", "gold", None), ("field", None, "gold")]


def test_the_second_of_two_who_edit_the_same_field_is_told(dana: Contact, actor: Actor) -> None:
    field = FieldFactory(workspace=dana.workspace)
    dana.change(actor, values={field: "gold"}, expected={field: None})
    with pytest.raises(Conflict) as conflict:
        dana.change(actor, values={field: "silver"}, expected={field: None})
    assert conflict.value.current == "gold"


def test_values_are_kept_exactly_and_shown_to_people(dana: Contact, actor: Actor) -> None:
    seats = FieldFactory(workspace=dana.workspace, kind=Kind.NUMBER)
    dana.change(actor, values={seats: Decimal("12500.50")})
    (change,) = history.of(dana)
    assert (change.new, change.shown_old, change.shown_new) == ("12500.50", "", "12,500.50")
