"""The way in, the health check, and the workspace's own settings."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from gopimi.workspaces import toasts
from gopimi.workspaces.forms import WorkspaceForm
from gopimi.workspaces.models import Workspace


def health(request: HttpRequest) -> HttpResponse:
    """200 when this process and its database work, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "the database doesn't answer"}, status=503)
    return JsonResponse({"status": "ok"})


def home(request: Any) -> HttpResponse:
    """To the workspace that one works in; to the log-in before that."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    workspace = Workspace.objects.filter(memberships__user=request.user).order_by("id").first()
    if workspace is None:
        return render(request, "no_workspace.html")
    return redirect(workspace.url("tickets:list"))


def workspace_settings(request: Any) -> HttpResponse:
    """The workspace's name, which admins change, and how much of its contact quota is used."""
    form = WorkspaceForm(request.POST or None, instance=request.workspace, editable=request.membership.is_admin)
    if request.method == "POST":
        if not request.membership.is_admin:
            raise PermissionDenied
        if form.is_valid():
            form.save()
            return toasts.done(request, request.workspace.url("settings:workspace"), "Saved")
        request.workspace.refresh_from_db(fields=["name"])
    status = 422 if form.errors else 200
    return render(request, "settings/workspace.html", {"form": form}, status=status)
