"""Tickets and their messages."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.api.conftest import BASE, Program, pointers
from tests.factories import MailboxFactory, OrganizationFactory
from tickets.models import Attachment

HELP = {"subject": "Can't sign in", "body": "It says my password is wrong."}
DANA = {"email": "dana@acme.example", "name": "Dana Cole"}


@pytest.fixture
def dana(api: Program) -> dict[str, Any]:
    return api.post("/contacts", DANA).json()


def test_create_for_a_contact(api: Program, dana: dict[str, Any], bob: User) -> None:
    body = {**HELP, "contact_id": dana["id"], "priority": "high", "assignee_id": bob.pk, "tags": ["login"]}
    answer = api.post("/tickets", body)
    assert (answer.status_code, answer["Location"]) == (201, f"{BASE}/tickets/1")
    ticket = answer.json()
    assert (ticket["number"], ticket["status"], ticket["priority"]) == (1, "open", "high")
    assert ticket["contact"] == {"id": dana["id"], "name": "Dana Cole", "email": "dana@acme.example"}
    assert (ticket["assignee"], ticket["tags"]) == ({"id": bob.pk, "name": "Bob"}, ["login"])
    assert api.get("/tickets/1").json() == ticket
    (message,) = api.get("/tickets/1/messages").json()["data"]
    assert (message["direction"], message["state"]) == ("inbound", "received")
    assert message["author"] == {"type": "contact", "name": "Dana Cole", "email": "dana@acme.example"}
    assert message["body_text"] == HELP["body"]


def test_create_for_an_address(api: Program, acme: Workspace) -> None:
    first = api.post("/tickets", {**HELP, "contact": DANA}).json()
    second = api.post("/tickets", {**HELP, "contact": {"email": "DANA@acme.example"}}).json()
    assert first["contact"] == second["contact"]
    assert (second["number"], second["contact"]["name"]) == (2, "Dana Cole")
    assert api.get(f"/contacts/{first['contact']['id']}").json()["source"] == "api"
    assert len(api.get(f"/contacts/{first['contact']['id']}/tickets").json()["data"]) == 2


def test_an_address_in_the_trash_or_over_quota(api: Program, acme: Workspace, dana: dict[str, Any]) -> None:
    api.delete(f"/contacts/{dana['id']}")
    answer = api.post("/tickets", {**HELP, "contact": DANA})
    assert (answer.status_code, answer.json()["existing_id"]) == (409, dana["id"])
    assert pointers(api.post("/tickets", {**HELP, "contact_id": dana["id"]})) == {"/contact_id": "in_trash"}
    acme.contact_quota = 0
    acme.save(update_fields=["contact_quota"])
    assert api.post("/tickets", {**HELP, "contact": {"email": "new@acme.example"}}).status_code == 429


def test_what_cannot_be_a_ticket(api: Program, dana: dict[str, Any]) -> None:
    assert pointers(api.post("/tickets", HELP)) == {"": "required"}
    both = {**HELP, "contact_id": dana["id"], "contact": DANA}
    assert pointers(api.post("/tickets", both)) == {"": "required"}
    wrong = {"subject": " ", "body": "a\x00", "contact": {"email": "x"}, "priority": "top", "assignee_id": 0}
    assert pointers(api.post("/tickets", wrong)) == {
        "/subject": "required",
        "/body": "invalid_character",
        "/contact/email": "invalid_email",
        "/priority": "invalid_choice",
        "/assignee_id": "out_of_range",
    }


def test_change(api: Program, dana: dict[str, Any], bob: User) -> None:
    api.post("/tickets", {**HELP, "contact_id": dana["id"], "assignee_id": bob.pk})
    erin = api.post("/contacts", {"email": "erin@acme.example"}).json()
    given = {"status": "resolved", "priority": "low", "contact_id": erin["id"], "assignee_id": None, "tags": ["a", "B"]}
    changed = api.patch("/tickets/1", given).json()
    assert (changed["status"], changed["priority"], changed["assignee"]) == ("resolved", "low", None)
    assert (changed["contact"]["id"], changed["tags"], changed["subject"]) == (erin["id"], ["a", "B"], HELP["subject"])
    assert api.patch("/tickets/1", {"tags": None}).json()["tags"] == []
    assert pointers(api.patch("/tickets/1", {"contact_id": None, "number": 5})) == {
        "/contact_id": "invalid_type",
        "/number": "unknown",
    }


def test_lists_and_filters(api: Program, acme: Workspace, dana: dict[str, Any], bob: User) -> None:
    with workspace(acme):
        organization = OrganizationFactory(workspace=acme, name="Fathom")
    api.patch(f"/contacts/{dana['id']}", {"organization_id": organization.pk})
    api.post("/tickets", {**HELP, "contact_id": dana["id"], "tags": ["login"]})
    api.post("/tickets", {**HELP, "contact": {"email": "x@x.example"}, "priority": "urgent", "assignee_id": bob.pk})
    api.patch("/tickets/1", {"status": "closed"})
    for query, numbers in {
        "": [1, 2],
        "sort=-number": [2, 1],
        "sort=number&limit=1": [1],
        "status=closed": [1],
        "priority=urgent": [2],
        f"contact={dana['id']}": [1],
        f"organization={organization.pk}": [1],
        f"assignee={bob.pk}": [2],
        "assignee=none": [1],
        "tag=LOGIN": [1],
        "q=sign": [1, 2],
        "q=2": [2],
        "q=x.example": [],  # who wrote is found by `contact`
        "created_at__lt=2020-01-01": [],
        "created_at__lt=2020-01-01T00:00:00%2B17:02": [],
    }.items():
        answer = api.get(f"/tickets?{query}")
        assert [ticket["number"] for ticket in answer.json()["data"]] == numbers, query
    assert [t["number"] for t in api.get(f"/contacts/{dana['id']}/tickets?status=open").json()["data"]] == []
    for query in (
        "status=new",
        "status__=open",
        "cursor=",
        "sort=subject",
        "x=1",
        "contact=x",
        "organization=none",
        "created_at=2020-01-01",
    ):
        assert api.get(f"/tickets?{query}").status_code == 400, query


def test_reply_and_note(api: Program, acme: Workspace, dana: dict[str, Any]) -> None:
    with workspace(acme):
        MailboxFactory(workspace=acme)
    api.post("/tickets", {**HELP, "contact_id": dana["id"]})
    reply = api.post("/tickets/1/messages", {"body": "Try again.\n\nBob"})
    assert reply.status_code == 201
    message = reply.json()
    assert (message["direction"], message["state"], message["body_text"]) == ("outbound", "queued", "Try again.\n\nBob")
    assert message["author"] == {"type": "api", "name": "Test", "email": ""}
    note = api.post("/tickets/1/messages", {"body": "An old customer.", "note": True}).json()
    assert note["direction"] == "note"
    listed = api.get("/tickets/1/messages").json()["data"]
    assert [row["id"] for row in listed][1:] == [message["id"], note["id"]]
    assert api.get("/tickets/1").json()["status"] == "open"


def test_a_message_with_files(api: Program, acme: Workspace, dana: dict[str, Any]) -> None:
    api.post("/tickets", {**HELP, "contact_id": dana["id"]})
    files = [SimpleUploadedFile(name, name.encode(), "text/plain") for name in ("a.txt", "b.txt")]
    answer = api.upload("/tickets/1/messages", {"body": "Look.", "note": "true", "attachments": files})
    assert answer.status_code == 201, answer.content
    first, second = answer.json()["attachments"]
    assert (first["filename"], second["size"], first["content_type"]) == ("a.txt", 5, "text/plain")
    got = api.get(first["url"].partition(BASE)[2])
    assert b"".join(got.streaming_content) == b"a.txt"
    assert 'attachment; filename="a.txt"' in got["Content-Disposition"]
    assert pointers(api.upload("/tickets/1/messages", {"note": "maybe", "other": files[0]})) == {"/other": "unknown"}
    assert pointers(api.upload("/tickets/1/messages", {"body": "", "note": "maybe"})) == {
        "/body": "required",
        "/note": "invalid_type",
    }


def test_files_that_are_too_large_or_gone(api: Program, acme: Workspace, dana: dict[str, Any]) -> None:
    api.post("/tickets", {**HELP, "contact_id": dana["id"]})
    large = [SimpleUploadedFile(f"{n}.bin", b"x" * (7 << 20)) for n in range(3)]
    refused = api.upload("/tickets/1/messages", {"body": "Look.", "attachments": large})
    assert pointers(refused) == {"/attachments": "too_large"}
    small = [SimpleUploadedFile("a.txt", b"a")]
    message = api.upload("/tickets/1/messages", {"body": "Look.", "note": "true", "attachments": small}).json()
    with workspace(acme):
        row = Attachment.objects.for_workspace(acme).get()
    row.file.storage.delete(row.file.name)
    assert api.get(message["attachments"][0]["url"].partition(BASE)[2]).status_code == 404


def test_etags(api: Program, dana: dict[str, Any]) -> None:
    tag = api.post("/tickets", {**HELP, "contact_id": dana["id"]})["ETag"]
    api.patch(f"/contacts/{dana['id']}", {"name": "Dana"})
    assert api.get("/tickets/1")["ETag"] == tag  # a name of another resource isn't its own state
    assert api.patch("/tickets/1", {"status": "closed"}, headers={"If-Match": '"other"'}).status_code == 412
    assert api.get("/tickets/1").json()["status"] == "open"
    assert api.patch("/tickets/1", {"status": "closed"}, headers={"If-Match": tag})["ETag"] != tag
    conversation = api.post("/conversations", {"subject": "Hello", "body": "You"})
    path = f"/conversations/{conversation.json()['id']}"
    assert api.patch(path, {"status": "closed"}, headers={"If-Match": conversation["ETag"]}).status_code == 200
    assert api.patch(path, {"status": "open"}, headers={"If-Match": conversation["ETag"]}).status_code == 412
