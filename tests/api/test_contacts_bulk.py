"""POST /contacts with many, and what becomes of addresses that are known."""

from typing import Any

import pytest

from contacts.models import Contact
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program, pointers

DANA = {"name": "Dana Cole", "email": "dana@acme.example"}


def count(target: Workspace) -> int:
    with workspace(target):
        return Contact.objects.for_workspace(target).alive().count()


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return Field.objects.for_workspace(acme).define(label="Plan", type="select", options=["Free", "Pro"])


def test_many_at_once(api: Program, acme: Workspace, plan: Field) -> None:
    api.post("/contacts", DANA)
    answer = api.post(
        "/contacts",
        [
            {"email": "erin@acme.example", "custom_fields": {"plan": "pro"}, "tags": ["vip"], "organization": "Acme"},
            {"email": "DANA@acme.example", "name": "Other"},
            {"email": "Erin@acme.example"},
            {"name": 5, "custom_fields": {"size": 1}},
            {"email": "frank@acme.example", "organization_id": 4_000_000},
            {"email": "gina@acme.example"},
        ],
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["summary"] == {"created": 2, "updated": 0, "skipped": 0, "failed": 4}
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["created", "failed", "failed", "failed", "failed", "created"]
    assert [result["index"] for result in results] == list(range(6))
    assert results[1]["error"]["status"] == 409
    errors = {
        error["pointer"]: error["code"] for result in results for error in result.get("error", {}).get("errors", [])
    }
    assert errors == {
        "/2/email": "duplicate_in_request",
        "/3/name": "invalid_type",
        "/3/email": "required",
        "/3/custom_fields/size": "unknown",
        "/4/organization_id": "unknown_organization",
    }
    erin = api.get(f"/contacts/{results[0]['id']}").json()
    assert (erin["custom_fields"], erin["tags"], erin["source"]) == ({"plan": "Pro"}, ["vip"], "api")
    assert count(acme) == 3


@pytest.mark.parametrize(
    ("on_conflict", "summary", "name"), [("update", "updated", "Other"), ("skip", "skipped", "Dana Cole")]
)
def test_on_conflict(api: Program, on_conflict: str, summary: str, name: str) -> None:
    dana = api.post("/contacts", DANA).json()
    again = {"email": "Dana@ACME.example", "name": "Other"}
    many = api.post(f"/contacts?on_conflict={on_conflict}", [again]).json()
    assert (many["summary"][summary], many["results"][0]["id"]) == (1, dana["id"])
    one = api.post(f"/contacts?on_conflict={on_conflict}", again)
    assert (one.status_code, one.json()["id"], one.json()["name"]) == (200, dana["id"], name)
    api.delete(f"/contacts/{dana['id']}")
    back = api.post(f"/contacts?on_conflict={on_conflict}", again)
    assert (back.status_code, back.json()["id"], back.json()["deleted_at"]) == (201, dana["id"], None)


def test_all_or_none(api: Program, acme: Workspace) -> None:
    api.post("/contacts", DANA)
    good = {"email": "erin@acme.example"}
    assert pointers(api.post("/contacts?atomic=true", [good, DANA])) == {"/1/email": "email_taken"}
    wrong: list[Any] = [good, {"email": "x"}, good]
    assert pointers(api.post("/contacts?atomic=true", wrong)) == {
        "/1/email": "invalid_email",
        "/2/email": "duplicate_in_request",
    }
    assert count(acme) == 1
    assert api.post("/contacts?atomic=true", [good]).json()["summary"]["created"] == 1


def test_what_cannot_be_many(api: Program, acme: Workspace) -> None:
    assert pointers(api.post("/contacts", [DANA, 5, None])) == {"/1": "invalid_type", "/2": "invalid_type"}
    too_many = api.post("/contacts", [{"email": f"p{n}@acme.example"} for n in range(1001)])
    assert (too_many.status_code, "/contact-imports" in too_many.json()["detail"]) == (413, True)
    for query in ("on_conflict=fill", "on_conflict=error&on_conflict=skip", "atomic=1", "x=1"):
        assert api.post(f"/contacts?{query}", [DANA]).status_code == 400
    assert api.post("/contacts", []).json() == {
        "summary": {"created": 0, "updated": 0, "skipped": 0, "failed": 0},
        "results": [],
    }
    assert count(acme) == 0


def test_what_fits_the_quota(api: Program, acme: Workspace) -> None:
    acme.contact_quota = 2
    acme.save(update_fields=["contact_quota"])
    answer = api.post("/contacts", [{"email": f"p{n}@acme.example"} for n in range(4)]).json()
    assert [result["status"] for result in answer["results"]] == ["created", "created", "failed", "failed"]
    assert answer["results"][2]["error"]["type"].endswith("/quota-exceeded")
    assert count(acme) == 2
