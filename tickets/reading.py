"""Which tickets and conversations are new to a member: something happened there since they looked, and not by them."""

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from gopimi.lib.statements import fetch
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import Membership
from tickets.attention import Seen

INTO = "INSERT INTO tickets_seen (workspace_id, user_id, {column}, state)"
RENEWED = """
ON CONFLICT (workspace_id, user_id, {column}) WHERE {column} IS NOT NULL DO UPDATE SET state = excluded.state
"""
MARK = f"{INTO} VALUES (%s, %s, %s, %s::timestamptz) {RENEWED}"
# Those that had nothing new before they were changed have nothing new after it. They are named by ANY, too: to the
# server's statistics a new workspace has one row, and it would compare each row of a table with each of the array.
KEEP = f"""
{INTO}
SELECT member.workspace_id, member.user_id, thread.id, thread.updated_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS before (id, updated_at)
JOIN {{table}} AS thread ON thread.workspace_id = %s AND thread.id = ANY (%s::bigint[]) AND thread.id = before.id
JOIN workspaces_membership AS member ON member.workspace_id = thread.workspace_id AND member.user_id = %s
LEFT JOIN tickets_seen AS seen ON seen.workspace_id = member.workspace_id AND seen.user_id = member.user_id
    AND seen.{{column}} = thread.id
LEFT JOIN tickets_seen AS everything ON everything.workspace_id = member.workspace_id
    AND everything.user_id = member.user_id AND everything.all_of = '{{kind}}'
WHERE CASE WHEN seen.id IS NULL THEN before.updated_at <= coalesce(everything.state, member.created_at)
    ELSE seen.state = before.updated_at END
ORDER BY thread.id
{RENEWED}
"""  # noqa: S608

# What is committed while one marks all as read may bear a time of a moment ago: each thread of so lately is named.
LATELY = "1 minute"
ALL = f"""
INSERT INTO tickets_seen (workspace_id, user_id, all_of, state) VALUES (%s, %s, '{{kind}}', now() - interval '{LATELY}')
ON CONFLICT (workspace_id, user_id, all_of) WHERE all_of <> '' DO UPDATE SET state = excluded.state
"""  # noqa: S608
LATEST = f"""
{INTO} SELECT workspace_id, %s, id, updated_at FROM {{table}}
WHERE workspace_id = %s AND updated_at > now() - interval '{LATELY}' ORDER BY id
{RENEWED}
"""  # noqa: S608

# What is new is among those that something happened in last: so many of the open ones are looked at, however many there
# are, and of each what was seen of it, since a join might read all that the member ever saw. As in `is_new`.
LOOKED_AT = 200
UNREAD = f"""
SELECT count(*) FROM (
    SELECT thread.updated_at, (
        SELECT state FROM tickets_seen AS seen
        WHERE seen.workspace_id = %s AND seen.user_id = %s AND seen.{{column}} = thread.id
    ) AS seen
    FROM {{table}} AS thread WHERE workspace_id = %s AND status = '{{open}}'
    ORDER BY updated_at DESC, id DESC LIMIT {LOOKED_AT}
) AS newest
WHERE CASE WHEN seen IS NULL THEN updated_at > coalesce((
    SELECT state FROM tickets_seen WHERE workspace_id = %s AND user_id = %s AND all_of = '{{kind}}'
), %s) ELSE seen <> updated_at END
"""  # noqa: S608


def told(threads: QuerySet, member: Membership) -> QuerySet:
    """The threads with what `is_new` reads of them, in the same statement."""
    rows = Seen.objects.for_workspace(member.workspace_id).filter(user=member.user_id)
    own = rows.filter(**{threads.model.called(): OuterRef("pk")})
    everything = rows.filter(all_of=threads.model.called())
    return threads.annotate(seen=Subquery(own.values("state")), all_seen=Subquery(everything.values("state")))


def is_new(thread: Any, member: Membership) -> bool:
    """Whether something happened in a thread, read with `told`, that the member hasn't seen."""
    if thread.seen is not None:
        return bool(thread.seen != thread.updated_at)
    return bool(thread.updated_at > (thread.all_seen or member.created_at))


def unread(model: Any, member: Membership) -> RawSQL:
    """How many open threads, of the newest LOOKED_AT, have something new for the member; to be read beside others."""
    own = [member.workspace_id, member.user_id]
    statement = UNREAD.format(**_names(model), open=model.OPEN)
    return RawSQL(statement, [*own, own[0], *own, member.created_at], models.IntegerField())  # noqa: S611


def mark(thread: Any, member: Membership) -> None:
    """The member sees a thread that was read with `told`. Writes only where that is news."""
    if is_new(thread, member):
        _write(MARK, type(thread), [thread.workspace_id, member.user_id, thread.pk, thread.updated_at])


@transaction.atomic
def mark_all(model: Any, member: Membership) -> None:
    """The member has nothing new among all tickets, or all conversations."""
    own = Seen.objects.for_workspace(member.workspace_id).filter(user=member.user_id)
    own.filter(**{f"{model.called()}__isnull": False}).delete()
    _write(ALL, model, [member.workspace_id, member.user_id])
    _write(LATEST, model, [member.user_id, member.workspace_id])


def keep(actor: Actor, before: Sequence[Any]) -> None:
    """What a member did is nothing new to them. `before` are the threads as they were, locked, before it was done."""
    if actor.kind == ActorKind.AGENT and before:
        ids, times = [thread.pk for thread in before], [thread.updated_at.isoformat() for thread in before]
        _write(KEEP, type(before[0]), [ids, times, before[0].workspace_id, ids, actor.id])


def _write(statement: str, model: Any, given: list[Any]) -> None:
    fetch(f"{statement.format(**_names(model))} RETURNING NULL", given)


def _names(model: Any) -> dict[str, str]:
    return {"kind": model.called(), "column": f"{model.called()}_id", "table": model._meta.db_table}
