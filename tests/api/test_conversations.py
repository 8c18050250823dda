"""Conversations and their messages."""

from gopimi.workspaces.models import User
from tests.api.conftest import Program, pointers

HELLO = {"subject": "Partnership", "body": "Shall we talk?"}


def test_create_change_and_list(api: Program, bob: User) -> None:
    dana = api.post("/contacts", {"email": "dana@acme.example"}).json()
    conversation = api.post("/conversations", HELLO).json()
    assert (conversation["status"], conversation["contact"], conversation["assignee"]) == ("open", None, None)
    path = f"/conversations/{conversation['id']}"
    changed = api.patch(path, {"contact_id": dana["id"], "assignee_id": bob.pk, "status": "closed"}).json()
    assert (changed["contact"]["email"], changed["assignee"]["id"]) == ("dana@acme.example", bob.pk)
    assert api.get(path).json() == changed
    assert api.get(f"/contacts/{dana['id']}/conversations").json()["data"] == [changed]
    for query, count in {"status=open": 0, f"contact={dana['id']}": 1, "contact=none": 0, "q=partner": 1}.items():
        assert len(api.get(f"/conversations?{query}").json()["data"]) == count, query
    assert api.get("/conversations?priority=low").status_code == 400
    assert api.patch(path, {"contact_id": None}).json()["contact"] is None
    assert pointers(api.patch(path, {"status": "pending", "priority": "low"})) == {
        "/status": "invalid_choice",
        "/priority": "unknown",
    }


def test_messages(api: Program) -> None:
    conversation = api.post("/conversations", HELLO).json()
    path = f"/conversations/{conversation['id']}/messages"
    note = api.post(path, {"body": "Not for us.", "note": True}).json()
    first, second = api.get(path).json()["data"]
    assert (first["body_text"], second) == (HELLO["body"], note)
    assert pointers(api.post(path, {"text": "x"})) == {"/body": "required", "/text": "unknown"}
    assert api("POST", path, data=b"body=x", content_type="text/plain").status_code == 415
