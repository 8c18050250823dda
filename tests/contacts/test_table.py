"""The contacts table: its states are in its URL, and it costs the same for 2 rows as for 50."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Membership, User, Workspace
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory

TABLE = {"HX-Request": "true", "HX-Target": "contacts-table"}


@pytest.fixture
def fields(acme: Workspace) -> dict[str, Any]:
    with workspace(acme):
        plan = FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT, featured=True)
        for position, label in enumerate(["Free", "Pro"]):
            OptionFactory(field=plan, label=label, position=position)
        seats = FieldFactory(workspace=acme, key="seats", label="Seats", kind=Kind.NUMBER, featured=True)
        return {"plan": plan, "seats": seats}


def add(acme: Workspace, fields: dict[str, Any], number: int) -> list[Contact]:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme)
        return [
            Contact.objects.for_workspace(acme).add(
                SYSTEM, email=f"p{n}@{kumo.pk}.example", name=f"Person {n:03}", organization=kumo, tags=["vip"],
                values={field: field.type.parse_text(field, text) for field, text in
                        ((fields["plan"], ["Free", "Pro"][n % 2]), (fields["seats"], str(n)))},
            )
            for n in range(number)
        ]  # fmt: skip


def test_it_shows_columns_and_values(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 2)
    page = as_bob.get(acme.url("contacts:list")).content.decode()
    for words in ("Person 001", "p1@", "Pro", "vip", ">Plan<", ">Seats<", "1–2 of", 'aria-label="Select Person 001"'):
        assert words in page


def test_it_costs_at_most_12_queries_for_2_rows_as_for_50(acme: Workspace, fields: Any, as_bob: Client) -> None:
    counts = []
    for number in (2, 48):
        add(acme, fields, number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = as_bob.get(acme.url("contacts:list")).content.decode()
        assert page.count("data-row") == (2 if number == 2 else 50)
        counts.append([query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]])
    assert len(counts[0]) == len(counts[1]) <= 12, "\n".join(sql[:150] for sql in counts[1])


def test_a_filtered_page_costs_two_queries_more(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 5)
    with CaptureQueriesContext(connection) as queries:
        page = as_bob.get(acme.url("contacts:list"), {"cf_plan": "Pro", "sort": "-cf_seats"}).content.decode()
    assert page.index("Person 003") < page.index("Person 001")
    assert "Person 002" not in page
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 14


def test_search_answers_with_the_table_alone(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 3)
    answer = as_bob.get(acme.url("contacts:list"), {"q": "person 002"}, headers=TABLE)
    page = answer.content.decode()
    assert page.lstrip().startswith("<div")
    assert "Person 002" in page
    assert "Person 001" not in page
    assert "HX-Request" in answer["Vary"]
    for headers in ({**TABLE, "HX-Boosted": "true"}, {**TABLE, "HX-History-Restore-Request": "true"}, {}):
        assert "<html" in as_bob.get(acme.url("contacts:list"), headers=headers).content.decode()


def test_pages_lead_there_and_back(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 60)
    url = acme.url("contacts:list")
    first = as_bob.get(url, {"sort": "name"})
    assert "1–50 of 60" in first.content.decode()
    assert 'aria-sort="ascending"' in first.content.decode()
    second = as_bob.get(url, {"sort": "name", "cursor": first.context["page"].next})
    assert [contact.name for contact in second.context["page"].rows] == [f"Person {n:03}" for n in range(50, 60)]
    back = as_bob.get(url, {"sort": "name", "cursor": second.context["page"].previous})
    assert [contact.name for contact in back.context["page"].rows] == [f"Person {n:03}" for n in range(50)]
    assert "60" in as_bob.get(url, {"limit": "100"}).content.decode()
    assert len(as_bob.get(url, {"limit": "100"}).context["rows"]) == 60


def test_a_wrong_filter_is_said_and_kept_in_sight(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 1)
    answer = as_bob.get(acme.url("contacts:list"), {"cf_seats__gte": "many", "cf_plan": "Pro"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Give a number" in page
    assert 'aria-label="Remove filter Plan"' in page
    assert 'value="cf_seats__gte"' in page
    assert as_bob.get(acme.url("contacts:list"), {"nothing": "1"}, headers=TABLE).status_code == 422


def test_no_match_and_no_contacts_say_what_to_do(acme: Workspace, fields: Any, as_bob: Client) -> None:
    assert "No contacts yet" in as_bob.get(acme.url("contacts:list")).content.decode()
    add(acme, fields, 1)
    page = as_bob.get(acme.url("contacts:list"), {"q": "zürich", "tag": "vip"}).content.decode()
    assert "Nobody among 1 contact fits “zürich” together with 1 filter" in page


def test_columns_are_chosen_and_ordered_per_member(
    acme: Workspace, fields: Any, as_bob: Client, as_alice: Client, bob: User
) -> None:
    url = acme.url("contacts:columns")
    assert as_bob.post(url, {"columns": ["cf_seats", "email", "nothing", "email"]}).status_code == 302
    assert Membership.objects.get(user=bob).contact_columns == ["cf_seats", "email"]
    labels = [heading["label"] for heading in as_bob.get(acme.url("contacts:list")).context["headings"]]
    assert labels == ["Name", "Seats", "Email"]
    assert len(as_alice.get(acme.url("contacts:list")).context["headings"]) == 7
    answer = as_bob.post(url, {"reset": ""}, headers={"HX-Request": "true"})
    assert (answer.status_code, "contacts-changed" in answer["HX-Trigger"]) == (204, True)
    assert Membership.objects.get(user=bob).contact_columns == []


def test_the_trash_is_a_page_of_its_own(acme: Workspace, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:list"), {"deleted": "true"})
    assert answer["Location"] == acme.url("contacts:trash")


def test_names_are_escaped(acme: Workspace, fields: Any, as_bob: Client) -> None:
    with workspace(acme):
        nasty = OrganizationFactory(workspace=acme, name="<b>Org</b>")
        Contact.objects.for_workspace(acme).add(
            SYSTEM, email="x@y.example", name="<script>1</script>", organization=nasty, tags=["<i>tag"]
        )
    page = as_bob.get(acme.url("contacts:list")).content.decode()
    for raw in ("<script>1", "<b>Org", "<i>tag"):
        assert raw not in page


def test_a_search_marks_what_it_found(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 50)
    answer = as_bob.get(acme.url("contacts:list"), {"q": "pérson 01"}, headers=TABLE)
    page = answer.content.decode()
    assert "<mark>Person</mark> <mark>01</mark>2</a>" in page
    assert 'aria-label="Select Person 012"' in page
    everybody = as_bob.get(acme.url("contacts:list"), {"q": "person"}, headers=TABLE).content
    assert everybody.count(b"data-row") == 50
    assert len(everybody) < 60_000
    assert b"<mark>" not in as_bob.get(acme.url("contacts:list"), headers=TABLE).content


def test_many_are_counted_exactly_when_one_asks(
    acme: Workspace, fields: Any, as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.views.table.COUNTED", 3)
    add(acme, fields, 60)
    url = acme.url("contacts:list")
    page = as_bob.get(url, {"tag": "vip"}).content.decode()
    assert '1–50 of <span id="contacts-total">3+' in page
    assert "Select all <span data-total>3+</span> that match" in page
    headers = {"HX-Request": "true", "HX-Target": "contacts-total"}
    answer = as_bob.get(url, {"tag": "vip", "count": "true"}, headers=headers)
    assert answer.content.decode() == '<span id="contacts-total">60</span>'
    assert json.loads(answer["HX-Trigger"]) == {"contacts-counted": {"total": "60"}}
    assert "1–50 of 60" in as_bob.get(url, {"tag": "vip", "count": "true"}).content.decode()
    assert "1–50 of 60" in as_bob.get(url).content.decode()  # all of them: the workspace knows


def test_an_order_that_no_heading_shows_is_said(acme: Workspace, fields: Any, as_bob: Client) -> None:
    add(acme, fields, 1)
    url = acme.url("contacts:list")
    assert "Sorted by Created" in as_bob.get(url).content.decode()
    assert "Sorted by" not in as_bob.get(url, {"sort": "-updated_at"}).content.decode()
    as_bob.post(acme.url("contacts:columns"), {"columns": ["created_at"]})
    assert "Sorted by" not in as_bob.get(url).content.decode()
    assert "Sorted by Seats" in as_bob.get(url, {"sort": "cf_seats"}).content.decode()
