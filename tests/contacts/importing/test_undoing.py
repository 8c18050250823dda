"""Taking an import back: all of it, but for what was edited since."""

from typing import Any

import pytest

from contacts.importing import starting, undoing
from contacts.importing.starting import NotNow
from contacts.models import Change, Contact, Import, Tag
from customfields import values as field_values
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import User, Workspace
from organizations.models import Organization
from tests.contacts.importing.conftest import Imports, counts, people
from tests.contacts.importing.test_running import values_of
from tests.factories import TicketFactory


def take_back(one: Import, actor: Actor = SYSTEM) -> tuple[int, int, int]:
    """Undo it as a worker would; trashed, reverted and kept."""
    with workspace(one.workspace_id):
        starting.undo(one, actor)
    assert undoing.undo(one.workspace_id, one.pk)
    with workspace(one.workspace_id):
        one.refresh_from_db()
    assert one.status == "undone"
    return one.trashed, one.reverted, one.kept


def everything(target: Workspace) -> list[Any]:
    """Contacts outside of the trash, with their tags, values, organizations, and what there is besides."""
    with workspace(target):
        contacts = Contact.objects.for_workspace(target).alive().order_by("pk").select_related("organization")
        values = field_values.read(target, [contact.pk for contact in contacts])
        return [
            [(one.email, one.name, str(one.organization), {*one.tags.values_list("name", flat=True)}, values[one.pk])
             for one in contacts],
            set(Organization.objects.for_workspace(target).values_list("name", "contact_count")),
            set(Tag.objects.for_workspace(target).values_list("name", flat=True)),
        ]  # fmt: skip


BEFORE = "name,email,company,tags,plan,since,amount\nAlice,alice@acme.example,Acme,vip,Free,2027-01-01,1\n"
AFTER = (
    "name,email,company,tags,plan,since,amount\nAlice B,alice@acme.example,Globex,new;vip,Gold,2027-02-02,2\n"
    "Bob,bob@acme.example,Initech,fresh,Gold,,\n"
)


def test_everything_is_as_it_was(
    acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...], bob: User
) -> None:
    imports(BEFORE)
    before = everything(acme)
    one = imports(AFTER, new_options="add")
    assert counts(one) == (1, 1, 0, 0, 0)
    assert take_back(one, Actor.agent(bob)) == (1, 1, 0)
    assert everything(acme) == before
    with workspace(acme):
        assert [option.label for option in plan_and_since[0].own_options.known()] == ["Free", "Pro"]
        trashed = Contact.objects.for_workspace(acme).get(email="bob@acme.example")
        assert trashed.is_trashed
        last = Change.objects.for_workspace(acme).filter(contact=trashed).exclude(what="field").latest("pk")
        assert (last.what, last.actor_kind, last.actor_id) == ("deleted", "agent", bob.pk)


def test_what_was_edited_since_stays(acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]) -> None:
    imports(BEFORE)
    one = imports(AFTER + "Charlie,charlie@acme.example,,,,,\n", new_options="add")
    _, since, _ = plan_and_since
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        contacts.get(name="Alice B").change(SYSTEM, {"name": "Alice C"}, {since: None})
        contacts.get(name="Charlie").change(SYSTEM, {"name": "Charles"})
    assert take_back(one) == (1, 1, 2)
    assert people(acme) == {"alice@acme.example": "Alice C", "charlie@acme.example": "Charles"}
    assert values_of(acme, "alice@acme.example") == {"plan": "Free", "amount": "1"}
    with workspace(acme):
        alice = Contact.objects.for_workspace(acme).get(name="Alice C")
        assert str(alice.organization) == "Acme"
        assert [tag.name for tag in alice.tags.all()] == ["vip"]


def test_what_it_took_out_of_the_trash_goes_back(acme: Workspace, imports: Imports) -> None:
    imports("name,email\nAlice,alice@acme.example\nBob,bob@acme.example\n")
    with workspace(acme):
        Contact.objects.for_workspace(acme).trash(SYSTEM)
    one = imports("name,email\nAlice B,alice@acme.example\nBob,bob@acme.example\n")
    assert counts(one) == (2, 0, 0, 0, 0)
    with workspace(acme):
        Contact.objects.for_workspace(acme).get(name="Bob").change(SYSTEM, {"name": "Robert"})
    assert take_back(one) == (1, 0, 1)
    assert people(acme) == {"bob@acme.example": "Robert"}
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).get(email="alice@acme.example").name == "Alice"


def test_what_others_use_stays(acme: Workspace, imports: Imports, plan_and_since: tuple[Field, ...]) -> None:
    one = imports(AFTER, new_options="add")
    with workspace(acme):
        organization = Organization.objects.for_workspace(acme).get(name="Initech")
        contact = Contact.objects.for_workspace(acme).add(SYSTEM, email="x@x.example", organization=organization)
        TicketFactory(workspace=acme, contact=contact)
        tag = Tag.objects.for_workspace(acme).get(name="fresh")
        contact.set_tags([tag.name])
        Organization.objects.for_workspace(acme).get(name="Globex").change(domains=["globex.example"])
    assert take_back(one) == (2, 0, 0)
    with workspace(acme):
        assert {one.name for one in Organization.objects.for_workspace(acme)} == {"Initech", "Globex"}
        assert {one.name for one in Tag.objects.for_workspace(acme)} == {"fresh"}


def test_another_worker_goes_on(acme: Workspace, imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BATCH", 2)
    one = imports("email\n" + "".join(f"p{n}@x.example\n" for n in range(7)))
    with workspace(acme):
        starting.undo(one, SYSTEM)
    asked = iter([False, False, True])
    assert not undoing.undo(acme.pk, one.pk, lambda: next(asked))
    assert len(people(acme)) == 3
    assert undoing.undo(acme.pk, one.pk)
    with workspace(acme):
        one.refresh_from_db()
    assert (one.status, one.trashed, people(acme)) == ("undone", 7, {})


def test_what_can_t_be_undone(acme: Workspace, imports: Imports) -> None:
    dry = imports("email\na@x.example\n", dry_run=True)
    queued = imports("email\nb@x.example\n", run=False)
    for one in (dry, queued):
        with workspace(acme), pytest.raises(NotNow):
            starting.undo(one, SYSTEM)
