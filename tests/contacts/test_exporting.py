"""The contacts table as a CSV file: what it holds, in which order, and what it costs."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from contacts import exporting
from contacts.models import Contact
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Membership, User, Workspace
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory


@pytest.fixture
def people(acme: Workspace) -> dict[str, Contact]:
    """Three contacts with all that can go wrong in a CSV; Alice is the youngest."""
    with workspace(acme):
        plan = FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT)
        OptionFactory(field=plan, label="-Pro")
        both = FieldFactory(workspace=acme, key="uses", label="Uses", kind=Kind.MULTIPLE_SELECT)
        options = [OptionFactory(field=both, label=label, position=n) for n, label in enumerate(["a;b", 'c"d'])]
        seats = FieldFactory(workspace=acme, key="seats", label="Seats", kind=Kind.NUMBER)
        since = FieldFactory(workspace=acme, key="name_2", label="NAME", kind=Kind.DATE)
        kumo = OrganizationFactory(workspace=acme, name="Kumo, Inc.")
        values: dict[str, dict[Any, Any]] = {
            "charlie": {},
            "bob": {seats: Decimal("1234567890123456789012345678"), both: tuple(options)},
            "alice": {plan: plan.choices[0], seats: Decimal("-0.50"), since: date(33, 4, 3)},
        }
        return {
            name: Contact.objects.for_workspace(acme).add(
                SYSTEM, email=f"{name}@acme.example", name=f"'={name}", values=given,
                organization=kumo if name == "alice" else None, tags=["vip", "x;y"] if name == "alice" else (),
            )
            for name, given in values.items()
        }  # fmt: skip


def rows(answer: Any) -> list[list[str]]:
    data = b"".join(answer.streaming_content)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def names(answer: Any) -> list[str]:
    return [row[0].removeprefix("''=") for row in rows(answer)[1:]]


def test_all_columns(acme: Workspace, people: Any, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:export"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="acme-contacts-{localdate()}.csv"'
    assert rows(answer) == [
        ["Name", "Email", "Organization", "Tags", "Plan", "Uses", "Seats", "cf_name_2"],
        ["''=charlie", "charlie@acme.example", "", "", "", "", "", ""],
        ["''=bob", "bob@acme.example", "", "", "", '"a;b";"c""d"', "1234567890123456789012345678", ""],
        ["''=alice", "alice@acme.example", "Kumo, Inc.", 'vip;"x;y"', "'-Pro", "", "-0.50", "0033-04-03"],
    ]


def test_columns_as_shown(acme: Workspace, people: Any, as_bob: Client, bob: User) -> None:
    Membership.objects.filter(user=bob).update(contact_columns=["cf_seats", "created_at", "open_tickets", "gone"])
    header, first, *_ = rows(as_bob.get(acme.url("contacts:export"), {"columns": "shown", "sort": "name"}))
    assert header == ["Name", "Seats", "Created", "Tickets open"]
    created = people["alice"].created_at.isoformat(timespec="seconds")
    assert first == ["''=alice", "-0.50", created, "0"]


def test_the_filter_and_its_order(acme: Workspace, people: Any, as_bob: Client) -> None:
    url = acme.url("contacts:export")
    assert names(as_bob.get(url, {"sort": "name"})) == ["alice", "bob", "charlie"]
    assert names(as_bob.get(url, {"sort": "-cf_seats"})) == ["bob", "alice", "charlie"]
    assert names(as_bob.get(url, {"cf_seats__lt": "0"})) == ["alice"]
    assert names(as_bob.get(url, {"q": "bob", "limit": "50", "cursor": "x"})) == ["bob"]
    assert names(as_bob.get(url, {"q": "nobody"})) == []


def test_a_filter_that_cannot_be_read_is_told_in_the_table(acme: Workspace, people: Any, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:export"), {"cf_seats__lt": "many", "columns": "all"})
    assert answer["Location"] == f"{acme.url('contacts:list')}?cf_seats__lt=many&sort=created_at"


def test_the_selection(acme: Workspace, people: Any, as_bob: Client) -> None:
    url = acme.url("contacts:export")
    ids = [people["charlie"].pk, people["alice"].pk, 2**70, "x"]
    assert names(as_bob.post(url, {"id": ids, "query": "sort=name"})) == ["alice", "charlie"]
    everybody = {"all": "1", "id": ids, "query": "sort=-name&cf_seats__empty=false"}
    assert names(as_bob.post(url, everybody)) == ["bob", "alice"]
    assert as_bob.post(url, {"query": ""}).status_code == 302


def test_who_is_deleted_meanwhile_is_left_out(acme: Workspace, people: Any, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:export"))
    with workspace(acme):
        Contact.objects.for_workspace(acme).filter(pk=people["bob"].pk).trash(SYSTEM)
    assert names(answer) == ["charlie", "alice"]
    assert names(as_bob.get(acme.url("contacts:export"), {"deleted": "true"})) == ["bob"]


def test_a_batch_costs_3_queries(acme: Workspace, people: Any, as_bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    answer = as_bob.get(acme.url("contacts:export"))
    with CaptureQueriesContext(connection) as queries:
        assert len(names(answer)) == 3
    frame = ("SAVEPOINT", "RELEASE", "app.workspace_id")
    assert len([query for query in queries if not any(word in query["sql"] for word in frame)]) == 2 * 3


def test_names_of_another_workspace_stay_there(
    acme: Workspace, people: Any, globex: Workspace, as_charlie: Client
) -> None:
    url = globex.url("contacts:export")
    assert names(as_charlie.get(url)) == []
    assert names(as_charlie.post(url, {"id": [one.pk for one in people.values()]})) == []
    assert as_charlie.get(acme.url("contacts:export")).status_code == 404
