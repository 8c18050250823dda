"""Refuses to start where row-level security doesn't hold for the application's role."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from gopimi.lib.tenancy import tenant_models

SECOND_ROLE = """Make a second role that owns the tables, and give the application one that doesn't (as a superuser):
    CREATE ROLE gopimi_owner LOGIN PASSWORD '…';
    CREATE ROLE gopimi_app LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS;
    ALTER DATABASE gopimi OWNER TO gopimi_owner;
    REASSIGN OWNED BY gopimi_app TO gopimi_owner;
Then set DATABASE_URL to the application's role and DATABASE_OWNER_URL to the owner's."""


@register(Tags.database)
def row_security(databases: Any = None, **kwargs: Any) -> list[Error]:
    """Runs with `check --database default`, and at the start of web and worker."""
    connection = connections["default"]
    if not databases or connection.settings_dict["USER"] != settings.DATABASE_ROLE:  # migrating, as the owner
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        privileged = cursor.fetchone()[0]
        tables = [model._meta.db_table for model in tenant_models()]
        cursor.execute(
            "SELECT relname, row_security_active(oid) FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'", [tables]
        )
        active = dict(cursor.fetchall())
    open_tables = [table for table, protected in active.items() if not protected]
    if not privileged and not open_tables:
        return []
    reason = "is a superuser or bypasses row-level security" if privileged else f"owns {', '.join(sorted(open_tables))}"
    role = connection.settings_dict["USER"]
    return [
        Error(
            f"The database role {role} {reason}: workspaces wouldn't be kept apart.", hint=SECOND_ROLE, id="gopimi.E001"
        )
    ]
