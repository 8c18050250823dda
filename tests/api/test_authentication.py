"""Who gets in, and what a token's scopes open."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from gopimi.workspaces.models import ApiToken, Scope, Workspace
from tests.api.conftest import BASE, Program, document

# Every operation and the scope that it asks for, as API.md has it.
SCOPES = {
    "/contacts": {"get": "contacts:read", "post": "contacts:write"},
    "/contacts/bulk-delete": {"post": "contacts:write"},
    "/contacts/{contact_id}": {"get": "contacts:read", "patch": "contacts:write", "delete": "contacts:write"},
    "/contacts/{contact_id}/restore": {"post": "contacts:write"},
    "/contacts/{contact_id}/custom-fields": {"get": "contacts:read"},
    "/contacts/{contact_id}/custom-fields/{key}": {
        "get": "contacts:read",
        "put": "contacts:write",
        "delete": "contacts:write",
    },
    "/contact-imports": {"get": "contacts:read", "post": "contacts:write"},
    "/contact-imports/{import_id}": {"get": "contacts:read"},
    "/contact-imports/{import_id}/errors.csv": {"get": "contacts:read"},
    "/contact-imports/{import_id}/undo": {"post": "contacts:write"},
    "/custom-fields": {"get": "contacts:read", "post": "fields:write"},
    "/custom-fields/reorder": {"post": "fields:write"},
    "/custom-fields/{field_id}": {"get": "contacts:read", "patch": "fields:write", "delete": "fields:write"},
    "/custom-fields/{field_id}/options": {"get": "contacts:read", "post": "fields:write"},
    "/custom-fields/{field_id}/options/{option_id}": {
        "get": "contacts:read",
        "patch": "fields:write",
        "delete": "fields:write",
    },
    "/organizations": {"get": "contacts:read", "post": "contacts:write"},
    "/organizations/{organization_id}": {
        "get": "contacts:read",
        "patch": "contacts:write",
        "delete": "contacts:write",
    },
    "/tickets": {"get": "tickets:read", "post": "tickets:write"},
    "/tickets/{number}": {"get": "tickets:read", "patch": "tickets:write"},
    "/tickets/{number}/messages": {"get": "tickets:read", "post": "tickets:write"},
    "/contacts/{contact_id}/tickets": {"get": "tickets:read"},
    "/contacts/{contact_id}/conversations": {"get": "tickets:read"},
    "/conversations": {"get": "tickets:read", "post": "tickets:write"},
    "/conversations/{conversation_id}": {"get": "tickets:read", "patch": "tickets:write"},
    "/conversations/{conversation_id}/messages": {"get": "tickets:read", "post": "tickets:write"},
    "/attachments/{attachment_id}": {"get": "tickets:read"},
    "/members": {"get": "contacts:read"},
    "/quota": {"get": "contacts:read"},
    "/tags": {"get": "contacts:read"},
}
OPERATIONS = [(path, method, scope) for path, methods in SCOPES.items() for method, scope in methods.items()]


def concrete(path: str) -> str:
    return re.sub(r"{\w+}", "1", path)


def test_the_table_has_every_operation(db: None) -> None:
    documented = {
        path.removeprefix(BASE): {method: details["security"][0]["Bearer"][0] for method, details in methods.items()}
        for path, methods in document()["paths"].items()
    }
    assert documented == SCOPES


@pytest.mark.parametrize(("path", "method", "scope"), OPERATIONS)
def test_scopes(program: Callable[..., Program], acme: Workspace, path: str, method: str, scope: str) -> None:
    enough = {scope, scope.replace(":read", ":write")} & set(Scope.values)
    others = program(acme, *(set(Scope.values) - enough))
    answer = others(method.upper(), concrete(path), {} if method in ("post", "patch", "put") else None)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "missing-scope")
    assert scope in answer.json()["detail"]
    for one in enough:
        answer = program(acme, one)(method.upper(), concrete(path), {} if method in ("post", "patch", "put") else None)
        assert answer.status_code not in (401, 403)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer gp_nothing", "Basic YTpi", "Bearer \xff"])
def test_without_a_valid_token(acme: Workspace, header: str) -> None:
    nobody = Program(None)
    nobody.headers = {"Authorization": header} if header else {}
    answer = nobody.get("/contacts")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_token(acme: Workspace, api: Program) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    assert api.get("/contacts").status_code == 401


def test_its_last_use_is_noted_at_most_once_a_minute(acme: Workspace, api: Program) -> None:
    assert api.get("/contacts?nonsense=1").status_code == 400
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    api.get("/contacts")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    api.get("/contacts")
    assert ApiToken.objects.get().last_used_at >= first
