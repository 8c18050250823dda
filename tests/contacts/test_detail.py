"""A contact's own page, its history in words, and the contact selector."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import EMAIL, SYSTEM, Actor
from gopimi.workspaces.models import ApiToken, User, Workspace
from tests.factories import FieldFactory, OrganizationFactory


@pytest.fixture
def dana(acme: Workspace, bob: User) -> Contact:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
        contacts = Contact.objects.for_workspace(acme)
        return contacts.add(
            Actor.agent(bob), email="dana@kumo.example", name="Dana Cole", organization=kumo, tags=["vip"]
        )


def test_it_shows_the_card_and_every_field(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        seats = FieldFactory(workspace=acme, label="Seats", kind=Kind.NUMBER)
        FieldFactory(workspace=acme, label="Site", kind=Kind.URL)
        dana.change(SYSTEM, values={seats: Decimal(1200)})
    page = as_bob.get(acme.url("contacts:detail", dana.pk)).content.decode()
    for words in (
        "Dana Cole</h1>", "dana@kumo.example", "Kumo", "Created by hand", 'aria-label="Edit Seats: 1,200"', "Edit Site",
        'aria-label="Edit Organization: Kumo"', "Edit Tags: ", f"?organization={dana.organization_id}",
    ):  # fmt: skip
        assert words in page


def test_its_history_is_told_in_words(acme: Workspace, dana: Contact, alice: User, as_bob: Client) -> None:
    with workspace(acme):
        seats = FieldFactory(workspace=acme, label="Seats", kind=Kind.NUMBER)
        token, _ = ApiToken.issue(acme, "CRM sync", ["contacts:write"])
        dana.change(Actor.agent(alice), values={seats: Decimal(1500)})
        dana.change(Actor.api(token), values={seats: Decimal(1800)})
        dana.change(EMAIL, properties={"organization": None})
    headers = {"HX-Request": "true", "HX-Target": "contact-history"}
    page = as_bob.get(acme.url("contacts:detail", dana.pk), headers=headers).content.decode()
    text = " ".join(page.split())
    for words in (
        "<b>Bob</b> created this contact",
        "<b>Alice</b> set <b>Seats</b> to <ins>1,500</ins>",
        "<b>CRM sync</b> changed <b>Seats</b> from <del>1,500</del> to <ins>1,800</ins>",
        "<b>Email</b> cleared <b>Organization</b>, which was <del>Kumo</del>",
    ):
        assert words in text
    assert "<html" not in page


def test_in_the_trash_it_leads_back(acme: Workspace, dana: Contact, bob: User, as_bob: Client) -> None:
    with workspace(acme):
        Contact.objects.for_workspace(acme).filter(pk=dana.pk).trash(Actor.agent(bob))
    url = acme.url("contacts:detail", dana.pk)
    page = as_bob.get(url).content.decode()
    for words in ("In the trash since", "deleted by <b>Bob</b>", "Kept until", "inert"):
        assert words in page
    assert as_bob.post(acme.url("contacts:restore"), {"id": dana.pk})["Location"] == url
    assert "In the trash" not in as_bob.get(url).content.decode()


def test_deleting_it_leads_to_the_table(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    data = {"id": dana.pk, "leaving": "1"}
    asked = as_bob.post(acme.url("contacts:delete"), data, headers={"HX-Request": "true"}).content.decode()
    assert "Delete Dana Cole?" in asked
    assert "hx-post" not in asked
    answer = as_bob.post(acme.url("contacts:delete"), {**data, "confirmed": "1"})
    assert answer["Location"] == acme.url("contacts:list")


def test_an_erased_person_has_no_page(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        itself = Contact.objects.for_workspace(acme).filter(pk=dana.pk)
        itself.trash(SYSTEM)
        itself.update(email=None, email_key=None, name="", erased_at="2026-01-01T00:00Z")
    assert as_bob.get(acme.url("contacts:detail", dana.pk)).status_code == 404


def test_the_selector_offers_those_who_are_called_so_first(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        for name, address in {"Ardan Kay": "kay", "Dan Abel": "abel", "Zoe Lind": "danube"}.items():
            Contact.objects.for_workspace(acme).add(SYSTEM, email=f"{address}@other.example", name=name)
    found = as_bob.get(acme.url("contacts:options"), {"q": "DAN"}).json()
    assert [one["text"] for one in found] == ["Dan Abel", "Dana Cole", "Zoe Lind", "Ardan Kay"]
    assert found[1] | {"hue": 0} == {
        "value": dana.pk, "text": "Dana Cole", "email": "dana@kumo.example", "hue": 0, "initials": "DC",
    }  # fmt: skip
    assert as_bob.get(acme.url("contacts:options"), {"q": "\x00"}).json() == []
    assert len(as_bob.get(acme.url("contacts:options")).json()) == 4


def test_strangers_find_nothing(acme: Workspace, globex: Workspace, dana: Contact, as_charlie: Any) -> None:
    for target in (acme, globex):
        assert as_charlie.get(target.url("contacts:detail", dana.pk)).status_code == 404
    assert as_charlie.get(globex.url("contacts:options"), {"q": "dana"}).json() == []
