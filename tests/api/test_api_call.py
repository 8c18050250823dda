"""“Copy as API call”: the address lists by the API exactly what the table shows."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import SYSTEM
from gopimi.workspaces.models import Workspace
from tests.api.conditions import conditions, matching, query
from tests.api.conftest import BASE, Program
from tests.api.people import SORTS as ALL_SORTS
from tests.api.people import Person, define, in_order, stored
from tests.api.people import people as drawn_people
from tests.contacts.test_filters import CASES, ORDERS, fields, people
from tests.longer import tried

__all__ = ["fields", "people"]
FILTERS = [query for query, _ in CASES if "cursor" not in query]
SORTS = [f"sort={sign}{name}" for name, _ in ORDERS for sign in ("", "-")]
MORE = ["q=", "q=%26+a%3Db", "tag=vip&sort=cf_seats&q=kumo&limit=100", "cf_city__in=Oslo&cf_city__in=a,b&sort=-name"]


def address(page: str) -> str:
    found = re.search(r'id="api-call"[^>]*>([^<]*)</textarea>', page)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("query", [*FILTERS, *SORTS, *MORE])
def test_page_and_api_show_the_same(in_acme: Workspace, people: Any, as_bob: Client, api: Program, query: str) -> None:
    rows = as_bob.get(f"{in_acme.url('contacts:list')}?{query}").context["page"].rows
    url = urlsplit(address(as_bob.get(f"{in_acme.url('contacts:api_call')}?{query}").content.decode()))
    assert (url.scheme, url.netloc, url.path) == ("http", "testserver", f"{BASE}/contacts")
    listed = api.get(f"/contacts?{url.query}").json()["data"]
    assert [row["id"] for row in listed] == [contact.pk for contact in rows]


@tried(12)
@given(persons=drawn_people(), data=st.data())
def test_they_show_the_same_of_anybody(
    acme: Workspace, as_bob: Client, api: Program, persons: list[Person], data: Any
) -> None:
    """Random conditions and orders: the table's own fragment, row by row, and what the copied address answers with."""
    if not api.get("/custom-fields").json()["data"]:
        define(api)
    with stored(api, acme, persons):
        for _ in range(3):
            asked = data.draw(conditions(persons))
            sort = data.draw(st.sampled_from(["", "-"])) + data.draw(st.sampled_from(ALL_SORTS))
            wanted = [person.id for person in in_order(matching(persons, asked), sort)]
            searched = query(asked, sort=sort)
            fragment = {"HX-Request": "true", "HX-Target": "contacts-table"}
            table = as_bob.get(f"{acme.url('contacts:list')}?{searched}", headers=fragment).content.decode()
            shown = [int(pk) for pk in re.findall(r'name="id" value="(\d+)"', table)]
            call = as_bob.get(f"{acme.url('contacts:api_call')}?{searched}").content.decode()
            listed = api.get(address(call).partition(BASE)[2]).json()["data"]
            assert shown == [row["id"] for row in listed] == wanted, searched


def test_the_menu_carries_the_query(acme: Workspace, as_bob: Client) -> None:
    page = as_bob.get(acme.url("contacts:list"), {"tag": "vip", "sort": "name"}).content.decode()
    assert f'href="{acme.url("contacts:api_call")}?tag=vip&amp;sort=name"' in page


def test_the_page_a_member_is_on_makes_no_difference(acme: Workspace, as_bob: Client, api: Program) -> None:
    with workspace(acme):
        for n in range(51):
            Contact.objects.for_workspace(acme).add(SYSTEM, email=f"p{n}@acme.example")
    first = as_bob.get(acme.url("contacts:list"))
    query = {"cursor": first.context["page"].next}
    url = address(as_bob.get(acme.url("contacts:api_call"), query).content.decode())
    listed = api.get(url.partition(BASE)[2]).json()["data"]
    assert [row["id"] for row in listed] == [contact.pk for contact in first.context["page"].rows]


def test_a_filter_that_cannot_be_read_gives_no_address(acme: Workspace, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:api_call"), {"nothing": "1"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert (answer.status_code, "<b>nothing</b>" in page, "<textarea" in page) == (422, True, False)
