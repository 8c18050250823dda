"""Rows that people call by a name without regard to case: found or made, many at a time."""

from collections.abc import Iterable

from gopimi.lib import arrays, statements
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import TenantQuerySet


class NamedQuerySet(TenantQuerySet):
    """For models with `name` and its unique `name_lower`. Start from `for_workspace()`."""

    def ids_by_name(self, names: Iterable[str]) -> dict[str, int]:
        """The ids of those that exist, by the names as they were given."""
        self._require_workspace()
        wanted = list(set(names))
        if not wanted:
            return {}
        lowered = _lowered(wanted)
        # Without a join: to the server's statistics a new workspace has one row, and all of its thousands would be
        # compared with each of thousands of names.
        known = statements.fetch(
            f"SELECT name_lower, id FROM {self.model._meta.db_table}"  # noqa: S608
            " WHERE workspace_id = %s AND name_lower = ANY(%s::text[])",
            [self.workspace_id, list(set(lowered.values()))],
        )
        ids = dict(known)
        return {name: ids[key] for name, key in lowered.items() if key in ids}

    def find_or_make(self, names: Iterable[str]) -> dict[str, int]:
        """The ids of all, made where they are new; of two spellings of a new name the first is kept."""
        names = list(dict.fromkeys(names))
        found = self.ids_by_name(names)
        if new := [name for name in names if name not in found]:
            # In one order, so that two who make the same names wait for each other and don't deadlock.
            arrays.execute(
                f"INSERT INTO {self.model._meta.db_table} (workspace_id, name)"  # noqa: S608
                " SELECT %s, name FROM unnest(%s::text[]) AS given (name) ON CONFLICT DO NOTHING",
                [self.workspace_id],
                ((name,) for name in sorted(new, key=lower)),
            )
            found |= self.ids_by_name(new)
        return found


def _lowered(names: Iterable[str]) -> dict[str, str]:
    """As PostgreSQL lowered the stored names: Python's Unicode can be of another version."""
    lowered = {name: name.lower() for name in names if name.isascii()}
    if others := [name for name in names if not name.isascii()]:
        found = statements.fetch(
            'SELECT name, lower(name COLLATE "pg_c_utf8") FROM unnest(%s::text[]) AS name', [others]
        )
        lowered |= dict(found)  # type: ignore[arg-type]
    return lowered
