"""Workspaces share nothing: the first two of the three walls (ARCHITECTURE.md, Tenancy).

1. A query on a workspace's table starts from `for_workspace(…)`; one that doesn't raises `NoWorkspace` when it runs.
2. `workspace(id)` opens a transaction in which PostgreSQL's row-level security shows that workspace's rows alone.

The third wall, composite foreign keys, is made in the migrations (`gopimi.lib.operations`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.db import connection, models, transaction
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND

# For the list of columns of a statement that reads a row and enters its workspace at once. With LAZILY after it, the
# transaction's end isn't waited for (`workspace`).
ENTER = "set_config('app.workspace_id', {}::text, true)"
LAZILY = ", set_config('synchronous_commit', 'off', true)"


class NoWorkspace(RuntimeError):
    """A query on a workspace's table was run without saying which workspace."""


def set_workspace(workspace_id: int | None, lazily: bool = False) -> None:
    """Show the rows of this workspace until the transaction ends (SET LOCAL). Raises outside of one."""
    if not connection.in_atomic_block:
        raise NoWorkspace("A workspace is entered inside a transaction.")
    with connection.cursor() as cursor:
        value = "" if workspace_id is None else str(workspace_id)
        cursor.execute(f"SELECT {ENTER.format('%s')}" + LAZILY * lazily, [value])


@contextmanager
def workspace(target: Any, *, lazily: bool = False) -> Iterator[None]:
    """Run a block in a transaction that sees one workspace, given as the object or its id.

    Blocks nest: on leaving, the workspace that was entered before is there again.

    `lazily` doesn't wait until the transaction is on the disk. For work whose every transaction says how far it came:
    after a crash of the server it goes on from there, and whatever is committed in the usual way later takes it along.
    """
    with entering() as outermost:
        set_workspace(getattr(target, "pk", target), lazily and outermost)
        yield


@contextmanager
def entering() -> Iterator[bool]:
    """The transaction of `workspace`, whose first statement enters one by itself (ENTER), which saves the way there and
    back. Tells whether it is the outermost."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:  # what is set local ends with the transaction
            yield True
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.workspace_id', true)")
            before = cursor.fetchone()[0]
        yield False
        set_workspace(int(before) if before else None)


@contextmanager
def at_once() -> Iterator[bool]:
    """The same for one statement alone, which is a transaction by itself where none is open."""
    if connection.in_atomic_block:
        with entering():
            yield False
    else:
        yield True


class TenantQuerySet(models.QuerySet):
    """Rows of one workspace. Raises `NoWorkspace` instead of running without `for_workspace()`.

    A query that starts from a row (`organization.contacts`) belongs to that row's workspace already.
    """

    workspace_id: int | None = None

    def for_workspace(self, target: Any) -> Self:
        """The rows of this workspace, given as the object or its id; what is created from here belongs to it."""
        workspace_id = getattr(target, "pk", target)
        queryset = self.all()
        # What filter(workspace_id=…) adds, in a sixth of its time: every query begins here.
        field: Any = self.model._meta.get_field("workspace")
        queryset.query.where.add(Exact(field.get_col(queryset.query.get_initial_alias()), workspace_id), AND)
        queryset.workspace_id = workspace_id
        return queryset

    def create(self, **values: Any) -> Any:
        return super().create(**self._owned(values))

    def get_or_create(self, defaults: Any = None, **values: Any) -> Any:
        return super().get_or_create(self._owned(defaults or {}), **values)

    def _owned(self, values: dict[str, Any]) -> dict[str, Any]:
        if self.workspace_id is not None and "workspace" not in values:
            return {"workspace_id": self.workspace_id, **values}
        return values

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone.workspace_id = self.workspace_id
        return clone

    def _require_workspace(self) -> None:
        hints = self._hints  # type: ignore[attr-defined]
        if self.workspace_id is None and not hints.get("instance"):
            raise NoWorkspace(f"{self.model.__name__}: start from objects.for_workspace(workspace).")

    def _fetch_all(self) -> None:
        self._require_workspace()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._require_workspace()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._require_workspace()
        return super().count()

    def exists(self) -> bool:
        self._require_workspace()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._require_workspace()
        return super().aggregate(*args, **kwargs)

    def update(self, **values: Any) -> int:
        self._require_workspace()
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_workspace()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class TenantModel(models.Model):
    """A row of one workspace. Its migration adds row-level security and the composite foreign keys."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, db_index=False, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


def tenant_models() -> list[type[models.Model]]:
    """Every model whose rows belong to one workspace."""
    from django.apps import apps  # the registry is ready only after this module was imported

    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


class CompositeForeignKey(models.ForeignKey):
    """A link to a row of the same workspace.

    In the database it is a foreign key over (workspace_id, …), made by `gopimi.lib.operations.AddForeignKey` in the
    migration: Django can't make it, and what happens on delete happens there too.
    """

    def __init__(self, to: Any, on_delete: Any = models.DO_NOTHING, **kwargs: Any) -> None:
        kwargs.setdefault("db_index", False)
        kwargs.update(db_constraint=False)
        super().__init__(to, on_delete, **kwargs)
