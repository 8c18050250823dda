"""What WSGI servers call: Django, behind the express way for pages that have everything already."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User
from gopimi.wsgi import application
from tests.conftest import signed_in
from tests.tickets.test_news import conversation, tag_in, thread, ticket, urls
from tickets.express import Desk, Express, NewsMiddleware

__all__ = ["conversation", "thread", "ticket"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)  # since a request closes its connection

Call = Callable[..., tuple[str, dict[str, str], bytes]]


def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [b"Django"]


@pytest.fixture
def call(bob: User) -> Call:
    """What the application says to one of Bob's pages that has a tag."""
    cookie = f"theme=dark; sessionid={signed_in(bob).cookies['sessionid'].value}"
    express = Express(django)

    def call(url: str, tag: str, cookie: str = cookie, **more: str) -> tuple[str, dict[str, str], bytes]:
        environ = RequestFactory().get(url, HTTP_COOKIE=cookie, HTTP_IF_NONE_MATCH=tag, **more).environ  # type: ignore[arg-type]
        told: list[Any] = []
        body = b"".join(express(environ, lambda *given: told.extend(given)))
        return told[0], dict(told[1]), body

    return call


def tag_of(bob: User, url: str) -> str:
    return tag_in(signed_in(bob).get(url))


def test_it_is_what_the_servers_are_given() -> None:
    assert isinstance(application, Express)


@pytest.mark.parametrize("weak", ["", "W/"])
def test_what_is_as_it_was_does_not_come_to_django(call: Call, bob: User, thread: Any, weak: str) -> None:
    of_list, of_page, of_news = urls(thread)
    for url, page in ((of_list, of_list), (of_news, of_page)):
        tag = tag_of(bob, page)
        assert call(url, weak + tag) == ("304 Not Modified", {"ETag": tag}, b"")


def test_what_changed_does(call: Call, bob: User, thread: Any) -> None:
    of_list, of_page, of_news = urls(thread)
    tags = {of_list: tag_of(bob, of_list), of_news: tag_of(bob, of_page)}
    with workspace(thread.workspace):
        type(thread).objects.for_workspace(thread.workspace).update(updated_at="2027-01-02T12:00Z")
    for url, tag in tags.items():
        assert call(url, tag) == ("200 OK", {}, b"Django")


def test_so_do_other_pages_methods_and_people(call: Call, bob: User, charlie: User, thread: Any) -> None:
    url = urls(thread)[0]
    tag = tag_of(bob, url)
    assert call("/dashboard/acme/contacts/", tag)[2] == b"Django"
    assert call(url, "")[2] == b"Django"
    assert call(url, tag, REQUEST_METHOD="HEAD")[2] == b"Django"
    for cookie in ("", "sessionid=", f"sessionid={signed_in(charlie).cookies['sessionid'].value}"):
        assert call(url, tag, cookie)[2] == b"Django"


def test_a_database_that_is_away_is_told_by_django(
    call: Call, bob: User, thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = urls(thread)[0]
    tag = tag_of(bob, url)

    def away(*args: Any) -> bool:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(Desk, "is_current", away)
    assert call(url, tag)[2] == b"Django"


def test_django_does_not_ask_again(bob: User, thread: Any, as_bob: Client) -> None:
    url = urls(thread)[0]
    behind = NewsMiddleware(lambda _: HttpResponse("usual"))
    request = RequestFactory().get(url, HTTP_IF_NONE_MATCH=tag_of(bob, url))
    request.COOKIES = {"sessionid": as_bob.cookies["sessionid"].value}
    assert behind(request).status_code == 304
    request.META["gopimi.asked"] = True
    assert behind(request).content == b"usual"


def test_whole(bob: User, thread: Any, as_bob: Client) -> None:
    """Through Django and back."""
    url = urls(thread)[0]
    environ = RequestFactory().get(url, HTTP_COOKIE=f"sessionid={as_bob.cookies['sessionid'].value}").environ
    told: list[Any] = []
    body = b"".join(application(environ | {"HTTP_IF_NONE_MATCH": '"0"'}, lambda *given: told.extend(given)))
    assert told[0] == "200 OK"
    assert b"data-news" in body
