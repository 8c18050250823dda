"""What's new, told as cheaply as can be: whether a list or a thread is still as a page has it.

Pages that are open ask every few seconds, with the tag that they came with (`If-None-Match`). Most of the time nothing
has changed, and then `tickets.express` answers.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from gopimi.lib import htmx
from gopimi.lib.statements import fetch
from tickets import presence
from tickets.models import Conversation, Ticket

GONE = "15 seconds"  # after which a member who isn't heard of is looking at something else
OFTEN = "6 seconds"  # how often it is written down that somebody is looking
NEWEST = 100  # threads of a list that are compared: more than could overtake each other

# A list is as it was while its newest threads are. Their times aren't in the order in which they are committed, so the
# latest alone wouldn't do. There is no counter either, for which those who write would have to wait.
LIST = """
SELECT concat_ws('.', {number}, (
    SELECT sum(hash_record_extended(newest, 0)) FROM (
        SELECT id, updated_at FROM {table} WHERE workspace_id = {workspace} ORDER BY updated_at DESC, id DESC
        LIMIT {most}
    ) AS newest
))
"""
# A thread and its contact, who else is looking at it, whether it was noted already that the member is, and its keys.
THREAD = """
SELECT concat_ws('.', extract(epoch FROM thread.updated_at), extract(epoch FROM contact.updated_at)) AS version,
    (SELECT string_agg(user_id::text, '.' ORDER BY user_id) FROM tickets_viewing AS other
     WHERE other.workspace_id = thread.workspace_id AND other.{column} = thread.id AND other.user_id <> {user}
     AND other.at > now() - interval '{gone}'),
    EXISTS (SELECT FROM tickets_viewing AS own WHERE own.workspace_id = thread.workspace_id
     AND own.user_id = {user} AND own.{column} = thread.id AND own.at > now() - interval '{often}'),
    thread.workspace_id, thread.id
FROM {table} AS thread LEFT JOIN contacts_contact AS contact
ON contact.workspace_id = thread.workspace_id AND contact.id = thread.contact_id
WHERE thread.workspace_id = {workspace} AND thread.{key} = {wanted}
"""
RAIL = "SELECT concat_ws('.', {lists})"  # both lists: what the numbers beside them are of
NUMBER = "(SELECT last_ticket_number FROM workspaces_workspace WHERE id = {workspace})"
PLACES: dict[str, Any] = {"tickets": Ticket, "inbox": Conversation}


class News(NamedTuple):
    """How a thread is at the moment."""

    version: str
    viewers: list[int]  # the other members who have it on the screen

    @classmethod
    def of(cls, version: str, viewers: str | None) -> "News":
        return cls(version, [int(one) for one in (viewers or "").split(".") if one])

    @property
    def tag(self) -> str:
        return f'"{self.version}-{".".join(map(str, self.viewers))}"'


def list_tag(workspace: Any, model: Any) -> str:
    """The tag of a list of tickets, or of conversations. Ask for it before what the page shows is read."""
    ((version,),) = fetch(list_of(model, "%(workspace)s::bigint"), {"workspace": workspace.pk})
    return f'"{version}"'


def version(thread: Any) -> str:
    """The version of a thread that was read, with its contact, as THREAD says it."""
    times = [thread.updated_at, *([thread.contact.updated_at] if thread.contact else [])]
    return ".".join(map(stamp, times))


def stamp(moment: datetime) -> str:
    """A moment in seconds since 1970, as exactly as it is kept."""
    return f"{moment.timestamp():.6f}"


def of(thread: Any, user: Any) -> News:
    """How a thread is for this member, whose looking at it is noted."""
    statement = thread_of(type(thread), "%(workspace)s", "%(user)s", "id", "%(thread)s")
    (row,) = fetch(statement, {"workspace": thread.workspace_id, "user": user.pk, "thread": thread.pk})
    version, viewers, noted, *_ = row
    if not noted:
        presence.note(thread, user)
    return News.of(version, viewers)


def known(request: HttpRequest) -> str:
    """The tag that the page has."""
    return strong(request.headers.get("If-None-Match", ""))


def strong(tag: str) -> str:
    """As it was given out. Proxies weaken tags of what they pack."""
    return tag.removeprefix("W/")


def told(response: HttpResponse, tag: str, **events: Any) -> HttpResponse:
    """The answer to who asked for news: kept nowhere, since it is asked for by its tag."""
    response["ETag"], response["Cache-Control"] = tag, "no-store"
    return htmx.trigger(response, **events)


def unchanged(tag: str) -> HttpResponse:
    """Still as it was."""
    return HttpResponseNotModified(headers={"ETag": tag})


def rail(workspace: Any) -> RawSQL:
    """The version of the rail's numbers, to be read beside them."""
    statement = rail_of("%s")
    return RawSQL(statement, [workspace.pk] * statement.count("%s"), models.TextField())  # noqa: S611


def rail_of(workspace: str) -> str:
    return RAIL.format(lists=", ".join(f"({list_of(model, workspace)})" for model in PLACES.values()))


def list_of(model: Any, workspace: str) -> str:
    number = NUMBER.format(workspace=workspace) if model is Ticket else "NULL"
    return LIST.format(table=model._meta.db_table, workspace=workspace, number=number, most=NEWEST)


def thread_of(model: Any, workspace: str, user: str, key: str, wanted: str) -> str:
    meta = model._meta
    names = {"table": meta.db_table, "column": f"{model.called()}_id", "key": key, "gone": GONE, "often": OFTEN}
    return THREAD.format(workspace=workspace, user=user, wanted=wanted, **names)
