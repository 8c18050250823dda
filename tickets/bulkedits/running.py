"""What a bulk edit does to a batch of tickets or conversations, and how that is taken back."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_noop

from contacts.bulkedits import batches
from contacts.bulkedits.batches import NotPossible, Work
from contacts.bulkedits.records import Status
from gopimi.workspaces.models import User
from tickets.bulkedits.records import Action, ThreadEdit
from tickets.events import Event
from tickets.facets import members
from tickets.models import Conversation, Ticket

MODELS = {ThreadEdit.Table.TICKETS: Ticket, ThreadEdit.Table.CONVERSATIONS: Conversation}
OPPOSITE = {Action.ADD_TAG: Action.REMOVE_TAG, Action.REMOVE_TAG: Action.ADD_TAG}


class ThreadEdits(Work):
    model, task = ThreadEdit, "tickets.run_bulk_edit"

    def change(self, one: ThreadEdit, ids: Sequence[int]) -> int:
        became = (
            _threads(one).filter(pk__in=ids).change(one.actor, bulk_edit=one, **{one.action: _wanted(one, one.value)})
        )
        return len(became)

    def revert(self, one: ThreadEdit) -> None:
        """Where the property still is as the edit left it."""
        made = Event.objects.for_workspace(one.workspace_id).filter(bulk_edit=one, pk__gt=one.position)
        events = list(made.order_by("pk")[: batches.BATCH])
        back = 0
        for (action, value), ids in _opposites(one, events).items():
            try:
                changes = {action: _wanted(one, value)}
            except NotPossible:  # who had it has left
                continue
            back += len(_threads(one).filter(pk__in=ids).change(one.actor, **changes))
        one.reverted += back
        one.kept += len(events) - back
        one.position = events[-1].pk if events else one.position
        if len(events) < batches.BATCH:
            one.end(Status.UNDONE)


WORK = ThreadEdits()


def _threads(one: ThreadEdit) -> Any:
    return MODELS[ThreadEdit.Table(one.table)].objects.for_workspace(one.workspace_id)


def _wanted(one: ThreadEdit, value: str) -> Any:
    """A stored value as `change` takes it. Raises NotPossible."""
    if one.action == Action.PRIORITY:
        return int(value)
    if one.action != Action.ASSIGNEE or not value:
        return value if one.action != Action.ASSIGNEE else None
    try:
        return members(one.workspace_id).get(pk=value)
    except User.DoesNotExist as error:
        raise NotPossible(gettext_noop("The assignee is no member any more.")) from error


def _opposites(one: ThreadEdit, events: Sequence[Event]) -> dict[tuple[str, str], list[int]]:
    """What takes these back: a change, and the threads that it is for."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    if one.action in OPPOSITE:
        return {(OPPOSITE[Action(one.action)], one.value): [event.thread_id for event in events]}
    ids = [event.thread_id for event in events]
    now = {thread.pk: thread.stored(one.action) for thread in _threads(one).filter(pk__in=ids).order_by("pk")}
    for event in events:
        current = now[event.thread_id]
        if ("" if current is None else str(current)) == event.new:
            found[one.action, event.old].append(event.thread_id)
    return found
