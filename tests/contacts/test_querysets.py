"""Making, trashing and restoring contacts: one way, whoever asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from contacts import history
from contacts.finding import name_of
from contacts.models import Contact
from contacts.querysets import AddressTaken
from gopimi.lib.addresses import InvalidAddress
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import QuotaExceeded, User, Workspace
from organizations.models import Domain
from tests.factories import ContactFactory, FieldFactory, OrganizationFactory


@pytest.fixture
def actor(alice: User) -> Actor:
    return Actor.agent(alice)


def test_add(in_acme: Workspace, actor: Actor) -> None:
    field = FieldFactory(workspace=in_acme)
    contact = Contact.objects.for_workspace(in_acme).add(
        actor, email=" Dana@Example.com ", name="Dana Cole", tags=["vip", "VIP", "beta"], values={field: "gold"}
    )
    assert (contact.email, contact.email_key, contact.source) == ("Dana@Example.com", "dana@example.com", "manual")
    assert [tag.name for tag in contact.tags.all()] == ["beta", "VIP"]
    assert contact.field_values.get().text_value == "gold"
    ((created,), more) = history.story(contact, 5)
    assert (created.what, created.actor_kind, created.actor_id, more) == ("created", actor.kind, actor.id, False)


def test_an_address_is_taken_without_regard_to_case(in_acme: Workspace, actor: Actor) -> None:
    alice = ContactFactory(workspace=in_acme, email="alice@example.com")
    with pytest.raises(AddressTaken) as taken:
        Contact.objects.for_workspace(in_acme).add(actor, email="ALICE@example.com")
    assert taken.value.contact == alice


def test_the_same_address_in_another_workspace_is_another_person(
    acme: Workspace, globex: Workspace, actor: Actor
) -> None:
    for target in (acme, globex):
        with workspace(target):
            Contact.objects.for_workspace(target).add(actor, email="alice@example.com")


def test_not_an_address(in_acme: Workspace, actor: Actor) -> None:
    with pytest.raises(InvalidAddress):
        Contact.objects.for_workspace(in_acme).add(actor, email="alice")


def test_joins_the_organization_of_its_domain(in_acme: Workspace, actor: Actor) -> None:
    fathom = OrganizationFactory(workspace=in_acme)
    Domain.objects.create(workspace=in_acme, organization=fathom, name="fathom.example")
    contact = Contact.objects.for_workspace(in_acme).add(actor, email="priya@Fathom.example")
    fathom.refresh_from_db()
    assert (contact.organization, fathom.contact_count) == (fathom, 1)


def test_quota(in_acme: Workspace, actor: Actor) -> None:
    Workspace.objects.filter(pk=in_acme.pk).update(contact_quota=1)
    contacts = Contact.objects.for_workspace(in_acme)
    contacts.add(actor, email="alice@example.com")
    with pytest.raises(QuotaExceeded) as refused:
        contacts.add(actor, email="bob@example.com")
    assert (refused.value.limit, refused.value.used, refused.value.requested) == (1, 1, 1)
    with pytest.raises(DatabaseError, match="contact quota"), transaction.atomic():
        ContactFactory(workspace=in_acme)  # the database holds it too
    contact, created = contacts.by_mail("carol@example.com", "Carol")
    assert created, "inbound mail is never refused"
    assert contact.name == "Carol"
    with pytest.raises(DatabaseError, match="contact quota"), transaction.atomic():
        ContactFactory(workspace=in_acme)  # the exemption was the mail's alone


def test_trash_and_undo(in_acme: Workspace, actor: Actor) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    alice, bob, carol = (ContactFactory(workspace=in_acme) for _ in range(3))
    contacts.filter(pk=carol.pk).trash(actor)
    number, deletion = contacts.filter(pk__in=[alice.pk, bob.pk]).trash(actor)
    in_acme.refresh_from_db()
    assert (number, in_acme.contact_count) == (2, 0)
    restored = contacts.filter(deletion=deletion).restore(actor)
    assert restored.ids == [alice.pk, bob.pk]
    assert set(contacts.alive()) == {alice, bob}
    assert [change.what for change in history.of(alice)] == ["restored", "deleted"]


def test_restore_needs_room(in_acme: Workspace, actor: Actor) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    alice, bob = (ContactFactory(workspace=in_acme) for _ in range(2))
    contacts.trash(actor)
    Workspace.objects.filter(pk=in_acme.pk).update(contact_quota=1)
    restored = contacts.restore(actor)
    assert (restored.ids, restored.left) == ([alice.pk], [bob.pk])


def test_mail_from_a_trashed_contact_restores_it(in_acme: Workspace, actor: Actor) -> None:
    contacts = Contact.objects.for_workspace(in_acme)
    alice = ContactFactory(workspace=in_acme, email="alice@example.com")
    contacts.trash(actor)
    contact, created = contacts.by_mail("Alice@example.com", "Somebody")
    assert (contact, created, contact.is_trashed, contact.name) == (alice, False, False, alice.name)


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("dana.cole@acme.example", "Dana Cole"),
        ("dana@acme.example", "Dana"),
        ("d_cole+help@acme.example", "D Cole"),
        ("McCoy@acme.example", "McCoy"),
        ('"@"@acme.example', "@"),
    ],
)
def test_name_of_an_address(email: str, name: str) -> None:
    assert name_of(email) == name


def test_nothing_is_left_behind_by_a_refusal(in_acme: Workspace, actor: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.quota_exempt', true)")
        assert cursor.fetchone()[0] in (None, "")
