"""The Organizations tab: a table with search, order and paging; dialogs that leave it where it is."""

from typing import Any

import pytest
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from organizations import views
from organizations.models import Organization
from tests.factories import ContactFactory
from tests.organizations.test_models import define

HTMX = {"HX-Request": "true"}


@pytest.fixture
def fathom(acme: Workspace) -> Organization:
    with workspace(acme):
        return define(acme, "Fathom Analytics", ["fathom.example"])


def names(acme: Workspace) -> list[str]:
    with workspace(acme):
        return sorted(Organization.objects.for_workspace(acme).values_list("name", flat=True))


def test_the_table_leads_to_contacts_and_tickets(acme: Workspace, fathom: Organization, as_bob: Client) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme, organization=fathom)
    page = as_bob.get(acme.url("organizations:list")).text
    assert f"{acme.url('contacts:list')}?organization={fathom.pk}" in page
    assert "fathom.example" in page
    assert "1 organization<" in page
    assert "Custom fields" not in page  # for admins


def test_a_fragment_is_returned_only_to_who_asks_for_it(acme: Workspace, fathom: Organization, as_bob: Client) -> None:
    url = acme.url("organizations:list")
    fragment = as_bob.get(url, {"q": "fathom"}, headers={**HTMX, "HX-Target": "organizations"})
    assert fragment.text.startswith('<div class="contents" id="organizations"')
    assert "<html" in as_bob.get(url, headers={**HTMX, "HX-Target": "organizations", "HX-Boosted": "true"}).text


def test_no_match_and_none_at_all_say_so(acme: Workspace, as_bob: Client) -> None:
    url = acme.url("organizations:list")
    assert "No organizations yet" in as_bob.get(url).text
    with workspace(acme):
        define(acme, "Fathom")
    assert "No organization matches" in as_bob.get(url, {"q": "<b>"}).text


def test_order_and_pages(acme: Workspace, as_bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE", 2)
    with workspace(acme):
        made = [define(acme, name) for name in ("Åland", "Borg", "Cibo")]
        ContactFactory(workspace=acme, organization=made[1])
    url = acme.url("organizations:list")

    def shown(**query: Any) -> tuple[str, Any]:
        answer = as_bob.get(url, query)
        return "".join(row.name[0] for row in answer.context["page"].rows), answer.context["page"]

    first, page = shown()
    assert first == "ÅB"
    second, back = shown(cursor=page.next)
    assert second == "C"
    assert shown(cursor=back.previous)[0] == "ÅB"
    assert shown(sort="-contacts")[0] == "BC"
    assert shown(cursor="nonsense")[0] == "ÅB"
    assert as_bob.get(url, {"sort": "secret"}).status_code == 400


def test_an_organization_is_made_and_edited_without_leaving_the_page(acme: Workspace, as_bob: Client) -> None:
    dialog = as_bob.get(acme.url("organizations:new"), headers=HTMX)
    assert dialog["HX-Retarget"] == "#dialog"
    assert "<html" not in dialog.text
    made = as_bob.post(acme.url("organizations:new"), {"name": "Fathom", "domains": ["a.example"]}, headers=HTMX)
    assert made.status_code == 204
    assert "organizations-changed" in made["HX-Trigger"]
    with workspace(acme):
        fathom = Organization.objects.for_workspace(acme).get()
    url = acme.url("organizations:detail", fathom.pk)
    assert "a.example" in as_bob.get(url, headers=HTMX).text
    assert as_bob.post(url, {"name": "Fathom Ltd", "domains": ["", "b.example, c.example"]}).status_code == 302
    with workspace(acme):
        fathom = Organization.objects.for_workspace(acme).get()
        assert (fathom.name, fathom.domain_names) == ("Fathom Ltd", ["b.example", "c.example"])


def test_what_is_wrong_is_said_beside_it(acme: Workspace, fathom: Organization, as_bob: Client) -> None:
    sent = {"name": "FATHOM analytics", "domains": ["gmail.com", "ok.example"]}
    answer = as_bob.post(acme.url("organizations:new"), sent, headers=HTMX)
    assert answer.status_code == 422
    for text in ("There is an organization called “Fathom Analytics” already", "gmail.com is a free-mail provider", "ok.example"):  # fmt: skip # noqa: E501
        assert text in answer.text
    assert names(acme) == ["Fathom Analytics"]


def test_deleting_says_what_stays(acme: Workspace, fathom: Organization, as_bob: Client) -> None:
    with workspace(acme):
        ContactFactory(workspace=acme, organization=fathom)
    url = acme.url("organizations:delete", fathom.pk)
    assert "1 contact</b> and their tickets stay" in as_bob.get(url, headers=HTMX).text
    assert as_bob.post(url, headers=HTMX).status_code == 204
    assert names(acme) == []


def test_the_selector_offers_names_that_begin_so_first(acme: Workspace, fathom: Organization, as_bob: Client) -> None:
    with workspace(acme):
        define(acme, "Analytics House")
    offered = as_bob.get(acme.url("organizations:options"), {"q": "ANAL"}).json()
    assert [option["text"] for option in offered] == ["Analytics House", "Fathom Analytics"]
    assert offered[1]["value"] == fathom.pk


def test_strangers_see_nothing(acme: Workspace, globex: Workspace, fathom: Organization, as_charlie: Client) -> None:
    for name in ("list", "new", "options"):
        assert as_charlie.get(acme.url(f"organizations:{name}")).status_code == 404
    for name in ("detail", "delete"):
        assert as_charlie.post(globex.url(f"organizations:{name}", fathom.pk), {"name": "x"}).status_code == 404
    assert as_charlie.get(globex.url("organizations:options")).json() == []
    assert names(acme) == ["Fathom Analytics"]


def test_fifty_rows_cost_what_one_costs(
    acme: Workspace, fathom: Organization, as_bob: Client, django_assert_max_num_queries: Any
) -> None:
    with workspace(acme):
        for number in range(49):
            define(acme, f"Organization {number}", [f"o{number}.example"])
    with django_assert_max_num_queries(15):
        as_bob.get(acme.url("organizations:list"))
    with django_assert_max_num_queries(11):
        as_bob.get(acme.url("organizations:list"), headers={**HTMX, "HX-Target": "organizations"})
