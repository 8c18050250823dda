"""A program with a token, and the OpenAPI document that its answers are held against."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import orjson
import pytest
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from gopimi.workspaces.models import ApiToken, Scope, Workspace

BASE = "/api/v1"


class Program:
    """Calls the API with one token. Every answer is compared with the OpenAPI document."""

    def __init__(self, secret: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> HttpResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        if body is not None:
            options.update(data=orjson.dumps(body), content_type="application/json")
        response = self.client.generic(method, BASE + path, headers=headers, **options)
        conforms(response)
        return response

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self("POST", path, body, **options)

    def upload(self, path: str, form: dict[str, Any]) -> HttpResponse:
        data = encode_multipart(BOUNDARY, form)
        return self("POST", path, data=data, content_type=MULTIPART_CONTENT)

    def patch(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self("PATCH", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self("PUT", path, body, **options)

    def delete(self, path: str, **options: Any) -> HttpResponse:
        return self("DELETE", path, **options)


@pytest.fixture
def program() -> Callable[..., Program]:
    """Makes a program: `program(acme, "contacts:read")`; without scopes it has all of them."""

    def make(target: Workspace, *scopes: str) -> Program:
        return Program(ApiToken.issue(target, "Test", list(scopes or Scope.values))[1])

    return make


@pytest.fixture
def api(program: Callable[..., Program], acme: Workspace) -> Program:
    """A program of Acme's that may do everything."""
    return program(acme)


def pointers(response: HttpResponse) -> dict[str, str]:
    """The codes of a 422 by their places."""
    assert response.status_code == 422, response.content
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}


# The document as JSON, once in a process.
_document: dict[str, Any] = {}


def document() -> dict[str, Any]:
    if not _document:
        _document.update(Client().get(f"{BASE}/openapi.json").json())
    return _document


def conforms(response: HttpResponse) -> None:
    """The answer is one that the document has for its operation: status, type and shape."""
    match = response.resolver_match if hasattr(response, "resolver_match") else None
    if match is None or match.route in ("^api/", "") or response.status_code == 405:
        return
    path = "/" + match.route.replace("<", "{").replace(">", "}")
    for converter in ("id:", "number:"):
        path = path.replace(converter, "")
    answers = document()["paths"][path][response.request["REQUEST_METHOD"].lower()]["responses"]
    assert str(response.status_code) in answers, f"{response.status_code} isn't documented: {response.content!r}"
    content = answers[str(response.status_code)].get("content")
    if content is None:
        assert not response.content
        return
    assert response["Content-Type"] in content
    if "json" not in response["Content-Type"]:
        return
    schema = {**content[response["Content-Type"]]["schema"], "components": document()["components"]}
    jsonschema_rs.validate(schema, response.json())
