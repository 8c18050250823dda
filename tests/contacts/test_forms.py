"""New contact and edit, in the dialog and as a page."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from customfields import values
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.factories import FieldFactory, OptionFactory, OrganizationFactory

HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def plan(acme: Workspace) -> Any:
    with workspace(acme):
        plan = FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT)
        for position, label in enumerate(["Free", "Pro"]):
            OptionFactory(field=plan, label=label, position=position)
        return plan


def only(acme: Workspace) -> Contact:
    with workspace(acme):
        contact = Contact.objects.for_workspace(acme).select_related("organization").get()
        contact.names = sorted(tag.name for tag in contact.tags.all())
        (fields, held) = values.fields_of(acme), values.read(acme, [contact.pk])[contact.pk]
        contact.held = {field.key: field.type.to_text(held.get(field.pk)) for field in fields}
        return contact


def test_a_contact_is_made_with_everything(acme: Workspace, plan: Any, as_bob: Client) -> None:
    data = {"name": "Dana Cole", "email": "Dana@Kumo.example", "organization": "Kumo", "tags": ["vip", "new"]}
    data["cf_plan"] = "Pro"
    answer = as_bob.post(acme.url("contacts:new"), data, headers=HTMX)
    assert answer.status_code == 204
    for event in ("contacts-changed", "dialog-close", "Dana Cole saved"):
        assert event in answer["HX-Trigger"]
    dana = only(acme)
    assert (dana.name, dana.email, dana.organization.name) == ("Dana Cole", "Dana@Kumo.example", "Kumo")
    assert (dana.names, dana.held, dana.source) == (["new", "vip"], {"plan": "Pro"}, "manual")


def test_without_javascript_the_form_is_a_page(acme: Workspace, as_bob: Client) -> None:
    assert "<html" in as_bob.get(acme.url("contacts:new")).content.decode()
    answer = as_bob.post(acme.url("contacts:new"), {"email": "dana@kumo.example"})
    assert answer["Location"] == acme.url("contacts:detail", only(acme).pk)
    assert only(acme).name == "Dana"


def test_errors_stand_beside_their_fields(acme: Workspace, as_bob: Client) -> None:
    with workspace(acme):
        FieldFactory(workspace=acme, key="account", label="Account", required=True)
        FieldFactory(workspace=acme, key="seats", label="Seats", kind=Kind.NUMBER)
    answer = as_bob.post(acme.url("contacts:new"), {"email": "dana@", "cf_seats": "many"}, headers=HTMX)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {"email", "cf_account", "cf_seats"}
    page = answer.content.decode()
    assert 'value="many"' in page
    assert page.count('aria-invalid="true"') == 3


def test_an_address_that_is_taken_leads_to_its_contact(acme: Workspace, as_bob: Client) -> None:
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, email="dana@kumo.example", name="Dana")
    answer = as_bob.post(acme.url("contacts:new"), {"email": "DANA@kumo.example"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Dana has this address already" in answer.content.decode()
    assert acme.url("contacts:detail", dana.pk) in answer.content.decode()
    with workspace(acme):
        Contact.objects.for_workspace(acme).trash(SYSTEM)
    page = as_bob.post(acme.url("contacts:new"), {"email": "dana@kumo.example"}, headers=HTMX).content.decode()
    assert "It is in the trash" in page
    assert acme.url("contacts:trash") in page


def test_over_quota_the_form_says_so(acme: Workspace, as_bob: Client) -> None:
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=0)
    answer = as_bob.post(acme.url("contacts:new"), {"email": "dana@kumo.example"}, headers=HTMX)
    assert answer.status_code == 422
    assert "room for 0 contacts" in answer.content.decode()


def test_an_edit_writes_what_was_changed_and_nothing_else(acme: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, email="dana@kumo.example", name="Dana", tags=["vip"])
    url = acme.url("contacts:edit", dana.pk)
    form = as_bob.get(url).context["form"]
    seen = {
        "initial-name": "Dana",
        "initial-email": "dana@kumo.example",
        "initial-tags": ["vip"],
        "initial-cf_plan": "",
    }
    assert all(f'name="{name}"' in str(form) for name in seen if seen[name] != "")
    with workspace(acme):  # meanwhile, somebody else sets the plan and the name
        dana.change(SYSTEM, properties={"name": "Dana Cole"}, values={plan: plan.option("Pro")})
    data = {**seen, "name": "Dana", "email": "d.cole@kumo.example", "tags": ["vip", "beta"], "cf_plan": ""}
    assert as_bob.post(url, data, headers=HTMX).status_code == 204
    dana = only(acme)
    assert (dana.name, dana.email, dana.held) == ("Dana Cole", "d.cole@kumo.example", {"plan": "Pro"})
    assert dana.names == ["beta", "vip"]


def test_a_switch_is_remembered_too(acme: Workspace, as_bob: Client) -> None:
    with workspace(acme):
        beta = FieldFactory(workspace=acme, key="beta", label="Beta", kind=Kind.BOOLEAN)
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, email="dana@kumo.example", values={beta: True})
    url = acme.url("contacts:edit", dana.pk)
    seen = {"name": "Dana", "initial-name": "Dana", "email": "dana@kumo.example", "initial-email": "dana@kumo.example"}
    assert 'name="initial-cf_beta" value="on"' in as_bob.get(url).content.decode()
    as_bob.post(url, {**seen, "initial-cf_beta": "on", "cf_beta": "on"})
    assert only(acme).held == {"beta": "true"}
    as_bob.post(url, {**seen, "initial-cf_beta": "on"})
    assert only(acme).held == {"beta": "false"}


def test_the_dialog_shows_what_is_there_and_keeps_it(acme: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
        dana = Contact.objects.for_workspace(acme).add(
            SYSTEM, email="dana@kumo.example", name="Dana", organization=kumo, tags=["vip"]
        )
    url = acme.url("contacts:edit", dana.pk)
    page = as_bob.get(url, headers=HTMX).content.decode()
    for words in (f'<option value="{kumo.pk}" selected>Kumo</option>', '<option value="vip" selected>', 'value="Dana"'):
        assert words in page
    seen = {"name": "Dana", "email": "dana@kumo.example", "organization": str(kumo.pk), "tags": ["vip"], "cf_plan": ""}
    as_bob.post(url, {**seen, **{f"initial-{name}": value for name, value in seen.items()}, "name": "Dana Cole"})
    dana = only(acme)
    assert (dana.name, dana.organization, dana.names) == ("Dana Cole", kumo, ["vip"])


SEEN = {"name": "Dana", "email": "dana@kumo.example"}


def sent(seen: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The form as it is sent: what was there when it came, and what was changed."""
    return {**seen, **{f"initial-{name}": value for name, value in seen.items()}, **changed}


