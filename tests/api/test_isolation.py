"""Another workspace's ids: in a path and in a body they answer, byte for byte, like ids that exist nowhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from customfields.models import Field
from gopimi.api import api as openapi
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests import test_isolation as pages
from tests.api.conftest import Program
from tests.api.test_authentication import OPERATIONS
from tests.test_isolation import snapshot
from tickets.models import Attachment

NOWHERE = 2_000_000_000
rows_of_globex = pages.theirs  # a fixture
WITH_IDS = [(path, method) for path, method, _ in OPERATIONS if "{" in path]

# A body that would be accepted for one's own id, by operation.
BODIES: dict[str, Any] = {
    "patch /contacts/{contact_id}": {"name": "Mine"},
    "put /contacts/{contact_id}/custom-fields/{key}": {"value": None},
    "post /contacts/{contact_id}/restore": None,
    "patch /custom-fields/{field_id}": {"label": "Mine"},
    "post /custom-fields/{field_id}/options": {"label": "Mine"},
    "patch /custom-fields/{field_id}/options/{option_id}": {"label": "Mine"},
    "patch /organizations/{organization_id}": {"name": "Mine"},
    "post /contact-imports/{import_id}/undo": None,
    "patch /tickets/{number}": {"subject": "Mine"},
    "post /tickets/{number}/messages": {"body": "Mine"},
    "patch /conversations/{conversation_id}": {"subject": "Mine"},
    "post /conversations/{conversation_id}/messages": {"body": "Mine"},
}


@pytest.fixture
def theirs(globex: Workspace, rows_of_globex: dict[str, Any]) -> dict[str, Any]:
    """Globex' ids by the names that the API's paths and bodies have for them."""
    fields, threads = rows_of_globex["customfields"], rows_of_globex["tickets"]
    with workspace(globex):
        key = Field.objects.for_workspace(globex).get(pk=fields["pk"]).key
        attachment = Attachment.objects.for_workspace(globex).get()
    return {
        **threads,
        **rows_of_globex["settings"],
        "attachment_id": attachment.pk,
        "import_id": rows_of_globex["contacts"]["import_pk"],
        "organization_id": rows_of_globex["organizations"]["pk"],
        "field_id": fields["pk"],
        "option_id": fields["option_pk"],
        "key": key,
    }


def without_what_differs(answer: HttpResponse) -> bytes:
    """The answer but for its request_id, and for the path that it repeats."""
    text = re.sub(rb'"request_id":"[0-9a-f]{32}"', b"", answer.content)
    return re.sub(rb'"instance":"[^"]*"', b"", text)


def own(acme: Workspace) -> dict[str, Any]:
    """All rows but the token, which says when it was used."""
    return {name: rows for name, rows in snapshot(acme).items() if name != "ApiToken"}


@pytest.mark.parametrize(("path", "method"), WITH_IDS)
def test_ids_in_paths(
    api: Program, acme: Workspace, globex: Workspace, theirs: dict[str, Any], path: str, method: str
) -> None:
    before = snapshot(globex), own(acme)
    body = BODIES.get(f"{method} {path}")
    names = re.findall(r"{(\w+)}", path)
    foreign = api(method.upper(), path.format(**{name: theirs[name] for name in names}), body)
    nowhere = api(method.upper(), path.format(**dict.fromkeys(names, NOWHERE)), body)
    assert foreign.status_code == nowhere.status_code == 404
    assert without_what_differs(foreign) == without_what_differs(nowhere)
    assert (snapshot(globex), own(acme)) == before


@pytest.fixture
def ours(api: Program, acme: Workspace) -> dict[str, Any]:
    """Acme's own ids, by the same names; `plan` and `uses` are selects of one and of several options."""
    fields = [
        api.post("/custom-fields", {"key": key, "label": key, "type": "select", "multiple": multiple, "options": ["A"]})
        for key, multiple in (("plan", False), ("uses", True))
    ]
    contact = api.post("/contacts", {"email": "dana@acme.example", "organization": "Acme"}).json()
    ticket = api.post("/tickets", {"subject": "Help", "body": "Me", "contact_id": contact["id"]}).json()
    conversation = api.post("/conversations", {"subject": "Hello", "body": "You", "contact_id": contact["id"]}).json()
    return {
        "contact_id": contact["id"],
        "organization_id": contact["organization"]["id"],
        "field_id": fields[0].json()["id"],
        "option_id": fields[0].json()["options"][0]["id"],
        "key": "plan",
        "number": ticket["number"],
        "conversation_id": conversation["id"],
    }


@pytest.mark.parametrize(
    ("path", "method", "name"),
    [(path, method, name) for path, method in WITH_IDS for name in re.findall(r"{(\w+)}", path) if path.count("{") > 1],
)
def test_one_foreign_id_among_ones_own(
    api: Program, globex: Workspace, ours: dict[str, Any], theirs: dict[str, Any], path: str, method: str, name: str
) -> None:
    before, body = snapshot(globex), BODIES.get(f"{method} {path}")
    foreign, nowhere = (
        api(method.upper(), path.format(**{**ours, name: one}), body) for one in (theirs[name], NOWHERE)
    )
    assert foreign.status_code == nowhere.status_code == 404
    assert without_what_differs(foreign) == without_what_differs(nowhere)
    assert snapshot(globex) == before


# Ids in bodies and queries: where the OpenAPI document has them, and whose they are.
SCHEMAS = json.loads(json.dumps(openapi.get_openapi_schema()))
JSON = "application/json"


