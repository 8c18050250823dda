"""The OpenAPI document and the API Reference."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import jsonschema_rs
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client

from gopimi.api import api
from gopimi.workspaces.models import Workspace
from tests.api.conftest import BASE, Program, document

GUIDE = (settings.BASE_DIR / "gopimi" / "reference.md").read_text()
EXAMPLES = re.findall(r"^curl (.*?[^\\])$", GUIDE, re.MULTILINE | re.DOTALL)
SCHEMA = json.loads(json.dumps(api.get_openapi_schema()))
SCHEMAS = SCHEMA["components"]["schemas"]
OPERATIONS = [
    (path, method, details) for path, methods in SCHEMA["paths"].items() for method, details in methods.items()
]


@pytest.mark.parametrize(("path", "method", "details"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS])
def test_every_operation_is_described(path: str, method: str, details: dict) -> None:
    assert details["summary"]
    assert details["security"][0]["Bearer"]
    assert {"400", "401", "403", "429"} <= details["responses"].keys()
    if "{" in path:
        assert "404" in details["responses"]
    for media in details.get("requestBody", {}).get("content", {}).values():
        schema = media["schema"]
        for reference in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(schema)):
            schema = {**schema, **document()["components"]["schemas"][reference]}
        assert "example" in schema or "properties" in schema
    for status, answer in details["responses"].items():
        for media in answer.get("content", {}).values() if status < "300" else ():
            assert any("example" in schema for schema in resolved(media["schema"])) or media["schema"] == {
                "type": "string"
            }
    assert all("example" in parameter for parameter in details["parameters"] if parameter["in"] == "path")


def resolved(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all that it refers to."""
    if isinstance(schema, list):
        for part in schema:
            yield from resolved(part)
    elif isinstance(schema, dict):
        yield schema
        for name, part in schema.items():
            if name == "$ref":
                yield from resolved(SCHEMAS[part.rpartition("/")[2]])
            elif name != "example":
                yield from resolved(part)


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "example" in schema])
def test_examples_are_what_they_are_examples_of(name: str) -> None:
    jsonschema_rs.validate({**SCHEMAS[name], "components": {"schemas": SCHEMAS}}, SCHEMAS[name]["example"])


def test_the_document_is_of_openapi_3_1(db: None) -> None:
    assert document()["openapi"] == "3.1.0"
    assert document()["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"


def test_the_page_comes_from_our_own_files(client: Client, db: None) -> None:
    page = client.get(f"{BASE}/docs")
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert sources
    assert all(source.startswith("/") for source in sources)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_work_as_printed(program: Callable[..., Program], acme: Workspace, example: str) -> None:
    caller = program(acme)
    for line in EXAMPLES[: EXAMPLES.index(example)]:
        run(caller, line)
    answer = run(caller, example)
    created = 201 if "POST" in example and "[{" not in example else 200
    assert answer.status_code == (422 if "nobody" in example else 202 if "-F" in example else created)


def written(file: str) -> bytes:
    """What the line before the example printed into this file."""
    found = re.search(rf"^printf '(.*)' > {file.removeprefix('@')}$", GUIDE, re.MULTILINE)
    assert found
    return found[1].replace("\\n", "\n").encode()


def run(caller: Program, example: str) -> HttpResponse:
    """Send what curl would send."""
    words = shlex.split(example.replace("\\\n", " ").replace("$API", "").replace("$TOKEN", "x"))
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    path = next(word for word in words if word.startswith("/"))
    headers = dict(word.split(": ", 1) for before, word in pairwise(words) if before == "-H")
    del headers["Authorization"]
    content_type = headers.pop("Content-Type", "")
    if form := dict(word.split("=", 1) for before, word in pairwise(words) if before == "-F"):
        return caller.upload(path, form | {"file": ContentFile(written(form["file"]), form["file"].removeprefix("@"))})
    data = words[words.index("-d") + 1].encode() if "-d" in words else b""
    return caller(method, path, data=data, content_type=content_type, headers=headers)
