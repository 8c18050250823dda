"""The rate limit, and requests that are sent twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import KeptAnswer, Workspace
from tests.api.conftest import Program, pointers

DANA = {"email": "dana@acme.example"}
ONCE = {"headers": {"Idempotency-Key": "7"}}


def count(target: Workspace) -> int:
    with workspace(target):
        return Contact.objects.for_workspace(target).count()


@override_settings(API_RATE=2)
def test_the_rate_of_a_token(api: Program, acme: Workspace, program: Any) -> None:
    first, second, third = (api.get("/contacts?x=1"), api.get("/contacts"), api.get("/contacts"))
    assert [first["RateLimit-Remaining"], second["RateLimit-Remaining"]] == ["1", "0"]
    assert (first["RateLimit-Limit"], 0 < int(first["RateLimit-Reset"]) <= 60) == ("2", True)
    assert (third.status_code, third["Retry-After"]) == (429, third["RateLimit-Reset"])
    assert third.json()["type"].endswith("/rate-limited")
    assert program(acme).get("/contacts").status_code == 200


@override_settings(API_RATE=0)
def test_no_rate(api: Program) -> None:
    assert "RateLimit-Limit" not in api.get("/contacts")


def test_a_request_sent_twice_is_done_once(api: Program, acme: Workspace) -> None:
    first, second = api.post("/contacts", DANA, **ONCE), api.post("/contacts", DANA, **ONCE)
    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert (second["Idempotent-Replayed"], second["Location"]) == ("true", first["Location"])
    assert "Idempotent-Replayed" not in first
    assert count(acme) == 1


def test_a_key_belongs_to_a_token_a_path_and_a_body(api: Program, acme: Workspace, program: Any) -> None:
    api.post("/contacts", DANA, **ONCE)
    other = api.post("/contacts", {"email": "erin@acme.example"}, **ONCE)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")
    assert api.post("/organizations", {"name": "Acme"}, **ONCE).status_code == 201
    assert program(acme).post("/contacts", DANA, **ONCE).status_code == 409
    for bad in ("x" * 256, "", "é", "a\tb"):
        assert api.post("/contacts", DANA, headers={"Idempotency-Key": bad}).status_code == 400, bad


def test_which_refusals_are_kept(api: Program, acme: Workspace) -> None:
    wrong = {"headers": {"Idempotency-Key": "wrong"}}
    assert "/email" in pointers(api.post("/contacts", {}, **wrong))
    assert api.post("/contacts", {}, **wrong)["Idempotent-Replayed"] == "true"
    api.post("/contacts", DANA)
    assert api.post("/contacts", DANA, **ONCE).status_code == 409
    with workspace(acme):
        Contact.objects.for_workspace(acme).delete()
    assert api.post("/contacts", DANA, **ONCE).status_code == 201


def test_while_the_first_is_running(api: Program, acme: Workspace) -> None:
    api.post("/contacts", DANA, **ONCE)
    with workspace(acme):
        KeptAnswer.objects.for_workspace(acme).update(status=None)
    assert api.post("/contacts", DANA, **ONCE).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment(api: Program, acme: Workspace) -> None:
    def send(number: int) -> int:
        status = api.post("/contacts", DANA, **ONCE).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(send, range(24)))
    assert statuses <= {201, 409}
    assert 201 in statuses
    assert count(acme) == 1


@pytest.mark.django_db(transaction=True)
def test_a_quota_holds_under_parallel_creation(api: Program, acme: Workspace) -> None:
    acme.contact_quota = 5
    acme.save(update_fields=["contact_quota"])

    def send(number: int) -> int:
        status = api.post("/contacts", {"email": f"p{number}@acme.example"}).status_code
        connection.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(send, range(20)))
    assert (statuses.count(201), statuses.count(429)) == (5, 15)
    assert count(acme) == 5
