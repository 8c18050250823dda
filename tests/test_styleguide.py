"""`/styleguide/`: there for developers alone, of what pages are made of, without a query."""

from typing import Any

import pytest
from django.test import Client

PAGE = "/styleguide/"


@pytest.fixture
def debug(settings: Any) -> None:
    settings.DEBUG = True


@pytest.mark.parametrize("query", ["", "?error=500", "?dialog=delete", "?toast=plain"])
def test_only_in_debug(db: None, client: Client, query: str) -> None:
    assert client.get(PAGE + query).status_code == 404


@pytest.mark.usefixtures("debug", "db")
def test_it_asks_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # the transaction's own
        page = client.get(PAGE)
    assert page.status_code == 200


@pytest.mark.usefixtures("debug", "db")
def test_every_state_is_there(client: Client) -> None:
    page = client.get(PAGE).text
    for state in ("Resolved", "Undoing", "must have an @-sign", "Dana Cole changed this to", "was archived in", "Sent"):
        assert state in page
    assert page.count('aria-invalid="true"') >= 3


@pytest.mark.usefixtures("debug", "db")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes(client: Client, theme: str) -> None:
    assert f'data-theme="{theme}"' in client.get(PAGE, {"theme": theme}).text
    assert "data-theme" not in client.get(PAGE).text


@pytest.mark.usefixtures("debug", "db")
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_error_pages(client: Client, status: int) -> None:
    page = client.get(PAGE, {"error": status})
    assert page.status_code == status
    assert '<main class="oops">' in page.text
