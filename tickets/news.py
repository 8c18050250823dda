"""What's new, told as cheaply as can be: whether a list or a thread is still as a page has it.

Pages that are open ask every few seconds, with the tag that they came with (`If-None-Match`). Most of the time nothing
has changed, and then the answer is 304 after one short statement, before people and templates are loaded:
`NewsMiddleware` is an express way beside the usual one, and whatever it isn't sure of goes the usual way.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.crypto import constant_time_compare

from gopimi.lib import htmx
from gopimi.lib.statements import fetch
from gopimi.lib.tenancy import ENTER, set_workspace, workspace
from gopimi.workspaces.models import User
from gopimi.workspaces.sessions import SessionStore
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
# The member, who enters the workspace by being read; what is read beside them is read after that. And their session.
MEMBER = f"""
WITH me AS MATERIALIZED (
    SELECT member.workspace_id, member.user_id, account.password, {ENTER.format("member.workspace_id")}
    FROM workspaces_membership AS member
    JOIN workspaces_workspace AS workspace ON workspace.id = member.workspace_id
    JOIN workspaces_user AS account ON account.id = member.user_id
    WHERE workspace.slug = %(slug)s AND account.id = %(user)s AND account.is_active
)
SELECT session.session_data, me.password, news.*
FROM django_session AS session CROSS JOIN me CROSS JOIN LATERAL ({{news}} LIMIT 1) AS news
WHERE session.session_key = %(session)s::text AND session.expire_date > statement_timestamp()
"""  # noqa: S608
PLACES: dict[str, Any] = {"tickets": Ticket, "inbox": Conversation}
ASKING = re.compile(
    r"/dashboard/(?P<slug>[-\w]+)/(?:(?P<place>tickets|inbox)/(?:(?P<key>\d{1,18})/news/)?|news/)", re.ASCII
)


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
    ((version,),) = fetch(_list(model, "%(workspace)s::bigint"), {"workspace": workspace.pk})
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
    statement = _thread(type(thread), "%(workspace)s", "%(user)s", "id", "%(thread)s")
    (row,) = fetch(statement, {"workspace": thread.workspace_id, "user": user.pk, "thread": thread.pk})
    version, viewers, noted, *_ = row
    if not noted:
        presence.note(thread, user)
    return News.of(version, viewers)


def known(request: HttpRequest) -> str:
    """The tag that the page has. Proxies weaken tags of what they pack."""
    return request.headers.get("If-None-Match", "").removeprefix("W/")


def told(response: HttpResponse, tag: str, **events: Any) -> HttpResponse:
    """The answer to who asked for news: kept nowhere, since it is asked for by its tag."""
    response["ETag"], response["Cache-Control"] = tag, "no-store"
    return htmx.trigger(response, **events)


def unchanged(tag: str) -> HttpResponse:
    """Still as it was."""
    return HttpResponseNotModified(headers={"ETag": tag})


def rail(workspace: Any) -> RawSQL:
    """The version of the rail's numbers, to be read beside them."""
    statement = _rail("%s")
    return RawSQL(statement, [workspace.pk] * statement.count("%s"), models.TextField())  # noqa: S611


def _rail(workspace: str) -> str:
    return RAIL.format(lists=", ".join(f"({_list(model, workspace)})" for model in PLACES.values()))


def _list(model: Any, workspace: str) -> str:
    number = NUMBER.format(workspace=workspace) if model is Ticket else "NULL"
    return LIST.format(table=model._meta.db_table, workspace=workspace, number=number, most=NEWEST)


def _thread(model: Any, workspace: str, user: str, key: str, wanted: str) -> str:
    meta = model._meta
    names = {"table": meta.db_table, "column": f"{model.called()}_id", "key": key, "gone": GONE, "often": OFTEN}
    return THREAD.format(workspace=workspace, user=user, wanted=wanted, **names)


def _statements() -> dict[tuple[str | None, bool], str]:
    """What `NewsMiddleware` asks in each place, for the list and for one thread; without a place, for the rail."""
    found: dict[tuple[str | None, bool], str] = {(None, False): MEMBER.format(news=_rail("me.workspace_id"))}
    for place, model in PLACES.items():
        key = "number" if model is Ticket else "id"
        thread = _thread(model, "me.workspace_id", "me.user_id", key, "%(key)s::bigint")
        found[place, False] = MEMBER.format(news=_list(model, "me.workspace_id"))
        found[place, True] = MEMBER.format(news=thread)
    return found


STATEMENTS = _statements()


class NewsMiddleware:
    """Answers 304 to a member's page that has everything already."""

    most_known = 10_000

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.known: dict[str | None, int] = {}  # whose a session was; it is read with what they ask for, and says it again

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tag = known(request)
        asked = ASKING.fullmatch(request.path_info) if tag and request.method == "GET" else None
        if asked and self._is_current(request, tag, **asked.groupdict()):
            return unchanged(tag)
        return self.get_response(request)

    def _is_current(self, request: HttpRequest, tag: str, slug: str, place: str | None, key: str | None) -> bool:
        """Whether a member's page has everything. Of a thread it is noted that they are looking at it."""
        session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        user = User(pk=self._whose(session))
        asked = {"session": session.session_key, "slug": slug, "user": user.pk, "key": key}
        rows = fetch(STATEMENTS[place, key is not None], asked) if user.pk else []
        if connection.in_atomic_block:  # in tests, which wrap requests in a transaction of their own
            set_workspace(None)
        if not rows:
            return False
        data, user.password, version, *more = rows[0]
        if not _is_signed_in(user, session.decode(data)):
            return False
        if place is None or key is None:
            return tag == f'"{version}"'
        viewers, noted, workspace_id, thread_id = more
        if tag == News.of(version, viewers).tag and not noted:
            with workspace(workspace_id):
                presence.note(PLACES[place](workspace_id=workspace_id, pk=thread_id), user)
        return tag == News.of(version, viewers).tag

    def _whose(self, session: SessionStore) -> int | None:
        """The user that a session was of when it was first seen here; None where nobody is signed in."""
        if session.session_key not in self.known and SESSION_KEY in session:
            if len(self.known) >= self.most_known:
                self.known.clear()
            self.known[session.session_key] = int(session[SESSION_KEY])
        return self.known.get(session.session_key)


def _is_signed_in(user: User, session: dict[str, Any]) -> bool:
    """Whether what a session holds is of this user, as Django asks it."""
    return (
        session.get(SESSION_KEY) == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )
