"""Editing one property or one custom field in place."""

import re
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from customfields import removing, values
from customfields.models import Field, Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM, Actor
from gopimi.workspaces.models import User, Workspace
from organizations.models import Organization
from tests.customfields.test_definitions import define
from tests.factories import ContactFactory, FieldFactory, OptionFactory, OrganizationFactory


@pytest.fixture
def dana(acme: Workspace) -> Contact:
    with workspace(acme):
        return Contact.objects.for_workspace(acme).add(
            Actor("system"), email="dana@kumo.example", name="Dana", tags=["vip"]
        )


@pytest.fixture
def seats(acme: Workspace) -> Any:
    with workspace(acme):
        return FieldFactory(workspace=acme, label="Seats", key="seats", kind=Kind.NUMBER)


def url_of(acme: Workspace, contact: Contact, what: Any) -> str:
    if isinstance(what, str):
        return acme.url("contacts:property", contact.pk, what)
    return acme.url("contacts:field", contact.pk, what.pk)


def htmx(client: Client, method: str, url: str, line: str, data: Any = None) -> Any:
    headers = {"HX-Request": "true", "HX-Target": line}
    return getattr(client, method)(url, data or {}, headers=headers)


def value_of(acme: Workspace, contact: Contact, field: Any) -> Any:
    with workspace(acme):
        return values.read(acme, [contact.pk], [field])[contact.pk].get(field.pk)


def test_a_line_opens_saves_and_restores(acme: Workspace, dana: Contact, seats: Any, as_bob: Client) -> None:
    url, line = url_of(acme, dana, seats), f"field-{seats.pk}"
    shown = htmx(as_bob, "get", url, line).content.decode()
    assert 'aria-label="Edit Seats: Set number"' in shown
    assert "Set number" in shown
    editing = htmx(as_bob, "get", url, line, {"edit": "1"}).content.decode()
    assert 'data-inline="editing"' in editing
    assert "<html" not in editing
    saved = htmx(as_bob, "post", url, line, {"value": "1,200", "expected": ""})
    assert "Saved" in saved.content.decode()
    assert "contacts-changed" in saved["HX-Trigger"]
    assert value_of(acme, dana, seats) == Decimal(1200)


