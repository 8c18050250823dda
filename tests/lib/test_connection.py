"""What every connection of the application asks of the server."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_nothing_is_joined_by_merging() -> None:
    """Which reads an index through other workspaces' rows, up to the own ones."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_mergejoin")
        assert cursor.fetchone() == ("off",)
