"""Migration operations for what Django has no words for: row-level security and foreign keys over two columns."""

from django.db.migrations.operations import RunSQL


class ProtectRows(RunSQL):
    """Row-level security on a table with a `workspace_id`: without a workspace there are no rows, for all four verbs.

    It isn't forced on the owner, so that migrations and pg_dump, which run as the owner, see every row.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        current = "nullif(current_setting('app.workspace_id', true), '')::bigint"
        super().__init__(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            f"CREATE POLICY workspace ON {table} USING (workspace_id = {current})"
            f" WITH CHECK (workspace_id = {current});",
            f"DROP POLICY workspace ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
        )

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return "ProtectRows", [], {"table": self.table}


class AddForeignKey(RunSQL):
    """A foreign key `(workspace_id, column, …)`: a row can't point into another workspace, whatever the code does."""

    def __init__(self, table: str, columns: str, to: str, to_columns: str = "id", on_delete: str = "RESTRICT") -> None:
        self.arguments = {
            "table": table, "columns": columns, "to": to, "to_columns": to_columns, "on_delete": on_delete,
        }  # fmt: skip
        name = f"{table}_{columns.replace(', ', '_')}_fk"
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (workspace_id, {columns}) "
            f"REFERENCES {to} (workspace_id, {to_columns}) ON DELETE {on_delete} DEFERRABLE INITIALLY IMMEDIATE;",
            f"ALTER TABLE {table} DROP CONSTRAINT {name};",
        )

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return "AddForeignKey", [], self.arguments
