"""How programs get in: `Authorization: Bearer gp_…`, one token for one workspace, with scopes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja.security import HttpBearer

from gopimi.lib import problems, statements
from gopimi.lib.etags import unless_known
from gopimi.lib.problems import Problem
from gopimi.lib.tenancy import set_workspace
from gopimi.workspaces import idempotency, ratelimit
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import ApiToken, Workspace, digest

API = "/api/"
USED_EVERY = timedelta(minutes=1)  # how exact `last_used_at` is


TOKEN_COLUMNS = len(ApiToken._meta.concrete_fields)
TOKEN = f"""
SELECT {statements.columns(ApiToken, "token")}, {statements.columns(Workspace, "workspace")}
FROM workspaces_apitoken AS token JOIN workspaces_workspace AS workspace ON workspace.id = token.workspace_id
WHERE token_hash = %s AND revoked_at IS NULL
"""  # noqa: S608


class ApiRequest(HttpRequest):
    """What an operation of the API is given."""

    workspace: Workspace
    actor: Actor
    api_token: ApiToken


class ApiMiddleware:
    """Stands around the request's transaction: what it writes outlives a refusal, which rolls that one back.

    It finds the token, counts its requests, answers what was answered before, and sees to it that every error under
    /api/ is a problem document (RFC 9457).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if not request.path.startswith(API):
            return self.get_response(request)
        request.api_token = bearer(request)
        if request.api_token is None:
            return self._respond(request)
        note_use(request.api_token)
        allowance = ratelimit.spend(request.api_token)
        if allowance is None:
            return idempotency.once(request, self._respond)
        if not allowance.exceeded:
            return allowance.note(idempotency.once(request, self._respond))
        detail = f"This token may make {allowance.limit:,} requests a minute. Try again in {allowance.reset} s."
        headers = {"Retry-After": str(allowance.reset)}
        return allowance.note(problems.render(request, Problem(429, "rate-limited", detail, headers=headers)))

    def _respond(self, request: Any) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and response["Content-Type"] != problems.CONTENT_TYPE:
            allowed = response["Allow"]
            detail = f"{request.method} isn't possible here, but {allowed} is."
            return problems.render(request, Problem(405, detail=detail, headers={"Allow": allowed}))
        return unless_known(request, response)


def bearer(request: HttpRequest) -> ApiToken | None:
    """The token of this request, unless there is none or it isn't valid any more."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    for row in statements.fetch(TOKEN, [digest(secret.strip())]):
        token: ApiToken = statements.instance(ApiToken, row[:TOKEN_COLUMNS])
        token.workspace = statements.instance(Workspace, row[TOKEN_COLUMNS:])
        return token
    return None


def note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class Bearer(HttpBearer):
    """Lets in who has the scope, and enters the token's workspace: `request.workspace` and `request.actor`."""

    openapi_description = "A token from Settings › API tokens, or from `manage.py createtoken`."

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: Any) -> ApiToken:
        return self.authenticate(request, "")

    def authenticate(self, request: Any, token: str) -> ApiToken:
        found: ApiToken | None = request.api_token
        if found is None:
            detail = "Give a valid token: Authorization: Bearer gp_…"
            raise Problem(401, detail=detail, headers={"WWW-Authenticate": "Bearer"})
        if not found.allows(self.scope):
            raise Problem(403, "missing-scope", f"This token hasn't the scope {self.scope}.")
        set_workspace(found.workspace_id)
        request.workspace, request.actor = found.workspace, Actor.api(found)
        return found
