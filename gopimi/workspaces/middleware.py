"""One transaction per request, in the workspace that the request is about."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from gopimi.lib.tenancy import set_workspace
from gopimi.workspaces import signedin
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Membership

# The health check answers for itself when the database is away, and so do the providers' doors for mail, which store
# what they get in transactions of their own.
APART = ("/healthz", "/hooks/")
PRESENCE = timedelta(minutes=5)  # between two notes that a member is active


class WorkspaceMiddleware:
    """Opens the transaction, and enters the workspace of a page under `/dashboard/<slug>/`.

    An error or an answer from 400 on rolls everything back: what must outlive a refusal is written in a transaction of
    its own. A workspace that I'm no member of is 404, like one that doesn't exist. Views get `request.workspace`,
    `request.membership` and `request.actor`; the slug isn't passed on. Dates are shown in the reader's time zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.workspace = request.membership = request.actor = None  # type: ignore[attr-defined]
        if request.path.startswith(APART):
            return self.get_response(request)
        nested = connection.in_atomic_block  # in tests, which wrap requests in a transaction of their own
        with transaction.atomic(), timezone.override(None):  # back to UTC afterwards
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            else:
                note_presence(request.membership)  # type: ignore[attr-defined]
                if nested:
                    set_workspace(None)
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        if not request.path.startswith("/dashboard/") or "slug" not in kwargs:
            return None
        slug = kwargs.pop("slug")
        if not request.user.is_authenticated:
            return sign_in_first(request)
        membership = signedin.enter(request.user, slug)
        if membership is None:
            raise Http404
        request.membership, request.workspace = membership, membership.workspace
        request.actor = Actor.agent(request.user)
        timezone.activate(request.user.zone)
        return None


def note_presence(membership: Membership | None) -> None:
    """Keep when a member was last active, to a few minutes, at the request's very end: the row is locked briefly."""
    now = timezone.now()
    if membership and (membership.last_seen_at is None or now - membership.last_seen_at > PRESENCE):
        Membership.objects.filter(pk=membership.pk).update(last_seen_at=now)


def came_from(request: HttpRequest) -> str:
    """The page whose form this is, as what it is sent to often can't be opened; the front page if that is unknown."""
    sender = urlsplit(request.headers.get("Referer", ""))
    return urlunsplit(("", "", sender.path, sender.query, "")) if sender.netloc == request.get_host() else "/"


def sign_in_first(request: Any) -> HttpResponse:
    """To the log-in, and back afterwards; a fragment's request sends the whole page there."""
    if not request.htmx:
        return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else came_from(request))
    url = redirect_to_login(request.htmx.current_url_abs_path or "/").url  # type: ignore[attr-defined]
    return HttpResponse(status=401, headers={"HX-Redirect": url})
