"""Which tickets and conversations are new to a member: something happened there since they looked, and not by them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from gopimi.lib.statements import fetch
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import Membership
from tickets.attention import Seen

ALL_SEEN = {"ticket": None, "conversation": None}
INTO = "INSERT INTO tickets_seen (workspace_id, user_id, {column}, state)"
RENEWED = """
ON CONFLICT (workspace_id, user_id, {column}) WHERE {column} IS NOT NULL DO UPDATE SET state = excluded.state
"""
MARK = f"{INTO} VALUES (%s, %s, %s, %s::timestamptz) {RENEWED}"
# Those that had nothing new before they were changed, which is now, have nothing new after it.
KEEP = f"""
{INTO}
SELECT member.workspace_id, member.user_id, before.id, now()
FROM unnest(%s::bigint[], %s::timestamptz[]) AS before (id, updated_at)
JOIN workspaces_membership AS member ON member.workspace_id = %s AND member.user_id = %s
LEFT JOIN tickets_seen AS seen ON seen.workspace_id = member.workspace_id AND seen.user_id = member.user_id
    AND seen.{{column}} = before.id
LEFT JOIN tickets_seen AS everything ON everything.workspace_id = member.workspace_id
    AND everything.user_id = member.user_id AND everything.ticket_id IS NULL AND everything.conversation_id IS NULL
WHERE CASE WHEN seen.id IS NULL THEN before.updated_at <= coalesce(everything.state, member.created_at)
    ELSE seen.state = before.updated_at END
ORDER BY before.id
{RENEWED}
"""  # noqa: S608


def told(threads: QuerySet, member: Membership) -> QuerySet:
    """The threads with what `is_new` reads of them, in the same statement."""
    rows = Seen.objects.for_workspace(member.workspace_id).filter(user=member.user_id)
    own = rows.filter(**{_name(threads.model): OuterRef("pk")})
    everything = rows.filter(**{f"{name}__isnull": True for name in ALL_SEEN})
    return threads.annotate(seen=Subquery(own.values("state")), all_seen=Subquery(everything.values("state")))


def is_new(thread: Any, member: Membership) -> bool:
    """Whether something happened in a thread, read with `told`, that the member hasn't seen."""
    if thread.seen is not None:
        return bool(thread.seen != thread.updated_at)
    return bool(thread.updated_at > (thread.all_seen or member.created_at))


def mark(thread: Any, member: Membership) -> None:
    """The member sees a thread that was read with `told`. Writes only where that is news."""
    if is_new(thread, member):
        _write(MARK, type(thread), [thread.workspace_id, member.user_id, thread.pk, thread.updated_at])


def keep(actor: Actor, threads: Iterable[Any]) -> None:
    """What a member does is nothing new to them: `threads`, as they were before, become others in this transaction."""
    if actor.kind == ActorKind.AGENT and (before := list(threads)):
        times = [thread.updated_at.isoformat() for thread in before]
        given = [[thread.pk for thread in before], times, before[0].workspace_id, actor.id]
        _write(KEEP, type(before[0]), given)


def _write(statement: str, model: Any, given: list[Any]) -> None:
    fetch(f"{statement.format(column=f'{_name(model)}_id')} RETURNING NULL", given)


def _name(model: Any) -> str:
    return str(model._meta.model_name)
