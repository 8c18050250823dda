"""Two people at the very same moment: who comes second waits for the first, and is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection

from contacts.models import Contact
from contacts.querysets import AddressTaken
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tests.factories import ContactFactory, OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = "Taken@acme.example"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def one_after_the_other(target: Workspace, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Starts `second` when `first` has written and not committed; the latter commits when the former waits for it."""
    written = Event()

    def run_first() -> Any:
        try:
            with workspace(target):
                done = first()
                written.set()
                end = monotonic() + 10
                while not somebody_waits():
                    assert monotonic() < end, "nobody waits"
                    sleep(0.01)
                return done
        finally:
            written.set()
            connection.close()

    def run_second() -> Any:
        try:
            written.wait()
            with workspace(target):
                return second()
        except AddressTaken as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(run_first), pool.submit(run_second)
        return running[0].result(), running[1].result()


@pytest.fixture
def dana(acme: Workspace) -> Contact:
    with workspace(acme):
        return ContactFactory(workspace=acme, name="Dana Cole", email="dana@acme.example")


def add(acme: Workspace) -> Contact:
    return Contact.objects.for_workspace(acme).add(SYSTEM, email=TAKEN)  # type: ignore[no-any-return]


def test_an_address_that_is_taken_while_another_contact_is_given_it(acme: Workspace, dana: Contact) -> None:
    added, refusal = one_after_the_other(acme, lambda: add(acme), lambda: dana.change(SYSTEM, {"email": TAKEN}))
    assert isinstance(refusal, AddressTaken)
    assert refusal.contact == added


def test_an_address_that_is_given_while_a_contact_is_made_of_it(acme: Workspace, dana: Contact) -> None:
    _, refusal = one_after_the_other(acme, lambda: dana.change(SYSTEM, {"email": TAKEN}), lambda: add(acme))
    assert isinstance(refusal, AddressTaken)
    assert refusal.contact == dana


def test_an_organization_goes_while_contacts_are_made(acme: Workspace) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
        ContactFactory(workspace=acme, organization=kumo)
    added, _ = one_after_the_other(acme, lambda: add(acme), kumo.delete)
    with workspace(acme):
        assert not Organization.objects.for_workspace(acme).exists()
        contacts = Contact.objects.for_workspace(acme)
        assert contacts.filter(organization=None).count() == 2
        assert added in contacts
