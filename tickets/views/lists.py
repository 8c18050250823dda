"""The lists: tickets, and the inbox's conversations."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET, require_POST

from contacts.savedviews import PAGES, State
from gopimi.lib import htmx
from gopimi.lib.filtering import BadFilter
from gopimi.lib.keyset import BadCursor
from gopimi.workspaces import toasts
from tickets import news, reading
from tickets.lists import ConversationList, ThreadList, TicketList
from tickets.templatetags.rail import numbers

FRAGMENTS = {"threads": "tickets/_list.html", "thread-tabs": "tickets/_tabs.html", "threads-open": "tickets/_open.html"}


@require_GET
def tickets(request: Any) -> HttpResponse:
    return show(request, TicketList, "tickets/list.html", section="tickets")


@require_GET
def inbox(request: Any) -> HttpResponse:
    return show(request, ConversationList, "tickets/inbox.html", section="inbox")


def show(request: Any, kind: type[ThreadList], template: str, **context: Any) -> HttpResponse:
    """A list's page, or its table alone where htmx asks for it. `without` names a filter to take away, with all of its
    operators."""
    if "without" in request.GET:
        query = request.GET.copy()
        without = query.pop("without")
        for name in [name for name in query if name.partition("__")[0] in without]:
            query.pop(name)
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
    known = news.known(request)
    if known and htmx.wants(request, "threads") and known == news.list_tag(request.workspace, kind.model):
        return news.unchanged(known)
    state = State(request, kind.views)
    if state.shortcut:
        return htmx.go(request, state.shortcut)
    try:
        threads = kind(request, state)
    except (BadFilter, BadCursor) as error:
        raise BadRequest(str(error)) from error
    answer = htmx.page(request, template, {"list": threads, "state": state, **context}, fragments=FRAGMENTS)
    return news.told(answer, threads.tag, threads_news=True) if known else answer


@require_POST
def all_tickets_read(request: Any) -> HttpResponse:
    return all_read(request, TicketList)


@require_POST
def all_conversations_read(request: Any) -> HttpResponse:
    return all_read(request, ConversationList)


def all_read(request: Any, kind: type[ThreadList]) -> HttpResponse:
    """Mark all as read for this member alone, whatever the list is filtered by."""
    reading.mark_all(kind.model, request.membership)
    return toasts.done(request, request.workspace.url(PAGES[kind.views]), kind.all_are_read, threads_changed=True)


@require_GET
def rail(request: Any) -> HttpResponse:
    """The numbers beside Inbox, Tickets and the views, for pages that ask what is new (tickets/news.py)."""
    shown = numbers(request)
    views = {f"view{view['pk']}": view["count"] for view in shown["views"]}
    said = {name: words for name, words in shown.items() if name not in ("views", "tag")} | views
    return news.told(HttpResponse(status=204), shown["tag"], rail_numbers={"tag": shown["tag"], "numbers": said})
