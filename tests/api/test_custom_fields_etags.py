"""`If-Match` on the definitions of custom fields and on their options."""

from typing import Any

import pytest

from tests.api.conftest import Program


@pytest.fixture
def plan(api: Program) -> dict[str, Any]:
    body = {"label": "Plan", "type": "select", "options": ["Free", "Pro"]}
    return api.post("/custom-fields", body).json()  # type: ignore[no-any-return]


def test_a_definition(api: Program, plan: dict[str, Any]) -> None:
    path = f"/custom-fields/{plan['id']}"
    tag = api.get(path)["ETag"]
    contact = api.post("/contacts", {"email": "dana@acme.example", "custom_fields": {"plan": "Pro"}})
    assert (contact.status_code, api.get(path)["ETag"]) == (201, tag)
    changed = api.patch(path, {"help_text": "What they pay for"}, headers={"If-Match": tag})
    assert (changed.status_code, changed["ETag"]) == (200, api.get(path)["ETag"])
    for write in (api.patch(path, {"label": "X"}, headers={"If-Match": tag}),
                  api.delete(path, headers={"If-Match": tag}),
                  api.delete(f"{path}?purge=true", headers={"If-Match": tag})):  # fmt: skip
        assert write.status_code == 412
    assert api.get(path).json() == changed.json()
    assert api.delete(path, headers={"If-Match": f'"other", {changed["ETag"]}'}).status_code == 204


def test_an_option_which_is_part_of_its_field(api: Program, plan: dict[str, Any]) -> None:
    path = f"/custom-fields/{plan['id']}"
    option = f"{path}/options/{plan['options'][0]['id']}"
    field_tag, tag = api.get(path)["ETag"], api.get(option)["ETag"]
    made = api.post(f"{path}/options", {"label": "Enterprise"})
    assert made["ETag"] == api.get(f"{path}/options/{made.json()['id']}")["ETag"]
    assert api.get(option)["ETag"] == tag
    assert api.patch(path, {"label": "X"}, headers={"If-Match": field_tag}).status_code == 412
    renamed = api.patch(option, {"label": "Trial"}, headers={"If-Match": tag})
    assert (renamed.status_code, renamed["ETag"]) == (200, api.get(option)["ETag"])
    assert api.patch(option, {"label": "X"}, headers={"If-Match": tag}).status_code == 412
    assert api.delete(option, headers={"If-Match": tag}).status_code == 412
    assert api.get(option).json()["label"] == "Trial"
    assert api.delete(option, headers={"If-Match": renamed["ETag"]}).status_code == 204
