"""Where one came from: the list that a ticket or a conversation was opened from, and its neighbours there.

The thread's address says it: `list` is the list's query, `at` the place that the thread had in it. So the way on stays
the same when the thread itself has moved meanwhile, since it was answered, or has left the list, since it is resolved.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext

from gopimi.lib import counting, keyset
from gopimi.lib.figures import figure
from gopimi.lib.keyset import BadCursor
from tickets.filters import ThreadFilter

LIST, AT = "list", "at"
COUNTED = 1_000  # on each side; beyond it no place is said


def origin(query: str, cursor: str) -> str:
    """The query of a thread's address that says where one came from."""
    return "?" + urlencode({LIST: query, AT: cursor})


@dataclass
class Trail:
    """A thread's place in the list that one came from."""

    query: str
    cursor: str
    asked: ThreadFilter
    before: QuerySet
    after: QuerySet

    @property
    def origin(self) -> str:
        return origin(self.query, self.cursor)

    @cached_property
    def previous(self) -> Any:
        """The thread before it, with its `origin`; None at the beginning."""
        return self._neighbour(self.before)

    @cached_property
    def next(self) -> Any:
        return self._neighbour(self.after)

    @cached_property
    def place(self) -> str:
        """ "3 of 48"; empty where counting would be dear."""
        if self.asked.frequent is not None:
            return ""
        before, after = (counting.total(rows, COUNTED) for rows in (self.before, self.after))
        if before.more:
            return ""
        all_of_them = figure(before.number + 1 + after.number) + "+" * after.more
        return gettext("{place} of {number}").format(place=figure(before.number + 1), number=all_of_them)

    def _neighbour(self, rows: QuerySet) -> Any:
        for row in keyset.first(rows, 1, self.asked.among):
            row.origin = origin(self.query, keyset.after(row, self.asked.keys))
            return row
        return None


def trail(request: Any, thread: Any, kind: type[ThreadFilter]) -> Trail | None:
    """What the thread's address says; None where it says nothing, or what can't be used any more."""
    query, cursor = request.GET.get(LIST), request.GET.get(AT)
    if query is None or not cursor:
        return None
    asked = kind(QueryDict(query), request.workspace, request.user)
    if asked.problems:
        return None
    others = type(thread).objects.for_workspace(request.workspace).filter(*asked.conditions).exclude(pk=thread.pk)
    try:
        before, after = keyset.around(others, asked.keys, cursor)
    except BadCursor:
        return None
    return Trail(query, cursor, asked, before, after)
