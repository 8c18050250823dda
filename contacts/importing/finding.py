"""Making imported contacts findable: on a connection of its own, while the next chunk is written.

What search finds a contact by takes as long to write as the contact itself. A chunk's contacts can be found when the
next one has been written, and all of them before the import is done; those that a killed worker left out are made up
for when it goes on.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from django.db.models import Exists, OuterRef

from contacts import searching
from contacts.importing.records import Import
from contacts.importing.turns import Turns
from contacts.models import Contact, ContactSearch
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import ActorKind

BATCH = 5_000  # contacts


class Finder:
    """Takes the contacts of one chunk after the other; at most one chunk waits."""

    def __init__(self, workspace_id: int, turns: Turns) -> None:
        self.workspace_id, self.turns = workspace_id, turns
        self.thread = ThreadPoolExecutor(1, "import-finder")
        self.pending: Future[None] | None = None

    def add(self, contacts: Sequence[Any]) -> None:
        """Contacts that are committed: whatever `searching.index` takes. Raises what went wrong with the last."""
        self.wait()
        if connection.in_atomic_block:  # of who called for the import: nothing is committed for others to see
            self._index(contacts)
        elif contacts:
            self.pending = self.thread.submit(self._index, contacts)

    def wait(self) -> None:
        """Until all that was added can be found."""
        if self.pending is not None:
            self.pending.result()
            self.pending = None

    def _index(self, contacts: Sequence[Any]) -> None:
        with workspace(self.workspace_id, lazily=True):
            searching.index(self.turns.after(contacts))


@contextmanager
def finder(workspace_id: int, turns: Turns) -> Iterator[Finder]:
    """One with its thread, which ends, with its connection, on leaving."""
    one = Finder(workspace_id, turns)
    try:
        yield one
        one.wait()
    finally:
        one.thread.submit(connections.close_all)
        one.thread.shutdown()


def catch_up(one: Import) -> None:
    """Make those contacts of an import findable that a killed worker didn't come to."""
    while _some(one):
        pass


def _some(one: Import) -> bool:
    with workspace(one.workspace_id):
        found = ContactSearch.objects.for_workspace(one.workspace_id).filter(contact=OuterRef("pk"))
        created = Contact.objects.for_workspace(one.workspace_id).filter(
            creator_kind=ActorKind.IMPORT, creator_id=one.pk, erased_at__isnull=True
        )
        lost = list(created.filter(~Exists(found)).order_by("pk").select_for_update(no_key=True)[:BATCH])
        searching.index(lost)
    return len(lost) == BATCH
