"""POST /contacts"""

import pytest

from contacts.models import Contact
from customfields.models import Field
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.api.conftest import Program, pointers
from tests.factories import ContactFactory, OrganizationFactory

DANA = {"name": "Dana Cole", "email": "Dana@Acme.example"}


@pytest.fixture
def plan(acme: Workspace) -> Field:
    with workspace(acme):
        return Field.objects.for_workspace(acme).define(label="Plan", type="select", options=["Free", "Pro"])


@pytest.fixture
def budget(acme: Workspace) -> Field:
    with workspace(acme):
        return Field.objects.for_workspace(acme).define(label="Budget", type="number")


def test_create_with_everything(api: Program, plan: Field, budget: Field) -> None:
    answer = api.post(
        "/contacts",
        {**DANA, "organization": "Acme", "tags": ["vip"], "custom_fields": {"plan": "pro", "budget": 12.5}},
    )
    assert answer.status_code == 201, answer.content
    contact = answer.json()
    assert answer["Location"] == f"/api/v1/contacts/{contact['id']}"
    assert (contact["name"], contact["email"], contact["source"]) == ("Dana Cole", "Dana@Acme.example", "api")
    assert contact["organization"]["name"] == "Acme"
    assert contact["tags"] == ["vip"]
    assert contact["custom_fields"] == {"plan": "Pro", "budget": 12.5}
    assert contact["deleted_at"] is None
    assert contact["created_at"].endswith("Z")
    assert api.get(f"/contacts/{contact['id']}").json() == contact
    assert [row["id"] for row in api.get("/contacts").json()["data"]] == [contact["id"]]


def test_a_number_stays_exact(api: Program, budget: Field) -> None:
    exact = b"12345678901234567890.12345678"
    body = b'{"email": "dana@acme.example", "custom_fields": {"budget": ' + exact + b"}}"
    answer = api("POST", "/contacts", data=body, content_type="application/json")
    assert answer.status_code == 201
    assert b'"budget":' + exact in answer.content


def test_an_option_by_its_id(api: Program, plan: Field) -> None:
    pro = api.get(f"/custom-fields/{plan.pk}").json()["options"][1]
    answer = api.post("/contacts", {**DANA, "custom_fields": {"plan": pro["id"]}})
    assert answer.json()["custom_fields"] == {"plan": "Pro"}


def test_all_errors_at_once(api: Program, plan: Field, budget: Field) -> None:
    answer = api.post(
        "/contacts",
        {
            "name": 5,
            "email": "nobody",
            "phone": "1",
            "organization_id": 4_000_000,
            "tags": ["vip", ""],
            "custom_fields": {"plan": "Gold", "budget": "much", "size/x": 1},
        },
    )
    assert pointers(answer) == {
        "/name": "invalid_type",
        "/email": "invalid_email",
        "/phone": "unknown",
        "/organization_id": "unknown",
        "/tags/1": "required",
        "/custom_fields/plan": "invalid_choice",
        "/custom_fields/budget": "invalid_type",
        "/custom_fields/size~1x": "unknown",
    }
    assert answer.json()["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize("name", ["\x00", "a\x07b", "x" * 201])
def test_names_that_cannot_be_kept(api: Program, name: str) -> None:
    assert "/name" in pointers(api.post("/contacts", {**DANA, "name": name}))


def test_a_lone_surrogate(api: Program) -> None:
    for body, place in [(rb'{"email": "d@acme.example", "name": "\ud800"}', "/name"), (rb'{"\udfff": 1}', "")]:
        answer = api("POST", "/contacts", data=body, content_type="application/json")
        assert pointers(answer) == {place: "invalid_character"}


def test_an_address_is_taken_without_regard_to_case(api: Program, acme: Workspace) -> None:
    first = api.post("/contacts", DANA).json()
    answer = api.post("/contacts", {"email": "DANA@ACME.EXAMPLE"})
    assert answer.status_code == 409
    assert answer.json()["existing_id"] == first["id"]
    assert answer.json()["in_trash"] is False
    api.delete(f"/contacts/{first['id']}")
    answer = api.post("/contacts", DANA)
    assert (answer.status_code, answer.json()["in_trash"]) == (409, True)


def test_organization_by_id_or_by_name_but_not_both(api: Program, acme: Workspace) -> None:
    with workspace(acme):
        initech = OrganizationFactory(workspace=acme, name="Initech")
    by_id = api.post("/contacts", {**DANA, "organization_id": initech.pk}).json()
    by_name = api.post("/contacts", {"email": "erin@x.example", "organization": "INITECH"}).json()
    assert by_id["organization"] == by_name["organization"] == {"id": initech.pk, "name": "Initech"}
    assert api.post("/contacts", {"email": "f@x.example", "organization": "A", "organization_id": 1}).status_code == 422


def test_another_workspaces_organization_is_like_none(api: Program, globex: Workspace) -> None:
    with workspace(globex):
        theirs = OrganizationFactory(workspace=globex)
    answers = [
        api.post("/contacts", {**DANA, "organization_id": organization_id}).json()
        for organization_id in (theirs.pk, 4_000_000)
    ]
    assert answers[0].pop("request_id") != answers[1].pop("request_id")
    assert answers[0] == answers[1]


def test_over_quota(api: Program, acme: Workspace) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme)
    acme.contact_quota = 1
    acme.save(update_fields=["contact_quota"])
    answer = api.post("/contacts", DANA)
    assert answer.status_code == 429
    problem = answer.json()
    assert problem["type"].endswith("/quota-exceeded")
    assert (problem["limit"], problem["used"], problem["requested"]) == (1, 1, 1)
    assert "Retry-After" not in answer
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).count() == 1
    assert api.get("/quota").json() == {"contacts": {"limit": 1, "used": 1, "available": 0}}