def places(schema: dict[str, Any], at: str = "") -> set[str]:
    """Where a whole number fits: every such is somebody's id. `*` is any key, `-` any item."""
    if "$ref" in schema:
        schema = SCHEMAS["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    types = schema.get("type", [])
    found = {at} if {"integer", "number"} & {*([types] if isinstance(types, str) else types)} else set()
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= places(part, at)
    for name, part in schema.get("properties", {}).items():
        found |= places(part, f"{at}/{name}")
    for name, part in (("*", schema.get("additionalProperties")), ("-", schema.get("items"))):
        found |= places(part, f"{at}/{name}") if isinstance(part, dict) else set()
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SCHEMAS["paths"].items():
        for method, details in methods.items():
            yield path.removeprefix("/api/v1"), method, details


IN_BODIES = sorted(
    (path, method, place)
    for path, method, details in operations()
    for place in places(details.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {}))
)
# Of several contacts the document only says that each is like a single one.
IN_BODIES += [
    (path, method, f"/-{place}") for path, method, place in IN_BODIES if (path, method) == ("/contacts", "post")
]
IN_QUERIES = sorted(
    (path, method, parameter["name"])
    for path, method, details in operations()
    for parameter in details["parameters"]
    if parameter["in"] == "query" and places(parameter["schema"]) and parameter["name"] != "limit"
)
NEEDED: dict[str, Any] = {
    "post /contacts": {"email": "x@x.example"},
    "post /tickets": {"subject": "Help", "body": "Me"},
    "post /conversations": {"subject": "Help", "body": "Me"},
}


def whose(path: str, place: str, theirs: dict[str, Any]) -> int:
    """The id of theirs that belongs into this place. A new place must be named here."""
    name = place.strip("/-").rpartition("/")[2]
    if name in ("value", "*"):
        return theirs["option_id"]  # type: ignore[no-any-return]
    if name == "ids":
        return theirs[{"/contacts/bulk-delete": "contact_id", "/custom-fields/reorder": "field_id"}[path]]  # type: ignore[no-any-return]
    return theirs[name]  # type: ignore[no-any-return]


def body_with(place: str, key: str, row_id: int, needed: dict[str, Any]) -> Any:
    """The least body that has this id in this place."""
    value: Any = row_id
    for part in reversed(place.removeprefix("/-").strip("/").split("/")):
        value = [value] if part == "-" else {key if part == "*" else part: value}
    body = {**needed, **value}
    return [body] if place.startswith("/-") else body


@pytest.mark.parametrize(("path", "method", "place"), IN_BODIES)
def test_ids_in_bodies(
    api: Program, acme: Workspace, globex: Workspace, ours: dict[str, Any], theirs: dict[str, Any], charlie: User,
    path: str, method: str, place: str,
) -> None:  # fmt: skip
    key = "uses" if place.endswith("/-") else "plan"
    needed = dict(NEEDED.get(f"{method} {path}", {}))
    if f"{method} {path}" == "post /tickets" and place != "/contact_id":
        needed["contact_id"] = ours["contact_id"]
    foreign = whose(path, place, {**theirs, "assignee_id": charlie.pk})
    before = snapshot(globex), own(acme)
    answers = [
        api(method.upper(), path.format(**{**ours, "key": key}), body_with(place, key, row_id, needed))
        for row_id in (foreign, NOWHERE)
    ]
    several = path == "/contacts/bulk-delete" or place.startswith("/-")  # which are told what became of each
    assert [answer.status_code for answer in answers] == ([200, 200] if several else [422, 422])
    texts = [re.sub(rb'"request_id":"[0-9a-f]{32}"', b"", answer.content) for answer in answers]
    assert texts[0] == texts[1].replace(str(NOWHERE).encode(), str(foreign).encode())
    assert (snapshot(globex), own(acme)) == before


@pytest.mark.parametrize(("path", "method", "name"), IN_QUERIES)
def test_ids_in_queries(
    api: Program, acme: Workspace, globex: Workspace, ours: dict[str, Any], theirs: dict[str, Any], charlie: User,
    path: str, method: str, name: str,
) -> None:  # fmt: skip
    known = {**theirs, "assignee": charlie.pk, "replace_with": theirs["option_id"]}
    foreign = known.get(name) or known[f"{name}_id"]
    before = snapshot(globex), own(acme)
    address = path.format(**ours)
    answers = [api(method.upper(), f"{address}?{name}={row_id}") for row_id in (foreign, NOWHERE)]
    assert [answer.status_code for answer in answers] == ([200, 200] if method == "get" else [422, 422])
    texts = [re.sub(rb'"request_id":"[0-9a-f]{32}"', b"", answer.content) for answer in answers]
    assert texts[0] == texts[1]
    if method == "get":
        assert answers[0].json()["data"] == []
        assert api.get(address).json()["data"]
    assert (snapshot(globex), own(acme)) == before


def test_lists_show_nothing_of_theirs(api: Program, theirs: dict[str, Any]) -> None:
    for path in (
        "/contacts",
        "/organizations",
        "/custom-fields",
        "/tags",
        "/members",
        "/tickets",
        "/conversations",
        "/contact-imports",
    ):
        assert api.get(f"{path}?count=true").json() == {
            "data": [],
            "page": {"next_cursor": None, "has_more": False},
            "total": 0,
        }
