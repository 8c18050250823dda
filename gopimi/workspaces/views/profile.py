"""Settings > Profile: one's own name, looks, time zone and notifications, and the ways to sign in."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from gopimi.workspaces import languages, toasts
from gopimi.workspaces.forms import NotificationsForm, ProfileForm


@require_http_methods(["GET", "POST"])
def profile(request: Any) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    forms = ProfileForm(data, instance=request.user), NotificationsForm(data, instance=request.membership)
    if forms[0].is_valid() & forms[1].is_valid():
        for form in forms:
            form.save()
        translation.activate(languages.of_reader(request))  # it may be another one from here on
        return toasts.done(request, request.workspace.url("settings:profile"), gettext("Saved"))
    request.user.refresh_from_db()  # the frame shows what is stored
    context = {"form": forms[0], "notifications": forms[1], "two_steps": is_mfa_enabled(request.user)}
    return render(request, "settings/profile.html", context, status=422 if data else 200)
