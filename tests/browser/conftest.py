"""A real Chromium against a live server.

`page` fails its test on a console error, an exception in the page or a breach of the content security policy. Its
addresses are relative to the live server: `page.goto("/")`. `desktop` by default; `look` runs a test four times.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, Playwright, Request, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from gopimi.workspaces.models import User
from tests.browser import chromium
from tests.browser.door import Door

DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
LOOKS = {
    "desktop-light": (DESKTOP, "light"),
    "desktop-dark": (DESKTOP, "dark"),
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
}
LEFT = ["htmx:sendAbort", "htmx:afterRequest"]  # a page was left while it asked how far an import is
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session", autouse=True)
def orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in the main thread, in which Django would refuse to query."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], playwright: Playwright) -> dict[str, Any]:
    path = chromium.find(playwright.chromium.executable_path)
    if path is None:
        pytest.fail(chromium.MISSING, pytrace=False)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": path, "args": [*QUIET, *sandbox]}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    return live_server.url


@pytest.fixture(scope="session")
def guarded() -> Iterator[Door]:
    door = Door()
    with door.guards():
        yield door


@pytest.fixture(autouse=True)
def door(transactional_db: None, guarded: Door) -> Iterator[None]:
    """Open for the time of the test, and shut before its tables are emptied."""
    guarded.open()
    yield
    guarded.shut()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": DESKTOP, "reduced_motion": "reduce", "locale": "en-GB"}


@pytest.fixture
def expected_statuses() -> set[int]:
    """Answers that Chromium reports as an error and a test asks for: 422 is a form with a mistake in it, 412 and 410
    are what somebody else has changed or taken away in the meantime."""
    return {410, 412, 422}


@pytest.fixture
def page(page: Page, live_server: LiveServer, door: None, expected_statuses: set[int]) -> Iterator[Page]:
    problems: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said = ("the server responded with a status of {} ", "Response Status Error Code {} from")  # Chromium, htmx
        expected = [words.format(status) for status in expected_statuses for words in said]
        if message.type == "error" and not any(words in message.text for words in [*expected, *LEFT]):
            problems.append(f"{message.text} ({message.location.get('url')})")

    open_requests: set[Request] = set()
    page.on("request", lambda request: open_requests.add(request))
    page.on("requestfinished", lambda request: open_requests.discard(request))
    page.on("requestfailed", lambda request: open_requests.discard(request))
    page.set_default_timeout(10_000)  # milliseconds: what isn't there by then won't come
    page.on("console", listen)  # breaches of the content security policy are console errors
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    while open_requests:
        page.wait_for_timeout(50)
    page.goto("about:blank")
    assert problems == []


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, page: Page) -> str:
    """Runs the test at 1440×900 and 390×844, light and dark. Ask for it before the page is opened."""
    viewport, theme = LOOKS[request.param]
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=theme)
    return request.param


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[[User], None]:
    """Give the page this person's session: `sign_in(alice)`."""

    def with_session(user: User) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])

    return with_session


@pytest.fixture
def axe(page: Page) -> Callable[[], None]:
    """Assert that axe-core finds nothing wrong with the page as it stands: `axe()`."""

    def check() -> None:
        expect(page.locator(".htmx-request")).to_have_count(0)  # what is being refreshed is paler
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    return check
