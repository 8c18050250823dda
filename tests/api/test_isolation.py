"""Another workspace's ids: in a path and in a body they answer, byte for byte, like ids that exist nowhere."""

import re
from typing import Any

import pytest
from django.http import HttpResponse

from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests import test_isolation as pages
from tests.api.conftest import Program
from tests.api.test_authentication import OPERATIONS
from tests.factories import ContactFactory
from tests.test_isolation import snapshot

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
    return {
        **threads,
        "organization_id": rows_of_globex["organizations"]["pk"],
        "field_id": fields["pk"],
        "option_id": fields["option_pk"],
        "key": key,
    }


def without_what_differs(answer: HttpResponse) -> bytes:
    """The answer but for its request_id, and for the path that it repeats."""
    text = re.sub(rb'"request_id":"[0-9a-f]{32}"', b"", answer.content)
    return re.sub(rb'"instance":"[^"]*"', b"", text)


@pytest.mark.parametrize(("path", "method"), WITH_IDS)
def test_ids_in_paths(
    api: Program, acme: Workspace, globex: Workspace, theirs: dict[str, Any], path: str, method: str
) -> None:
    before = snapshot(globex), snapshot(acme)
    body = BODIES.get(f"{method} {path}")
    names = re.findall(r"{(\w+)}", path)
    foreign = api(method.upper(), path.format(**{name: theirs[name] for name in names}), body)
    nowhere = api(method.upper(), path.format(**dict.fromkeys(names, NOWHERE)), body)
    assert foreign.status_code == nowhere.status_code == 404
    assert without_what_differs(foreign) == without_what_differs(nowhere)
    assert (snapshot(globex), snapshot(acme)) == before


def test_ids_in_bodies(api: Program, acme: Workspace, globex: Workspace, theirs: dict[str, Any], charlie: User) -> None:
    with workspace(acme):
        contact = ContactFactory(workspace=acme)
    field = api.post("/custom-fields", {"label": "Plan", "type": "select", "options": ["Free"]}).json()
    ticket = api.post("/tickets", {"subject": "Help", "body": "Me", "contact_id": contact.pk}).json()
    conversation = api.post("/conversations", {"subject": "Hello", "body": "You"}).json()
    new_ticket = {"subject": "Help", "body": "Me"}
    before = snapshot(globex), snapshot(acme)
    for method, path, body, name, foreign in [
        ("POST", "/contacts", {"email": "x@x.example"}, "organization_id", theirs["organization_id"]),
        ("PATCH", f"/contacts/{contact.pk}", {}, "organization_id", theirs["organization_id"]),
        ("PUT", f"/contacts/{contact.pk}/custom-fields/{field['key']}", {}, "value", theirs["option_id"]),
        ("POST", "/tickets", new_ticket, "contact_id", theirs["contact_id"]),
        ("POST", "/tickets", {**new_ticket, "contact_id": contact.pk}, "assignee_id", charlie.pk),
        ("PATCH", f"/tickets/{ticket['number']}", {}, "contact_id", theirs["contact_id"]),
        ("PATCH", f"/tickets/{ticket['number']}", {}, "assignee_id", charlie.pk),
        ("POST", "/conversations", new_ticket, "contact_id", theirs["contact_id"]),
        ("PATCH", f"/conversations/{conversation['id']}", {}, "contact_id", theirs["contact_id"]),
        ("PATCH", f"/conversations/{conversation['id']}", {}, "assignee_id", charlie.pk),
    ]:
        answers = [api(method, path, {**body, name: row_id}) for row_id in (foreign, NOWHERE)]
        assert [answer.status_code for answer in answers] == [422, 422], (path, name)
        texts = [without_what_differs(answer) for answer in answers]
        assert texts[0] == texts[1].replace(str(NOWHERE).encode(), str(foreign).encode()), (path, name)
    for ids in ([theirs["field_id"]], [NOWHERE]):
        assert api.post("/custom-fields/reorder", {"ids": ids}).status_code == 422
    foreign = api.post("/contacts/bulk-delete", {"ids": [theirs["contact_id"]]})
    assert foreign.json() == {"deleted": 0, "not_found": [theirs["contact_id"]]}
    assert (snapshot(globex), snapshot(acme)) == before


def test_lists_show_nothing_of_theirs(api: Program, theirs: dict[str, Any]) -> None:
    for path in ("/contacts", "/organizations", "/custom-fields", "/tags", "/members", "/tickets", "/conversations"):
        assert api.get(f"{path}?count=true").json() == {
            "data": [],
            "page": {"next_cursor": None, "has_more": False},
            "total": 0,
        }
