"""Saved views: what a page shows, kept under a name, for oneself or for everybody."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from contacts.models import Contact, View
from customfields.models import Kind
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import User, Workspace
from tests.factories import FieldFactory, OptionFactory

TABLE = {"HX-Request": "true", "HX-Target": "contacts-table"}
QUERY = {"tag": "vip", "sort": "-updated_at"}


@pytest.fixture
def plan(acme: Workspace) -> Any:
    """A field with two options, and two contacts of whom one has Pro and the tag vip."""
    with workspace(acme):
        field = FieldFactory(workspace=acme, key="plan", label="Plan", kind=Kind.SELECT, featured=True)
        for position, label in enumerate(["Free", "Pro"]):
            OptionFactory(field=field, label=label, position=position)
        contacts = Contact.objects.for_workspace(acme)
        contacts.add(
            SYSTEM,
            email="dana@x.example",
            name="Dana",
            tags=["vip"],
            values={field: field.type.parse_text(field, "Pro")},
        )
        contacts.add(SYSTEM, email="ravi@x.example", name="Ravi")
        return field


def save(client: Client, acme: Workspace, name: str = "VIPs", query: Any = None, **data: str) -> View:
    query = {"table": "contacts", **(QUERY if query is None else query)}
    answer = client.post(acme.url("contacts:view_new"), {"name": name, **data}, query_params=query)
    assert answer.status_code == 302, answer.content.decode()
    with workspace(acme):
        return View.objects.for_workspace(acme).latest("id")


def opened(client: Client, acme: Workspace, view: View, **more: Any) -> str:
    answer = client.get(acme.url("contacts:list"), {"view": view.pk, **more}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_keeps_filters_sort_and_columns(acme: Workspace, plan: Any, as_bob: Client, bob: User) -> None:
    as_bob.post(acme.url("contacts:columns"), {"columns": ["cf_plan", "email"]})
    view = save(as_bob, acme, query={**QUERY, "q": "dana", "limit": "100", "cursor": "x", "email": ""})
    assert (view.owner, view.shared, view.query) == (bob, False, "q=dana&sort=-updated_at&tag=vip")
    assert view.columns == ["cf_plan", "email"]
    as_bob.post(acme.url("contacts:columns"), {"columns": ["tags"]})
    answer = as_bob.get(acme.url("contacts:list"), {"view": view.pk})
    assert parse_qs(urlsplit(answer["Location"]).query) == {
        "view": [str(view.pk)], "q": ["dana"], "sort": ["-updated_at"], "tag": ["vip"],
    }  # fmt: skip
    answer = as_bob.get(answer["Location"])
    assert [contact.name for contact in answer.context["page"].rows] == ["Dana"]
    assert [heading["label"] for heading in answer.context["headings"]] == ["Name", "Plan", "Email"]
    page = answer.content.decode()
    assert "view-changed" not in page
    assert re.search(r'<a href="[^"]+" aria-current="true"><span class="truncate">VIPs</span>', page)
    assert re.search(r'<a href="[^"]+" aria-current="page"><i class="dot hue-\d"></i>', page)


def test_one_that_asks_for_nothing_opens_too(acme: Workspace, plan: Any, as_bob: Client) -> None:
    view = save(as_bob, acme, query={})
    assert view.query == "sort=-created_at"
    assert "Ravi" in opened(as_bob, acme, view)


def test_what_differs_is_said_and_kept_when_asked(acme: Workspace, plan: Any, as_bob: Client) -> None:
    view = save(as_bob, acme)
    answer = as_bob.get(acme.url("contacts:list"), {"view": view.pk, "sort": "name", "q": "ra"}, headers=TABLE)
    page = answer.content.decode()
    for words in ('id="view-changed"', "Save changes", "Save as new", "Discard"):
        assert words in page
    query = re.search(r'id="view-changed".*?name="query" value="([^"]*)"', page, re.DOTALL)
    assert query is not None
    columns = ["email", "cf_plan"]
    as_bob.post(acme.url("contacts:view_save", view.pk), {"query": query[1].replace("&amp;", "&"), "column": columns})
    with workspace(acme):
        view = View.objects.for_workspace(acme).get()
    assert (view.query, view.columns) == ("q=ra&sort=name", columns)
    assert "view-changed" not in opened(as_bob, acme, view)
    assert "view-changed" in opened(as_bob, acme, view, **{"q": "ra", "sort": "name", "column": "email"})
    page = opened(as_bob, acme, view, **{"q": "ra", "sort": "name", "column": columns})
    assert "view-changed" not in page


def test_own_ones_are_nobody_elses(acme: Workspace, plan: Any, as_bob: Client, as_alice: Client) -> None:
    view = save(as_bob, acme)
    assert "VIPs" not in as_alice.get(acme.url("contacts:list")).content.decode()
    assert "This view was deleted" in opened(as_alice, acme, view)
    for name in ("view", "view_save", "view_delete"):
        assert as_alice.post(acme.url(f"contacts:{name}", view.pk), {"name": "Mine"}).status_code == 404
    assert as_bob.get(acme.url("contacts:view", view.pk)).status_code == 200


def test_shared_ones_are_changed_by_their_owner_and_admins(
    acme: Workspace, plan: Any, as_bob: Client, as_alice: Client
) -> None:
    view = save(as_alice, acme, seen="everybody")
    assert "VIPs" in as_bob.get(acme.url("contacts:list")).content.decode()
    page = opened(as_bob, acme, view, sort="name")
    assert "Save as new" in page
    assert "Save changes" not in page
    for name in ("view", "view_save", "view_delete"):
        assert as_bob.post(acme.url(f"contacts:{name}", view.pk), {"name": "Mine"}).status_code == 403
    listed = as_bob.get(acme.url("contacts:views"), {"table": "contacts"}).content.decode()
    assert 'aria-label="Edit VIPs"' not in listed
    assert 'aria-label="Move VIPs up"' not in listed
    agents = save(as_bob, acme, "Agents", seen="everybody")
    form = as_alice.get(acme.url("contacts:view", agents.pk)).content.decode()
    assert "Who sees it" not in form  # or it would be nobody's
    as_alice.post(acme.url("contacts:view", agents.pk), {"name": "Ours", "seen": ""})
    with workspace(acme):
        agents.refresh_from_db()
    assert (agents.name, agents.shared) == ("Ours", True)
    as_alice.post(acme.url("contacts:view_delete", agents.pk))
    assert "Ours" not in as_bob.get(acme.url("contacts:list")).content.decode()


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "Give the view a name"), ("vips", "a view called “vips” already"), ("a\x07b", "can&#x27;t be kept")],
)
def test_a_name_that_cannot_be(acme: Workspace, plan: Any, as_bob: Client, name: str, words: str) -> None:
    save(as_bob, acme)
    answer = as_bob.post(acme.url("contacts:view_new"), {"name": name}, query_params={"table": "contacts", **QUERY})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with workspace(acme):
        assert View.objects.for_workspace(acme).count() == 1


def test_renamed_and_deleted(acme: Workspace, plan: Any, as_bob: Client) -> None:
    view = save(as_bob, acme)
    answer = as_bob.post(
        acme.url("contacts:view", view.pk), {"name": " Very  <b>Important ", "seen": "everybody"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert f"view={view.pk}" in answer["HX-Redirect"]
    page = opened(as_bob, acme, view)
    assert "Very  &lt;b&gt;Important" in page
    assert "<b>Important" not in page
    assert (
        "Everybody in the workspace sees it" in as_bob.get(acme.url("contacts:view_delete", view.pk)).content.decode()
    )
    as_bob.post(acme.url("contacts:view_delete", view.pk))
    assert "This view was deleted" in opened(as_bob, acme, view)


def names(client: Client, acme: Workspace) -> list[str]:
    page = client.get(acme.url("contacts:views"), {"table": "contacts"}).content.decode()
    return re.findall(r'class="name" href="[^"]*">([^<]*)<', page)


def test_put_in_order(acme: Workspace, plan: Any, as_bob: Client, as_alice: Client) -> None:
    views = [save(as_bob, acme, name) for name in "ABC"]
    foreign = save(as_alice, acme, "Foreign")
    url = acme.url("contacts:views_order")
    ids = [view.pk for view in views]
    as_bob.post(url, {"ids": [ids[2], ids[0], ids[1], foreign.pk, "x", "9" * 30]})
    assert names(as_bob, acme) == ["C", "A", "B"]
    as_bob.post(url, {"ids": [ids[2], ids[0], ids[1]], "move": f"{ids[1]}:up"})
    assert names(as_bob, acme) == ["C", "B", "A"]
    with workspace(acme):
        assert View.objects.for_workspace(acme).get(pk=foreign.pk).position == foreign.position


def test_it_opens_without_what_is_gone(acme: Workspace, plan: Any, as_bob: Client) -> None:
    query = {"tag": "vip", "cf_plan": "Pro", "cf_plan__in": "Free,Pro", "sort": "-cf_plan"}
    view = save(as_bob, acme, query=query)
    with workspace(acme):
        plan.options.get(label="Free").delete()
    page = opened(as_bob, acme, view)
    assert "is left out" in page
    assert "<b>cf_plan__in</b>: “Free” isn’t an option" in page.replace("&#x27;", "’")
    assert "<b>cf_plan</b>" not in page
    assert "Ravi" not in page
    with workspace(acme):
        plan.archive()
    page = opened(as_bob, acme, view)
    assert page.count("There is no custom field with the key “plan”") == 3
    assert "<b>cf_plan</b>: There is no such column" in page
    assert 'name="query" value="sort=-created_at&amp;tag=vip"' in page  # what Save changes keeps
    assert ">Dana</a>" in page
    wrong = as_bob.get(acme.url("contacts:list"), {"view": view.pk, "cf_plan": "Gold", "sort": "name"})
    assert wrong.status_code == 400  # that isn't the view's fault


def test_bulk_actions_and_exports_mean_what_is_shown(acme: Workspace, plan: Any, as_bob: Client) -> None:
    view = save(as_bob, acme)
    page = opened(as_bob, acme, view, **{**QUERY, "column": ["email", "cf_plan"]})
    assert '<input type="hidden" name="query" value="tag=vip&amp;sort=-updated_at">' in page
    query = {"view": view.pk, **QUERY, "column": ["cf_plan", "email"], "columns": "shown"}
    answer = as_bob.get(acme.url("contacts:export"), query)
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines == ["Name,Plan,Email", "Dana,Pro,dana@x.example"]
    call = as_bob.get(acme.url("contacts:api_call"), {"view": view.pk, **QUERY})
    assert call.status_code == 200
    assert "view=" not in call.content.decode().partition("<textarea")[2].partition("</textarea>")[0]


def test_the_filter_stays_in_the_view(acme: Workspace, plan: Any, as_bob: Client) -> None:
    view = save(as_bob, acme)
    data = {"view": view.pk, "column": ["email", "tags"], "sort": "name", "rows": "", "c0-field": "cf_plan",
            "c0-operator": "", "c0-value": "Pro", "apply": ""}  # fmt: skip
    answer = as_bob.get(acme.url("contacts:filter"), data)
    assert parse_qs(urlsplit(answer["Location"]).query) == {
        "view": [str(view.pk)], "column": ["email", "tags"], "sort": ["name"], "cf_plan": ["Pro"],
    }  # fmt: skip


def test_a_table_that_there_is_not(acme: Workspace, as_bob: Client) -> None:
    for name in ("views", "view_new"):
        assert as_bob.get(acme.url(f"contacts:{name}"), {"table": "mailboxes"}).status_code == 404


def test_another_workspaces_view_is_like_none(acme: Workspace, globex: Workspace, plan: Any, as_bob: Client) -> None:
    with workspace(globex):
        theirs = View.objects.create(workspace=globex, table="contacts", name="Theirs", shared=True, query="tag=secret")
    for pk in (theirs.pk, theirs.pk + 1):
        page = opened(as_bob, acme, View(pk=pk))
        assert "This view was deleted" in page
        assert "Theirs" not in page
        assert "secret" not in page
