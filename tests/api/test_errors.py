"""Every error is a problem document, and nothing that is sent makes a 500."""

import pytest
from django.test import override_settings

from tests.api.conftest import Program


def send(api: Program, body: bytes, content_type: str = "application/json") -> dict:
    answer = api("POST", "/contacts", data=body, content_type=content_type)
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["instance"] == "/api/v1/contacts"
    return problem


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": "\xff"}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"custom_fields":' * 50_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_what_is_not_json(api: Program, body: bytes) -> None:
    assert send(api, body)["status"] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"{}",
        b'{"email": 1e999999999999999999999}',
        b'{"email": "a@b.example", "organization_id": ' + b"9" * 30 + b"}",
        b'{"email": "a@b.example", "organization_id": ' + b"9" * 10_000 + b"}",
        b'{"email": "a@b.example", "organization_id": 1e400}',
        b'{"email": "a@b.example", "organization_id": true}',
        b'{"email": "a@b.example", "custom_fields": []}',
        b'{"email": "a@b.example", "custom_fields": {"a": ' + b"[" * 400 + b"]" * 400 + b"}}",
        b'{"email": "a@b.example", "tags": "vip"}',
        b'{"email": "\\u0000@b.example"}',
        b'{"email": "\\ud800@b.example"}',
    ],
)
def test_what_cannot_be_a_contact(api: Program, body: bytes) -> None:
    problem = send(api, body)
    assert (problem["status"], bool(problem["errors"])) == (422, True)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_content_type(api: Program, content_type: str) -> None:
    assert send(api, b"{}", content_type)["status"] == 415


def test_a_body_that_is_too_big(api: Program) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        assert send(api, b" " * 2000)["status"] == 413


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/contacts/",
        "/contacts/0",
        "/contacts/x",
        "/contacts/99999999999999999999",
        "/contacts/9223372036854775807",
    ],
)
def test_an_address_where_nothing_is(api: Program, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["request_id"] == answer["X-Request-Id"]


def test_a_method_that_is_not_there(api: Program) -> None:
    answer = api("PUT", "/quota")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["status"] == 405


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "limit=", "limit=1&limit=2", "cursor=x", "cursor=%00", "count=1",
        "nonsense=1", "sort=phone", "sort=cf_none", "cf_none=1", "name__gt=x", "q=%00",
        "organization=99999999999999999999", "created_at__gte=soon", "deleted=1", "email=nobody", "tag=%ED%A0%80%00",
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_understood(api: Program, query: str) -> None:
    answer = api.get(f"/contacts?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["pointer"] == query.partition("=")[0]


def test_unknown_parameters_of_other_operations(api: Program) -> None:
    for path in ("/quota?x=1", "/members?x=1", "/tags?x=1", "/custom-fields?x=1"):
        assert api.get(path).status_code == 400
