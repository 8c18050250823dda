"""The first page of a fresh installation makes its first admin and workspace; it is gone once there is anybody."""

from typing import Any

from allauth.account import views as account
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from gopimi.workspaces import founding
from gopimi.workspaces.forms import FirstForm


def sign_in(request: Any) -> HttpResponseBase:
    """The sign-in, unless nobody could sign in yet."""
    return redirect("first_run") if founding.nobody_is_here() else account.login(request)


@never_cache
@require_http_methods(["GET", "POST"])
def first_run(request: Any) -> HttpResponse:
    """While there is no user at all: make one who is an admin, and their workspace."""
    if not founding.nobody_is_here():
        raise Http404
    form = FirstForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "account/first_run.html", {"form": form}, status=422 if form.errors else 200)
    given = form.cleaned_data
    try:
        with transaction.atomic():
            founding.lock_first()
            user = form.create(given["email"])
            workspace = founding.found(user, name=given["workspace"], contact_quota=settings.CONTACT_QUOTA)
    except founding.NotFirst:
        return redirect("account_login")
    login(request, user)
    return redirect(workspace.url("tickets:list"))
