"""The Filter popover: rows of conditions become the table's URL, and back."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory

FORM = {"HX-Request": "true", "HX-Target": "filter-form"}


@pytest.fixture
def fields(acme: Workspace) -> None:
    with workspace(acme):
        plan = FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT)
        uses = FieldFactory(workspace=acme, key="uses", label="Uses", kind=Kind.MULTIPLE_SELECT)
        for field in (plan, uses):
            for position, label in enumerate(["Free", "Pro, yearly", "Team"]):
                OptionFactory(field=field, label=label, position=position)
        for key, kind in (("seats", Kind.NUMBER), ("since", Kind.DATE), ("beta", Kind.BOOLEAN), ("city", Kind.TEXT)):
            FieldFactory(workspace=acme, key=key, label=key.title(), kind=kind)


def rows(*conditions: tuple[str, str, list[str]]) -> dict[str, Any]:
    data: dict[str, Any] = {"rows": ""}
    for index, (field, operator, value) in enumerate(conditions):
        data |= {
            f"c{index}-field": field,
            f"c{index}-was": field,
            f"c{index}-operator": operator,
            f"c{index}-value": value,
        }
    return data


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def test_rows_become_the_tables_url(acme: Workspace, fields: None, as_bob: Client) -> None:
    data = rows(
        ("cf_plan", "in", ["Free", "Team"]),
        ("cf_seats", "gte", ["50"]),
        ("cf_beta", "", ["true"]),
        ("cf_city", "empty", []),
        ("organization", "filled", []),
        ("tag", "", ["vip"]),
        ("tag", "", ["beta"]),
        ("created_at", "lte", ["2026-03-01"]),
    )
    answer = as_bob.get(acme.url("contacts:filter"), {**data, "apply": "", "q": "dana", "sort": "name"})
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path == acme.url("contacts:list")
    assert query(answer["Location"]) == {
        "q": ["dana"], "sort": ["name"], "cf_plan__in": ["Free", "Team"], "cf_seats__gte": ["50"], "cf_beta": ["true"],
        "cf_city__empty": ["true"], "organization__empty": ["false"], "tag": ["vip", "beta"],
        "created_at__lte": ["2026-03-01"],
    }  # fmt: skip
    assert as_bob.get(answer["Location"]).status_code == 200


def test_a_value_with_a_comma_stays_one(acme: Workspace, fields: None, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:filter"), {**rows(("cf_plan", "in", ["Pro, yearly"])), "apply": ""})
    assert query(answer["Location"]) == {"cf_plan__in": ["Pro, yearly", "Pro, yearly"]}
    assert "Plan is any of <b>Pro, yearly</b>" in as_bob.get(answer["Location"]).content.decode()


def test_the_urls_conditions_are_rows_and_chips(acme: Workspace, fields: None, as_bob: Client) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
    asked = {
        "organization": str(kumo.pk), "cf_uses__all": "Free,Team", "cf_uses__in": "Free", "cf_since__lt": "2026-01-01",
        "cf_beta__not": "true", "cf_city__contains": "os", "cf_seats__empty": "false", "source": "email", "q": "x",
    }  # fmt: skip
    page = as_bob.get(acme.url("contacts:list"), asked).content.decode()
    for words in (
        "Organization is <b>Kumo</b>", "Uses has all of <b>Free, Team</b>", "Uses has any of <b>Free</b>",
        "Since before <b>2026-01-01</b>", "Beta is not <b>Yes</b>", "City contains <b>os</b>", "Seats is not empty",
        "Source is <b>Email</b>",
    ):  # fmt: skip
        assert words in page
    form = as_bob.get(acme.url("contacts:filter"), asked, headers=FORM).content.decode()
    assert form.count("<fieldset") == 8
    assert '<input type="hidden" name="q" value="x">' in form
    assert "<html" not in form


def test_conditions_are_added_removed_and_changed(acme: Workspace, fields: None, as_bob: Client) -> None:
    url, data = acme.url("contacts:filter"), rows(("cf_seats", "gte", ["50"]), ("cf_plan", "", ["Free"]))
    assert as_bob.get(url, {**data, "add": ""}, headers=FORM).content.decode().count("<fieldset") == 3
    removed = as_bob.get(url, {**data, "without": "0"}, headers=FORM).content.decode()
    assert removed.count("<fieldset") == 1
    assert "Operator for Plan" in removed
    changed = as_bob.get(url, {**data, "c0-field": "cf_since"}, headers=FORM).content.decode()
    assert 'type="date"' in changed
    assert 'value="50"' not in changed
    assert as_bob.get(url, {**data, "clear": "", "q": "dana"})["Location"] == acme.url("contacts:list") + "?q=dana"


def test_a_wrong_value_is_said_beside_it(acme: Workspace, fields: None, as_bob: Client) -> None:
    data = {**rows(("cf_seats", "gte", ["many"])), "apply": ""}
    answer = as_bob.get(acme.url("contacts:filter"), data, headers=FORM)
    assert answer.status_code == 422
    assert "Give a number" in answer.content.decode()
    assert 'value="many"' in answer.content.decode()
    assert "<html" in as_bob.get(acme.url("contacts:filter"), data).content.decode()


def test_a_chip_drops_its_condition(acme: Workspace, fields: None, as_bob: Client) -> None:
    data = {"drop": "cf_seats__gte", "cf_seats__gte": "5", "cf_plan": "Free", "q": "dana", "limit": "100"}
    answer = as_bob.get(acme.url("contacts:filter"), data)
    assert query(answer["Location"]) == {"cf_plan": ["Free"], "q": ["dana"], "limit": ["100"]}
    page = as_bob.get(acme.url("contacts:list"), {"tag": ["vip", "beta"]}).content.decode()
    assert 'name="drop" value="tag=vip"' in page
    answer = as_bob.get(acme.url("contacts:filter"), {"drop": "tag=vip", "tag": ["vip", "beta"]})
    assert query(answer["Location"]) == {"tag": ["beta"]}


def test_through_htmx_the_page_is_led_on(acme: Workspace, fields: None, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:filter"), {**rows(("cf_plan", "", ["Free"])), "apply": ""}, headers=FORM)
    assert answer["HX-Redirect"] == acme.url("contacts:list") + "?cf_plan=Free"


def test_a_filter_offers_no_new_organization(as_bob: Client, acme: Workspace) -> None:
    html = as_bob.get(acme.url("contacts:filter"), rows(("organization", "", [])), headers=FORM).content.decode()
    assert "Search or create" not in html
    assert "data-create" not in html


def test_a_chip_is_edited_in_place(acme: Workspace, fields: None, as_bob: Client) -> None:
    asked = {"cf_plan": "Free", "cf_seats__gte": "50", "tag": ["vip", "beta"], "q": "dana"}
    page = as_bob.get(acme.url("contacts:list"), asked).content.decode()
    url = acme.url("contacts:filter")
    assert f'hx-get="{url}?edit=1" hx-include="#search"' in page
    form = as_bob.get(url, {**asked, "edit": "1"}, headers=FORM).content.decode()
    assert form.count("<fieldset") == 1
    assert "Operator for Seats" in form
    assert "Add condition" not in form
    sent = rows(
        ("cf_plan", "", ["Free"]), ("cf_seats", "lt", ["70"]), ("tag", "", ["vip"]), ("tag", "", ["beta"])
    )  # fmt: skip
    sent |= {"edit": "1", "q": "dana"}
    again = as_bob.get(url, {**sent, "c1-operator": "empty"}, headers=FORM).content.decode()
    assert again.count("<fieldset") == 1
    assert 'name="edit" value="1"' in again
    answer = as_bob.get(url, {**sent, "apply": ""}, headers=FORM)
    assert query(answer["HX-Redirect"]) == {
        "q": ["dana"], "cf_plan": ["Free"], "cf_seats__lt": ["70"], "tag": ["vip", "beta"],
    }  # fmt: skip
    wrong = as_bob.get(url, {**sent, "c1-value": "many", "apply": ""}, headers=FORM)
    assert (wrong.status_code, wrong.content.decode().count("<fieldset")) == (422, 1)
    assert as_bob.get(url, {**asked, "edit": "17"}, headers=FORM).content.decode().count("<fieldset") == 4