def test_of_two_who_change_the_same_the_second_is_told(acme: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(acme):
        kumo = OrganizationFactory(workspace=acme, name="Kumo")
        beta = FieldFactory(workspace=acme, key="beta", label="Beta", kind=Kind.BOOLEAN)
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, tags=["vip"], values={beta: True}, **SEEN)
    url = acme.url("contacts:edit", dana.pk)
    seen = {**SEEN, "organization": "", "tags": ["vip"], "cf_plan": "", "cf_beta": "on"}
    changes = {"name": "Dana C", "tags": ["vip", "new"], "cf_plan": "Free", "email": "d@kumo.example", "cf_beta": ""}
    data = {name: value for name, value in sent(seen, **changes).items() if value or name != "cf_beta"}
    with workspace(acme):
        dana.change(SYSTEM, {"name": "Dana Cole", "organization": kumo}, {plan: plan.option("Pro")}, ["vip", "beta"])
    answer = as_bob.post(url, data, headers=HTMX)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert {name: errors[0].partition(" in the")[0] for name, errors in form.errors.items()} == {
        "name": "Somebody else changed this to Dana Cole",
        "tags": "Somebody else changed this to beta, vip",
        "cf_plan": "Somebody else changed this to Pro",
    }
    assert only(acme).email == "dana@kumo.example", "nothing half done"
    again = {name: form.data.getlist(name) for name in form.data}
    assert as_bob.post(url, again, headers=HTMX).status_code == 204
    now = only(acme)
    assert (now.name, now.email, now.names, now.organization) == ("Dana C", "d@kumo.example", ["new", "vip"], kumo)
    assert now.held == {"plan": "Free", "beta": "false"}


def test_a_field_that_was_archived_meanwhile_is_named(acme: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, **SEEN)
        plan.archive()
    for url in (acme.url("contacts:edit", dana.pk), acme.url("contacts:new")):
        data = sent({**SEEN, "cf_plan": ""}, name="Dana C", email="d@kumo.example", cf_plan="Pro")
        answer = as_bob.post(url, data, headers=HTMX)
        assert answer.status_code == 422
        assert "Plan was archived or deleted in the meantime. “Pro” can&#x27;t be saved there." in answer.text
        assert 'name="cf_plan"' not in answer.text
    assert only(acme).name == "Dana"


def test_an_option_that_was_renamed_meanwhile_is_no_change(acme: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(acme):
        dana = Contact.objects.for_workspace(acme).add(SYSTEM, values={plan: plan.option("Pro")}, **SEEN)
        plan.option("Pro").rename("Team")
    url = acme.url("contacts:edit", dana.pk)
    answer = as_bob.post(url, sent({**SEEN, "cf_plan": "Pro"}, name="Dana C"), headers=HTMX)
    assert "“Pro” isn&#x27;t an option of Plan any more. It is “Team” now." in answer.text
    assert '<option value="Team" selected>' in answer.text
    again = sent({**SEEN, "cf_plan": "Pro"}, name="Dana C", cf_plan="Team")
    assert as_bob.post(url, again, headers=HTMX).status_code == 204
    assert (only(acme).name, only(acme).held) == ("Dana C", {"plan": "Team"})
