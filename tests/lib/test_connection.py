"""What every connection of the application asks of the server."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


@pytest.mark.django_db
def test_nothing_is_joined_by_merging() -> None:
    """Which reads an index through other workspaces' rows, up to the own ones."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_mergejoin")
        assert cursor.fetchone() == ("off",)


@pytest.fixture
def other() -> Iterator[Any]:
    """A second connection, as a thread of a web process keeps it from request to request."""
    other = connection.copy()
    other.connect()
    yield other
    other.close()


def last_statement_of(other: Any) -> str:
    """What the server had from it last."""
    with connection.cursor() as cursor:
        pid = other.connection.info.backend_pid
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_connection_is_not_asked_whether_it_is_there(other: Any) -> None:
    with other.cursor() as cursor:
        cursor.execute("SELECT 'the last'")
    assert other.is_usable()
    assert last_statement_of(other) == "SELECT 'the last'"
    other.errors_occurred = True
    assert other.is_usable()
    assert last_statement_of(other) == "SELECT 1", "after an error it is"


@pytest.mark.django_db
def test_a_connection_that_the_server_has_closed(other: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [other.connection.info.backend_pid])
    assert not other.is_usable()
    other.health_check_enabled, other.health_check_done = True, False  # as a request begins
    with other.cursor() as cursor:
        cursor.execute("SELECT 'again'")
        assert cursor.fetchone() == ("again",)


@pytest.mark.django_db
def test_one_that_is_closed_here_or_was_never_made(other: Any) -> None:
    other.connection.close()
    assert not other.is_usable()
    assert not connection.copy().is_usable()
