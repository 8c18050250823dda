"""Contacts that join an organization by its domains, after a preview of who would."""

import pytest
from django.test import Client

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from organizations.models import Organization

HTMX = {"HX-Request": "true"}


@pytest.fixture
def kumo(acme: Workspace) -> Organization:
    """Made before its domains, so that nobody joined by themselves."""
    with workspace(acme):
        contacts = Contact.objects.for_workspace(acme)
        other = Organization.objects.for_workspace(acme).create(name="Other")
        kumo = Organization.objects.for_workspace(acme).create(name="Kumo")
        for email in ("ann@kumo.example", "BEN@Kumo.Example", "cem@sub.kumo.example", "dora@notkumo.example"):
            contacts.add(SYSTEM, email=email)
        contacts.add(SYSTEM, email="eve@kumo.example", organization=other)
        contacts.add(SYSTEM, email="finn@münchen.example")
        gone = contacts.add(SYSTEM, email="gone@kumo.example")
        contacts.filter(pk=gone.pk).trash(SYSTEM)
        kumo.change(domains=["kumo.example", "münchen.example"])
    return kumo


def of(acme: Workspace, organization: Organization) -> set[str | None]:
    with workspace(acme):
        return set(
            Contact.objects.for_workspace(acme).filter(organization=organization).values_list("email_key", flat=True)
        )


def test_who_would_join_is_shown_first(acme: Workspace, kumo: Organization, as_bob: Client) -> None:
    shown = as_bob.get(acme.url("contacts:join", kumo.pk), headers=HTMX).content.decode()
    assert "Add 3 contacts" in shown
    assert "1 has another organization and stays there" in shown
    emails = ["ann@kumo.example", "BEN@Kumo.Example", "finn@münchen.example", "eve@kumo.example", "gone@kumo.example"]
    assert [email in shown for email in emails] == [True, True, True, False, False]
    assert of(acme, kumo) == set()


def test_they_join_and_it_can_be_undone(acme: Workspace, kumo: Organization, as_bob: Client) -> None:
    done = as_bob.post(acme.url("contacts:join", kumo.pk), headers=HTMX)
    assert "3 contacts changed" in done["HX-Trigger"]
    assert "organizations-changed" in done["HX-Trigger"]
    assert of(acme, kumo) == {"ann@kumo.example", "ben@kumo.example", "finn@xn--mnchen-3ya.example"}
    with workspace(acme):
        kumo.refresh_from_db()
        assert kumo.contact_count == 3


def test_nobody_to_join(acme: Workspace, as_bob: Client) -> None:
    with workspace(acme):
        empty = Organization.objects.for_workspace(acme).create(name="Empty")
    shown = as_bob.get(acme.url("contacts:join", empty.pk), headers=HTMX).content.decode()
    assert "it has none yet" in shown
    assert 'form="join-form"' not in shown
