"""Settings > Members: who works here, as what, and leaving."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gopimi.lib import htmx
from gopimi.workspaces import members as membership
from gopimi.workspaces import toasts
from gopimi.workspaces.forms import RoleForm
from gopimi.workspaces.models import Invitation, Membership, Role
from gopimi.workspaces.permissions import admin_required


@admin_required
@require_GET
def members(request: Any) -> HttpResponse:
    """Members with their roles, and the invitations that weren't accepted yet."""
    members = list(membership.listed(request.workspace))
    open_ones = Invitation.objects.filter(workspace=request.workspace, accepted_at=None).select_related("invited_by")
    context = {
        "members": members,
        "roles": Role.choices,
        "only_admin": membership.is_last_admin(request.membership),
        "invitations": open_ones.order_by("email"),
        "tab": "members",
    }
    fragments = {"members": "settings/_members.html", "settings-tabs": "settings/_tabs.html"}
    return htmx.page(request, "settings/members.html", context, fragments=fragments)


@admin_required
@require_POST
def role(request: Any, membership_id: int) -> HttpResponse:
    member, form = _find(request, membership_id), RoleForm(request.POST)
    try:
        changed = form.is_valid() and membership.set_role(member, form.cleaned_data["role"])
    except membership.LastAdmin as error:
        return _done(request, str(error))
    if not changed:
        return _done(request, "")
    said = gettext("{user} is {role} now").format(user=member.user, role=Role(form.cleaned_data["role"]).label)
    if member.pk == request.membership.pk:  # an admin no more: this page isn't theirs either
        messages.success(request, said)
        return htmx.go(request, request.workspace.url("settings:workspace"))
    return _done(request, said)


@admin_required
@require_http_methods(["GET", "POST"])
def remove(request: Any, membership_id: int) -> HttpResponse:
    member = _find(request, membership_id)
    if member.pk == request.membership.pk:
        return _leave(request, back=request.workspace.url("settings:members"))
    if request.method == "POST":
        try:
            membership.remove(member)
        except membership.LastAdmin as error:
            return _done(request, str(error))
        return _done(request, gettext("{user} is removed").format(user=member.user))
    context = {"member": member, "back": request.workspace.url("settings:members")}
    return htmx.dialog(
        request, "settings/_remove_member.html", gettext("Remove {user}").format(user=member.user), context
    )


@require_http_methods(["GET", "POST"])
def leave(request: Any) -> HttpResponse:
    """For whoever doesn't want to work here any more."""
    return _leave(request, back=request.workspace.url("settings:workspace"))


@admin_required
@require_POST
def hide_first_steps(request: Any) -> HttpResponse:
    """Dismiss the list of what a new workspace needs, for oneself."""
    Membership.objects.filter(pk=request.membership.pk).update(first_steps_hidden=True)
    return HttpResponse() if request.htmx else redirect(request.workspace.url("start"))


def _leave(request: Any, back: str) -> HttpResponse:
    refused = membership.is_last_admin(request.membership)
    if request.method == "POST":
        try:
            membership.remove(request.membership)
        except membership.LastAdmin:
            refused = True
        else:
            messages.success(request, gettext("You have left {workspace}").format(workspace=request.workspace))
            return htmx.go(request, reverse("home"))
    context = {"member": request.membership, "back": back, "refused": refused, "leaving": True}
    status = 422 if request.method == "POST" else 200
    heading = gettext("Leave {workspace}").format(workspace=request.workspace)
    return htmx.dialog(request, "settings/_remove_member.html", heading, context, status=status)


def _find(request: Any, membership_id: int) -> Membership:
    members = Membership.objects.select_related("user", "workspace")
    return get_object_or_404(members, pk=membership_id, workspace=request.workspace)


def _done(request: Any, text: str) -> HttpResponse:
    return toasts.done(request, request.workspace.url("settings:members"), text, members_changed=True)