def test_an_error_stands_beside_the_field_and_keeps_what_was_typed(
    acme: Workspace, dana: Contact, seats: Any, as_bob: Client
) -> None:
    answer = htmx(as_bob, "post", url_of(acme, dana, seats), f"field-{seats.pk}", {"value": "many", "expected": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="many"' in page
    assert 'aria-invalid="true"' in page
    assert "Give a number" in page
    assert value_of(acme, dana, seats) is None


def test_the_second_of_two_editors_is_told_and_decides(
    acme: Workspace, dana: Contact, seats: Any, alice: User, as_bob: Client
) -> None:
    url, line = url_of(acme, dana, seats), f"field-{seats.pk}"
    with workspace(acme):
        dana.change(Actor.agent(alice), values={seats: Decimal(180)})
    answer = htmx(as_bob, "post", url, line, {"value": "200", "expected": ""})
    assert answer.status_code == 412
    page = answer.content.decode()
    for words in ("Alice changed this to <b>180</b>", "Keep 200", "Use 180", 'name="expected" value="180"'):
        assert words in page
    assert value_of(acme, dana, seats) == Decimal(180)
    assert htmx(as_bob, "post", url, line, {"value": "200", "expected": "180"}).status_code == 200
    assert value_of(acme, dana, seats) == Decimal(200)


def test_the_choice_names_values_as_people_read_them(
    acme: Workspace, dana: Contact, alice: User, as_bob: Client
) -> None:
    cases = [
        (Kind.NUMBER, Decimal(1200), "1500", "Use 1,200", "Keep 1,500"),
        (Kind.DATE, date(2027, 3, 1), "2027-03-02", "Use 1 Mar 2027", "Keep 2 Mar 2027"),
        (Kind.BOOLEAN, True, "", "Use Yes", "Keep No"),
    ]
    for kind, theirs, mine, *words in cases:
        with workspace(acme):
            field = FieldFactory(workspace=acme, kind=kind)
            dana.change(Actor.agent(alice), values={field: theirs})
        data = {"value": mine, "expected": "something else"}
        answer = htmx(as_bob, "post", url_of(acme, dana, field), f"field-{field.pk}", data)
        assert answer.status_code == 412
        assert all(text in answer.content.decode() for text in words), answer.content.decode()


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return define(acme, "Plan", "select", options=["Gold", "Silver", "Bronze"])


def test_an_option_that_was_renamed_is_no_other_value(
    acme: Workspace, dana: Contact, plan: Field, as_bob: Client
) -> None:
    with workspace(acme):
        gold, silver, _ = plan.choices
        uses = define(acme, "Uses", "select", multiple=True, options=["API", "CLI"])
        dana.change(SYSTEM, values={plan: gold, uses: tuple(uses.choices)})
    lines = [(plan, "Silver"), (uses, ["CLI"])]
    seen = []
    for field, _ in lines:
        page = htmx(as_bob, "get", url_of(acme, dana, field), f"field-{field.pk}", {"edit": "1"}).content.decode()
        seen.append(re.findall('name="expected" value="([^"]*)"', page)[0])
    with workspace(acme):
        gold.rename("Or")
        uses.choices[0].rename("REST")
    for (field, given), expected in zip(lines, seen, strict=True):
        data = {"value": given, "expected": expected}
        answer = htmx(as_bob, "post", url_of(acme, dana, field), f"field-{field.pk}", data)
        assert answer.status_code == 200, answer.content.decode()
    assert value_of(acme, dana, plan) == silver


def test_an_option_that_was_replaced_is_another_value(
    acme: Workspace, dana: Contact, plan: Field, alice: User, as_bob: Client
) -> None:
    with workspace(acme):
        gold, silver, _ = plan.choices
        dana.change(SYSTEM, values={plan: gold})
        removing.delete_option(gold, Actor.agent(alice), silver)
    data = {"value": "Bronze", "expected": str(gold.pk)}
    answer = htmx(as_bob, "post", url_of(acme, dana, plan), f"field-{plan.pk}", data)
    assert answer.status_code == 412
    assert "Alice changed this to <b>Silver</b>" in answer.content.decode()
    assert value_of(acme, dana, plan) == silver


def test_an_option_that_is_gone_cannot_be_chosen(acme: Workspace, dana: Contact, plan: Field, as_bob: Client) -> None:
    """The list was opened before; what is stored stays chosen in it, and nothing is written."""
    with workspace(acme):
        gold, silver, bronze = plan.choices
        dana.change(SYSTEM, values={plan: bronze})
        gold.archive()
        removing.delete_option(silver, SYSTEM)
        bronze.rename("Brown")
    url, line = url_of(acme, dana, plan), f"field-{plan.pk}"
    for label, words in (
        ("Gold", "“Gold” is archived and can&#x27;t be chosen any more."),
        ("Silver", "“Silver” isn&#x27;t an option of Plan."),
        ("Bronze", "“Bronze” isn&#x27;t an option of Plan any more. It is “Brown” now."),
    ):
        answer = htmx(as_bob, "post", url, line, {"value": label, "expected": str(bronze.pk)})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert '<option value="Brown" selected>' in answer.content.decode()
    assert value_of(acme, dana, plan) == bronze


def test_a_field_that_is_gone_says_so(acme: Workspace, dana: Contact, plan: Field, seats: Any, as_bob: Client) -> None:
    with workspace(acme):
        plan.archive()
        Field.objects.for_workspace(acme).filter(pk=seats.pk).update(deleted_at=timezone.now())  # its values still go
    for field, typed, words in (
        (plan, "Gold", "Plan was archived in the meantime. “Gold” isn’t saved. An admin can bring it back"),
        (seats, "200", "Seats was deleted in the meantime. “200” isn’t saved."),
    ):
        url, line = url_of(acme, dana, field), f"field-{field.pk}"
        answer = htmx(as_bob, "post", url, line, {"value": typed, "expected": ""})
        assert answer.status_code == 410
        assert words in answer.content.decode()
        assert f'id="{line}"' in answer.content.decode()
        assert htmx(as_bob, "get", url, line, {"edit": "1"}).status_code == 410
        assert value_of(acme, dana, field) is None
    assert as_bob.post(url_of(acme, dana, plan), {"value": "Gold"}).status_code == 410  # a page of its own
    gone = acme.url("contacts:field", dana.pk, seats.pk)
    with workspace(acme):
        Field.objects.for_workspace(acme).filter(pk=seats.pk).delete()
    answer = htmx(as_bob, "post", gone, f"field-{seats.pk}", {"value": "200", "expected": ""})
    assert (answer.status_code, "This field was deleted in the meantime. “200” isn’t saved." in answer.text) == (
        410,
        True,
    )
    assert as_bob.get(gone).status_code == 404


def test_two_who_write_the_same_agree(acme: Workspace, dana: Contact, seats: Any, as_bob: Client) -> None:
    with workspace(acme):
        dana.change(Actor("system"), values={seats: Decimal(180)})
    answer = htmx(as_bob, "post", url_of(acme, dana, seats), f"field-{seats.pk}", {"value": "180", "expected": ""})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        (Kind.TEXT, "Gold", "Gold"),
        (Kind.NUMBER, "0.50", "0.5"),
        (Kind.DATE, "2027-03-01", "2027-03-01"),
        (Kind.SELECT, "Pro", "Pro"),
        (Kind.MULTIPLE_SELECT, ["Pro", "Free"], "Free;Pro"),
        (Kind.BOOLEAN, "on", "true"),
        (Kind.URL, "https://a.example/x", "https://a.example/x"),
        (Kind.EMAIL, "a@b.example", "a@b.example"),
    ],
)
def test_every_type_is_edited_and_cleared(
    acme: Workspace, dana: Contact, as_bob: Client, kind: Kind, given: Any, text: str
) -> None:
    with workspace(acme):
        field = FieldFactory(workspace=acme, kind=kind)
        for position, label in enumerate(["Free", "Pro"]):
            OptionFactory(field=field, label=label, position=position)
    url, line = url_of(acme, dana, field), f"field-{field.pk}"
    answer = htmx(as_bob, "post", url, line, {"value": given, "expected": ""})
    assert answer.status_code == 200, answer.content.decode()
    stored = value_of(acme, dana, field)
    assert field.type.to_text(stored).rstrip("0") == text.rstrip("0")
    htmx(as_bob, "post", url, line, {"expected": field.type.mark(stored)})
    assert value_of(acme, dana, field) in (None, False)


