"""The workspace's own settings, and its API tokens."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gopimi.lib import htmx
from gopimi.workspaces import toasts
from gopimi.workspaces.forms import TokenForm, WorkspaceForm
from gopimi.workspaces.models import ApiToken
from gopimi.workspaces.permissions import admin_required


def workspace_settings(request: Any) -> HttpResponse:
    """The workspace's name, which admins change, and how much of its contact quota is used."""
    form = WorkspaceForm(request.POST or None, instance=request.workspace, editable=request.membership.is_admin)
    if request.method == "POST":
        if not request.membership.is_admin:
            raise PermissionDenied
        if form.is_valid():
            form.save()
            return toasts.done(request, request.workspace.url("settings:workspace"), gettext("Saved"))
        request.workspace.refresh_from_db(fields=["name"])
    status = 422 if form.errors else 200
    return render(request, "settings/workspace.html", {"form": form}, status=status)


@admin_required
@never_cache
def tokens(request: Any) -> HttpResponse:
    """The API tokens that work; a new one's secret is in the answer to its creation, and nowhere else."""
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST":
        if not form.is_valid():
            return _new_token(request, form, status=422)
        issued = form.cleaned_data
        token, secret = ApiToken.issue(request.workspace, issued["name"], issued["scopes"], request.user)
        form = TokenForm()
    active = ApiToken.objects.filter(workspace=request.workspace, revoked_at=None).select_related("created_by")
    context = {"tokens": active.order_by("name", "id"), "secret": secret, "issued": token if secret else None}
    fragments = {"tokens": "settings/_tokens.html", "settings-tabs": "settings/_tabs.html"}
    response = htmx.page(request, "settings/tokens.html", {**context, "tab": "tokens"}, fragments=fragments)
    return htmx.trigger(response, dialog_close=True, tokens_made=True) if secret else response


@admin_required
@require_GET
def new_token(request: Any) -> HttpResponse:
    return _new_token(request, TokenForm())


def _new_token(request: Any, form: TokenForm, status: int = 200) -> HttpResponse:
    back = request.workspace.url("settings:tokens")
    return htmx.dialog(
        request, "settings/_new_token.html", gettext("New token"), {"form": form, "back": back}, status=status
    )


@admin_required
@require_POST
def revoke_token(request: Any, token_id: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=token_id, workspace=request.workspace, revoked_at=None)
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=Now())
    return toasts.done(
        request,
        request.workspace.url("settings:tokens"),
        gettext("{name} is revoked").format(name=token.name),
        tokens_changed=True,
    )
