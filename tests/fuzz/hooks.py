"""What schemathesis can't know: ids that are there, and addresses. Most of the requests that are right by the document
get them, so that more is tried than what isn't there."""

import itertools
import json
import os
import random
import urllib.request
from typing import Any

import schemathesis

API, TOKEN = os.environ["GOPIMI_FUZZ_API"], os.environ["GOPIMI_FUZZ_TOKEN"]
OFTEN, FRESH = 0.8, 20  # of what is known some is deleted soon: after so many requests others are made
CHANCE = random.Random(1)
known: dict[str, Any] = {}
turns = itertools.count()


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(API + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def upload(turn: int) -> dict[str, Any]:
    """An import of one contact, as a multipart form."""
    parts = {"mapping": '{"email": "email"}', 'file"; filename="people.csv': f"email\nfrank{turn}@fuzz.example\n"}
    lines = [
        f'--fuzz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts.items()
    ]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "multipart/form-data; boundary=fuzz"}
    request = urllib.request.Request(f"{API}/contact-imports", f"{''.join(lines)}--fuzz--\r\n".encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def make(turn: int) -> None:
    """Things of every kind, by the names that paths and bodies have for their ids."""
    contact = post("/contacts", {"email": f"dana{turn}@fuzz.example"})["id"]
    field = post(
        "/custom-fields", {"key": f"fuzz_{turn}", "label": f"Fuzz {turn}", "type": "select", "options": ["Free", "Pro"]}
    )
    ticket = post("/tickets", {"subject": "Help", "body": "Me", "contact_id": contact})
    known.update(
        contact_id=contact,
        field_id=field["id"],
        option_id=field["options"][0]["id"],
        key=field["key"],
        number=ticket["number"],
        organization_id=post("/organizations", {"name": f"Fuzz {turn}"})["id"],
        conversation_id=post("/conversations", {"subject": "Hello", "body": "You"})["id"],
        import_id=upload(turn)["id"],
        email=f"erin{turn}@fuzz.example",
        assignee_id=1,  # who was made with the workspace
        domains=[f"fuzz{turn}.example"],
    )


@schemathesis.hook
def before_call(context: Any, case: Any, **kwargs: Any) -> None:
    right = case.meta is not None and case.meta.generation.mode.is_positive
    if not right or case.meta.phase.name.name == "STATEFUL_TESTING" or CHANCE.random() > OFTEN:
        return
    turn = next(turns)
    if turn % FRESH == 0:
        make(turn)
    for part, name in ((case.headers, "Idempotency-Key"), (case.headers, "If-Match"), (case.query, "cursor")):
        if part:
            part.pop(name, None)  # they would be the only thing that is tried
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: known[name] for name in part.keys() & known.keys() if part[name] is not None})
    if isinstance(case.body, dict) and "custom_fields" in case.body:
        case.body["custom_fields"] = {known["key"]: CHANCE.choice(["Pro", "pro", None])}
    if isinstance(case.body, dict) and isinstance(case.body.get("contact"), dict):
        case.body["contact"]["email"] = known["email"]


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """What was put into the trash or the archive can still be read, and says that it is there."""
    if type(failure).__name__ != "UseAfterFree":
        return True
    read = response.json()
    return not (read.get("archived") or read.get("deleted_at") or "/contacts/{contact_id}/" in case.path)