def test_properties_are_edited(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
    for name, value, expected in (
        ("name", "Dana Cole", "Dana"),
        ("email", "Dana.Cole@kumo.example", "dana@kumo.example"),
        ("organization", str(kumo.pk), ""),
        ("tags", ["vip", "Beta"], "vip"),
    ):
        answer = htmx(
            as_bob, "post", url_of(acme, dana, name), f"property-{name}", {"value": value, "expected": expected}
        )
        assert answer.status_code == 200, answer.content.decode()
        assert "Saved" in answer.content.decode()
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).get(pk=dana.pk)
        assert (dana.name, dana.email, dana.organization) == ("Dana Cole", "Dana.Cole@kumo.example", kumo)
        assert [tag.name for tag in dana.tags.all()] == ["Beta", "vip"]


def test_the_organizations_control_holds_what_is_there(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
        dana.change(Actor("system"), properties={"organization": kumo})
    page = htmx(
        as_bob, "get", url_of(acme, dana, "organization"), "property-organization", {"edit": "1"}
    ).content.decode()
    assert f'<option value="{kumo.pk}" selected>Kumo</option>' in page


def test_an_organization_is_created_by_its_name(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    for name, expected in (("Kumo", ""), ("KUMO", "Kumo")):
        htmx(
            as_bob,
            "post",
            url_of(acme, dana, "organization"),
            "property-organization",
            {"value": name, "expected": expected},
        )
    with workspace(acme):
        assert [organization.name for organization in Organization.objects.for_workspace(acme)] == ["Kumo"]


def test_an_address_that_is_taken_leads_to_who_has_it(acme: Workspace, dana: Contact, as_bob: Client) -> None:
    with workspace(acme):
        eve = ContactFactory(workspace=acme, name="Eve", email="eve@kumo.example")
    data = {"value": "EVE@kumo.example", "expected": dana.email}
    answer = htmx(as_bob, "post", url_of(acme, dana, "email"), "property-email", data)
    assert answer.status_code == 422
    assert "Eve has this address already" in answer.content.decode()
    assert acme.url("contacts:detail", eve.pk) in answer.content.decode()


def test_without_javascript_a_line_is_a_page(acme: Workspace, dana: Contact, seats: Any, as_bob: Client) -> None:
    url = url_of(acme, dana, seats)
    assert "<html" in as_bob.get(url, {"edit": "1"}).content.decode()
    answer = as_bob.post(url, {"value": "7", "expected": ""})
    assert answer.status_code == 302
    assert answer["Location"] == acme.url("contacts:detail", dana.pk)


def test_strangers_find_nothing(
    acme: Workspace, globex: Workspace, dana: Contact, seats: Any, as_bob: Client, as_charlie: Client
) -> None:
    assert as_charlie.get(url_of(acme, dana, "name")).status_code == 404
    assert as_charlie.get(globex.url("contacts:property", dana.pk, "name")).status_code == 404
    assert as_charlie.post(globex.url("contacts:field", dana.pk, seats.pk), {"value": "1"}).status_code == 404
    assert as_bob.get(acme.url("contacts:property", dana.pk, "source")).status_code == 404
    with workspace(acme):
        Contact.objects.for_workspace(acme).filter(pk=dana.pk).trash(Actor("system"))
    assert as_bob.post(url_of(acme, dana, "name"), {"value": "x"}).status_code == 404


def test_the_sidebar_needs_two_queries(
    in_acme: Workspace, dana: Contact, seats: Any, django_assert_num_queries: Any
) -> None:
    from contacts import sidebar

    FieldFactory(workspace=in_acme, featured=True, label="Plan")
    with django_assert_num_queries(2):
        shown = SimpleNamespace(**sidebar.context(in_acme, dana))
    assert [line.label for line in shown.featured] == ["Plan"]
    assert [line.label for line in shown.others] == ["Seats"]
