"""PATCH, DELETE and restore of contacts, and bulk-delete."""

from typing import Any

import pytest

from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program, pointers


@pytest.fixture
def dana(api: Program) -> dict[str, Any]:
    api.post("/custom-fields", {"label": "Plan", "type": "select", "options": ["Free", "Pro"]})
    api.post("/custom-fields", {"label": "Size", "type": "number"})
    body = {"name": "Dana Cole", "email": "dana@acme.example", "organization": "Acme", "tags": ["vip", "new"]}
    return api.post("/contacts", {**body, "custom_fields": {"plan": "Pro", "size": 3}}).json()


def test_what_is_absent_stays(api: Program, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}"
    changed = api.patch(path, {"custom_fields": {"size": None}, "name": "Dana"}).json()
    assert changed == {
        **dana,
        "name": "Dana",
        "custom_fields": {"plan": "Pro", "size": None},
        "updated_at": changed["updated_at"],
    }
    assert api.patch(path, {}).json() == changed
    cleared = api.patch(path, {"name": None, "organization": None, "tags": None}).json()
    assert (cleared["name"], cleared["organization"], cleared["tags"]) == ("", None, [])


def test_wrong_changes_change_nothing(api: Program, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}"
    assert pointers(
        api.patch(path, {"name": "X", "email": None, "id": 5, "custom_fields": {"plan": "Gold", "x": 1}})
    ) == {
        "/email": "invalid_type",
        "/id": "unknown",
        "/custom_fields/plan": "invalid_choice",
        "/custom_fields/x": "unknown",
    }
    api.post("/contacts", {"email": "erin@acme.example"})
    assert api.patch(path, {"name": "X", "email": "Erin@acme.example"}).status_code == 409
    assert api.get(path).json() == dana


def test_an_archived_option_stays_where_it_is_chosen(api: Program, dana: dict[str, Any]) -> None:
    field = api.get("/custom-fields").json()["data"][0]
    option = f"/custom-fields/{field['id']}/options/{field['options'][1]['id']}"
    assert api.patch(option, {"archived": True}).status_code == 200
    path = f"/contacts/{dana['id']}"
    assert api.patch(path, {"custom_fields": {"plan": "Pro"}}).status_code == 200
    erin = api.post("/contacts", {"email": "erin@acme.example"}).json()
    answer = api.patch(f"/contacts/{erin['id']}", {"custom_fields": {"plan": "Pro"}})
    assert pointers(answer) == {"/custom_fields/plan": "archived_choice"}


def test_the_trash(api: Program, acme: Workspace, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}"
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    assert api.get(path).json()["deleted_at"].endswith("Z")
    assert api.patch(path, {"name": "X"}).status_code == 409
    assert api.put(f"{path}/custom-fields/size", {"value": 1}).status_code == 409
    assert api.get("/contacts").json()["data"] == []
    assert [row["id"] for row in api.get("/contacts?deleted=true").json()["data"]] == [dana["id"]]
    acme.contact_quota = 0
    acme.save(update_fields=["contact_quota"])
    assert api.post(f"{path}/restore").status_code == 429
    acme.contact_quota = None
    acme.save(update_fields=["contact_quota"])
    assert api.post(f"{path}/restore").json() == dana
    assert api.post(f"{path}/restore").status_code == 200


def test_many_into_the_trash(api: Program, dana: dict[str, Any]) -> None:
    answer = api.post("/contacts/bulk-delete", {"ids": [dana["id"], 4_000_000]})
    assert answer.json() == {"deleted": 1, "not_found": [4_000_000]}
    assert api.post("/contacts/bulk-delete", {"ids": [dana["id"]]}).json() == {"deleted": 0, "not_found": []}
    assert "/ids" in pointers(api.post("/contacts/bulk-delete", {"ids": [1] * 10_001}))


def test_etags(api: Program, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}"
    tag = api.get(path)["ETag"]
    for unreadable in ("other", 'W/"other"', ""):
        assert api.patch(path, {"name": "X"}, headers={"If-Match": unreadable}).status_code == 412, unreadable
    stale = {"headers": {"If-Match": '"other"'}}
    assert api.patch(path, {"name": "X"}, **stale).status_code == 412
    assert api.delete(path, **stale).status_code == 412
    assert api.get(path).json() == dana
    field = api.get("/custom-fields").json()["data"][0]
    api.patch(f"/custom-fields/{field['id']}/options/{field['options'][1]['id']}", {"label": "Gold"})
    api.patch(f"/organizations/{dana['organization']['id']}", {"name": "ACME"})
    assert api.get(path)["ETag"] == tag  # the names of other resources aren't its own
    changed = api.patch(path, {"custom_fields": {"size": 4}}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] == api.get(path)["ETag"] != tag
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_values(api: Program, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}/custom-fields"
    plan, size = api.get(path).json()["data"]
    assert plan == {
        "key": "plan", "label": "Plan", "type": "select", "multiple": False, "featured": False, "value": "Pro",
    }  # fmt: skip
    assert api.get(f"{path}/size").json() == size
    assert api.put(f"{path}/size", {"value": 12.50}).json()["value"] == 12.5
    assert pointers(api.put(f"{path}/size", {"value": "many"})) == {"/value": "invalid_type"}
    assert pointers(api.put(f"{path}/size", {})) == {"/value": "required"}
    assert api.delete(f"{path}/size").status_code == 204
    assert api.get(f"{path}/size").json()["value"] is None
    assert api.get(f"{path}/nothing").status_code == 404


def test_etags_of_values(api: Program, dana: dict[str, Any]) -> None:
    path = f"/contacts/{dana['id']}/custom-fields/plan"
    tag = api.get(path)["ETag"]
    option = api.get("/custom-fields").json()["data"][0]["options"][1]
    field_id = api.get("/custom-fields").json()["data"][0]["id"]
    api.patch(f"/custom-fields/{field_id}/options/{option['id']}", {"label": "Gold"})
    api.patch(f"/contacts/{dana['id']}", {"name": "Dana C", "custom_fields": {"size": 7}})
    assert api.get(path)["ETag"] == tag  # neither the option's name nor the contact's other values are its own
    changed = api.put(path, {"value": "Free"}, headers={"If-Match": tag})
    assert (changed.status_code, changed["ETag"]) == (200, api.get(path)["ETag"])
    assert api.put(path, {"value": "Gold"}, headers={"If-Match": tag}).status_code == 412
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412
    assert api.get(path).json()["value"] == "Free"
    assert api.delete(path, headers={"If-Match": changed["ETag"]}).status_code == 204


def test_what_is_known_already_is_not_sent_again(api: Program, dana: dict[str, Any]) -> None:
    ticket = api.post("/tickets", {"subject": "Help", "body": "Me", "contact_id": dana["id"]}).json()["number"]
    conversation = api.post("/conversations", {"subject": "Hello", "body": "You"}).json()["id"]
    field = api.get("/custom-fields").json()["data"][0]
    for path, change in [
        (f"/contacts/{dana['id']}", {"name": "Dana C"}),
        (f"/organizations/{dana['organization']['id']}", {"name": "ACME"}),
        (f"/custom-fields/{field['id']}", {"label": "Level"}),
        (f"/custom-fields/{field['id']}/options/{field['options'][0]['id']}", {"label": "Gold"}),
        (f"/tickets/{ticket}", {"subject": "Help me"}),
        (f"/conversations/{conversation}", {"subject": "Hi"}),
    ]:
        tag = api.get(path)["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer = api.get(path, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
        assert api.patch(path, change).status_code == 200
        assert api.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert api.get("/contacts", headers={"If-None-Match": "*"}).status_code == 200
