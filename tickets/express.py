"""The express way for pages that ask what's new and have everything already: one short statement, and 304, before
people and templates are loaded. A WSGI server has it even before Django's handler, which takes longer than the rest.
Whatever isn't sure goes the usual way.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.utils.crypto import constant_time_compare

from gopimi.lib.statements import fetch
from gopimi.lib.tenancy import ENTER, set_workspace, workspace
from gopimi.workspaces.models import User
from gopimi.workspaces.sessions import SessionStore
from tickets import news, presence
from tickets.models import Ticket

ASKED = "gopimi.asked"  # in the environment of a request for which it was asked already
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
ASKING = re.compile(
    r"/dashboard/(?P<slug>[-\w]+)/(?:(?P<place>tickets|inbox)/(?:(?P<key>\d{1,18})/news/)?|news/)", re.ASCII
)


def _statements() -> dict[tuple[str | None, bool], str]:
    """What is asked in each place, for the list and for one thread; without a place, for the rail."""
    found: dict[tuple[str | None, bool], str] = {(None, False): MEMBER.format(news=news.rail_of("me.workspace_id"))}
    for place, model in news.PLACES.items():
        key = "number" if model is Ticket else "id"
        thread = news.thread_of(model, "me.workspace_id", "me.user_id", key, "%(key)s::bigint")
        found[place, False] = MEMBER.format(news=news.list_of(model, "me.workspace_id"))
        found[place, True] = MEMBER.format(news=thread)
    return found


STATEMENTS = _statements()


def asking(method: str | None, path: str, tag: str) -> dict[str, str | None] | None:
    """Where a page asks that has a tag, as ASKING tells it; None where something else is asked for."""
    found = ASKING.fullmatch(path) if tag and method == "GET" else None
    return found and found.groupdict()


class Desk:
    """Tells whether a member's page is as it was. One for each process."""

    most_known = 10_000

    def __init__(self) -> None:
        # Whose a session was: so it is read with what they ask for, and says it again.
        self.known: dict[str | None, int] = {}

    def is_current(self, asked: dict[str, str | None], tag: str, session_key: str | None) -> bool:
        """Whether what `asking` found is. Of a thread it is noted that the member is looking at it."""
        session, place, is_thread = SessionStore(session_key), asked["place"], asked["key"] is not None
        user = User(pk=self._whose(session))
        given = {"session": session.session_key, "user": user.pk, **asked}
        rows = fetch(STATEMENTS[place, is_thread], given) if user.pk else []
        if connection.in_atomic_block:  # in tests, which wrap requests in a transaction of their own
            set_workspace(None)
        if not rows:
            return False
        data, user.password, version, *more = rows[0]
        if not _is_signed_in(user, session.decode(data)):
            return False
        if place is None or not is_thread:
            return tag == f'"{version}"'
        viewers, noted, workspace_id, thread_id = more
        current = tag == news.News.of(version, viewers).tag
        if current and not noted:
            with workspace(workspace_id):
                presence.note(news.PLACES[place](workspace_id=workspace_id, pk=thread_id), user)
        return current

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


class NewsMiddleware:
    """Answers 304, where Django is called by something else than a WSGI server."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response, self.desk = get_response, Desk()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tag = news.known(request)
        asked = None if request.META.get(ASKED) else asking(request.method, request.path_info, tag)
        if asked and self.desk.is_current(asked, tag, request.COOKIES.get(settings.SESSION_COOKIE_NAME)):
            return news.unchanged(tag)
        return self.get_response(request)


class Express:
    """The application for WSGI servers (PEP 3333): Django's, behind the express way."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application, self.desk = application, Desk()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        tag = news.strong(environ.get("HTTP_IF_NONE_MATCH", ""))
        if asked := asking(environ["REQUEST_METHOD"], environ["PATH_INFO"], tag):
            environ[ASKED] = True
            if self._is_current(environ, asked, tag):
                start_response("304 Not Modified", [("ETag", tag)])
                return []
        return self.application(environ, start_response)

    def _is_current(self, environ: dict[str, Any], asked: dict[str, str | None], tag: str) -> bool:
        session_key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
        request_started.send(sender=type(self), environ=environ)  # connections that are too old or gone are closed
        try:
            return self.desk.is_current(asked, tag, session_key)
        except DatabaseError:  # Django meets it too, and has an answer
            return False
        finally:
            request_finished.send(sender=type(self))
