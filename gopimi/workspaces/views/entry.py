"""The way in, and the health check."""

from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

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


@require_GET
def start(request: Any) -> HttpResponse:
    """The workspace's own address leads to where one works in it."""
    return redirect(request.workspace.url("tickets:list"))
