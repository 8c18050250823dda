"""CSV imports over the API: as API.md has them."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test.client import encode_multipart

from contacts.importing import files, undoing
from contacts.models import Contact, Import
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program, pointers
from tests.contacts.importing.conftest import carry_on

FILE = "Full name,Mail,Plan\nAlice,alice@acme.example,Pro\nBob,bob@,Pro\n"
MAPPING = {"Full name": "name", "Mail": "email", "Plan": "cf_plan"}


@pytest.fixture
def plan(api: Program) -> None:
    api.post("/custom-fields", {"label": "Plan", "type": "select", "options": ["Free", "Pro"]})


def send(api: Program, content: str | bytes = FILE, mapping: Any = MAPPING, **form: str) -> HttpResponse:
    data = content.encode() if isinstance(content, str) else content
    given = {} if mapping is None else {"mapping": mapping if isinstance(mapping, str) else json.dumps(mapping)}
    return api.upload("/contact-imports", {"file": ContentFile(data, "people.csv"), **given, **form})


def finish(target: Workspace, answer: HttpResponse) -> None:
    with workspace(target):
        one = Import.objects.for_workspace(target).get(pk=answer.json()["id"])
    carry_on(one)


def test_an_import_from_beginning_to_undo(api: Program, acme: Workspace, plan: None) -> None:
    accepted = send(api)
    assert accepted.status_code == 202
    path = accepted["Location"].removeprefix("/api/v1")
    assert path == f"/contact-imports/{accepted.json()['id']}"
    assert api.get(path).json() == {
        "id": accepted.json()["id"],
        "status": "queued",
        "dry_run": False,
        "filename": "people.csv",
        "rows": 0,
        "processed": 0,
        "counts": {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0},
        "problem": None,
        "created_at": accepted.json()["created_at"],
        "finished_at": None,
    }
    assert api.post(f"{path}/undo").status_code == 409
    finish(acme, accepted)
    done = api.get(path).json()
    assert (done["status"], done["rows"], done["processed"]) == ("done", 2, 2)
    assert done["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1}
    assert done["finished_at"]
    (contact,) = api.get("/contacts").json()["data"]
    assert (contact["name"], contact["custom_fields"], contact["source"]) == ("Alice", {"plan": "Pro"}, "import")
    undone = api.post(f"{path}/undo")
    assert (undone.status_code, undone.json()["status"]) == (202, "undoing")
    assert undone["Location"] == accepted["Location"]
    assert undoing.undo(acme.pk, done["id"])
    assert api.get(path).json()["status"] == "undone"
    assert api.get("/contacts").json()["data"] == []
    assert api.post(f"{path}/undo").status_code == 409


def test_a_dry_run_says_what_the_import_does(api: Program, acme: Workspace, plan: None) -> None:
    dry = send(api, dry_run="true")
    finish(acme, dry)
    path = f"/contact-imports/{dry.json()['id']}"
    said = api.get(path).json()
    assert (said["status"], said["dry_run"]) == ("done", True)
    assert api.get("/contacts").json()["data"] == []
    assert api.post(f"{path}/undo").status_code == 409
    real = send(api)
    finish(acme, real)
    assert api.get(f"/contact-imports/{real.json()['id']}").json()["counts"] == said["counts"]


def test_the_list_is_the_newest_first(api: Program, acme: Workspace, plan: None) -> None:
    ids = [send(api).json()["id"] for _ in range(3)]
    with workspace(acme):
        Import.objects.create(workspace=acme, actor_kind="system", filename="draft.csv", encoding="utf-8")
    first = api.get("/contact-imports?limit=2&count=true").json()
    assert [one["id"] for one in first["data"]] == ids[:0:-1]
    assert first["total"] == 3
    rest = api.get(f"/contact-imports?limit=2&cursor={first['page']['next_cursor']}").json()
    assert [one["id"] for one in rest["data"]] == ids[:1]


def test_the_failed_rows_import_as_they_are_once_corrected(api: Program, acme: Workspace, plan: None) -> None:
    content = (
        'Full name,Mail,Plan,Notes\n"=SUM(A1)",bob@,Gold,"+1, 2"\nAlice,alice@acme.example,Pro,\n'
        "'-x,carol@,Pro\nWide,dave@acme.example,Pro,,too,much\n"
    )
    first = send(api, content)
    finish(acme, first)
    answer = api.get(f"/contact-imports/{first.json()['id']}/errors.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    body = b"".join(answer.streaming_content).decode()
    assert body.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert rows[0] == ["Full name", "Mail", "Plan", "Notes", "row", "column", "code", "reason"]
    assert rows[1][:7] == ["'=SUM(A1)", "bob@", "Gold", "'+1, 2", "2", "Mail; Plan", "invalid_email; invalid_choice"]
    assert rows[2][:7] == ["'-x", "carol@", "Pro", "", "4", "Mail", "invalid_email"]
    assert rows[3][4:7] == ["5", "", "too_many_cells"]
    again = send(api, body)
    finish(acme, again)
    assert api.get(f"/contact-imports/{again.json()['id']}").json()["counts"]["failed"] == 3
    corrected = body.replace("bob@", "bob@acme.example").replace("Gold", "Free").replace("carol@", "carol@acme.example")
    corrected = corrected.replace(",too,much", "")
    last = send(api, corrected)
    finish(acme, last)
    assert api.get(f"/contact-imports/{last.json()['id']}").json()["counts"]["created"] == 3
    names = {one["name"] for one in api.get("/contacts").json()["data"]}
    assert names == {"=SUM(A1)", "-x", "Wide", "Alice"}


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (None, {"/mapping": "required"}),
        ("nonsense", {"/mapping": "invalid_json"}),
        ('{"Mail": "email", "Mail": "name"}', {"/mapping": "invalid_json"}),
        ([], {"/mapping": "invalid_type"}),
        ({"Full name": "name"}, {"/mapping": "required"}),
        ({"Mail": "email", "Phone": "name"}, {"/mapping/Phone": "unknown_column"}),
        ({"Mail": "email", "Plan": "cf_planet"}, {"/mapping/Plan": "unknown_target"}),
        ({"Mail": "email", "Plan": None}, {"/mapping/Plan": "unknown_target"}),
        ({"Mail": "email", "Plan": "email"}, {"/mapping/Plan": "target_twice"}),
    ],
)  # fmt: skip
def test_mappings_that_are_refused(
    api: Program, acme: Workspace, plan: None, mapping: Any, expected: dict[str, str]
) -> None:
    assert pointers(send(api, mapping=mapping)) == expected
    assert api.get("/contact-imports").json()["data"] == []


def test_a_mapped_header_that_is_there_twice(api: Program) -> None:
    content = "Mail,Name,Name\na@x.example,A,B\n"
    assert pointers(send(api, content, {"Mail": "email", "Name": "name"})) == {"/mapping/Name": "ambiguous_column"}
    assert send(api, content, {"Mail": "email"}).status_code == 202


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b",,\na,b,c\n", "no_header"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary"),
        (b"PK\x03\x04" + b"x" * 100, "binary"),
    ],
)
def test_files_that_can_t_be_one(api: Program, content: bytes, code: str) -> None:
    assert pointers(send(api, content, {"Mail": "email"})) == {"/file": code}


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"on_conflict": "error"}, "/on_conflict"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"new_options": "maybe"}, "/new_options"),
        ({"encoding": "klingon"}, "/encoding"),
        ({"delimiter": "x"}, "/delimiter"),
        ({"date_order": "ydm"}, "/date_order"),
        ({"decimal": "'"}, "/decimal"),
        ({"nonsense": "1"}, "/nonsense"),
    ],
)
def test_settings_that_are_refused(api: Program, plan: None, form: dict[str, str], pointer: str) -> None:
    assert list(pointers(send(api, **form))) == [pointer]


def test_without_a_file_or_as_json(api: Program) -> None:
    assert pointers(api.upload("/contact-imports", {"mapping": '{"Mail": "email"}'})) == {"/file": "required"}
    assert pointers(api.upload("/contact-imports", {"mapping": "{}", "file": "text"})) == {"/file": "required"}
    assert api.post("/contact-imports", {"file": "x"}).status_code == 415


def test_a_file_that_is_too_large(api: Program, plan: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    assert send(api).status_code == 413


def test_settings_are_obeyed(api: Program, acme: Workspace) -> None:
    for label, kind in (("Since", "date"), ("Amount", "number")):
        api.post("/custom-fields", {"label": label, "type": kind})
    content = "Mail|Since|Amount\nmüller@x.example|03/04/2027|1.234\n".encode("utf-16-be")
    mapping = {"Mail": "email", "Since": "cf_since", "Amount": "cf_amount"}
    form = {"encoding": "utf-16-be", "delimiter": "pipe", "date_order": "mdy", "decimal": ","}
    finish(acme, send(api, content, mapping, **form))
    (contact,) = api.get("/contacts").json()["data"]
    assert contact["email"] == "müller@x.example"
    assert contact["custom_fields"] == {"since": "2027-03-04", "amount": 1234}


def test_the_same_form_again_with_a_key_is_one_import(api: Program, acme: Workspace, plan: None) -> None:
    bodies = []
    for boundary in ("one", "another"):
        parts = {"file": ContentFile(FILE.encode(), "people.csv"), "mapping": json.dumps(MAPPING)}
        bodies.append((encode_multipart(boundary, parts), f"multipart/form-data; boundary={boundary}"))
    answers = [
        api("POST", "/contact-imports", data=data, content_type=content_type, headers={"Idempotency-Key": "once"})
        for data, content_type in bodies
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert len(api.get("/contact-imports").json()["data"]) == 1
    other = api.upload("/contact-imports", {"mapping": "{}"})
    assert other.status_code == 422


def test_nothing_is_kept_of_what_is_refused(api: Program, acme: Workspace, plan: None) -> None:
    send(api, mapping={"Nope": "email"})
    with workspace(acme):
        assert not Import.objects.for_workspace(acme).exists()
        assert not Contact.objects.for_workspace(acme).exists()
