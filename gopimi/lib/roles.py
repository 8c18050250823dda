"""The two roles of one database: the application's, and the owner's for migrations, backup and test databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

CREDENTIALS = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


@contextmanager
def as_owner(connection: Any) -> Iterator[None]:
    """Swap the one connection's credentials for the owner's. Never a second alias: tests would run on the real data."""
    configured = connection.settings_dict
    saved = {key: configured[key] for key in CREDENTIALS}
    connection.close()
    connection.close_pool()
    options = {key: value for key, value in configured["OPTIONS"].items() if key != "pool"}
    configured.update(settings.DATABASE_OWNER, OPTIONS=options)
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()
        configured.update(saved)


def grant_to_application(sender: Any, using: str, **kwargs: Any) -> None:
    """After migrations: let the application's role work with the tables that the owner made."""
    from django.db import connections

    connection = connections[using]
    if connection.settings_dict["USER"] == settings.DATABASE_ROLE:
        return
    role = connection.ops.quote_name(settings.DATABASE_ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}")
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}")
