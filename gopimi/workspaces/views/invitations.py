"""Inviting people, for admins; and the page that an invitation's link leads to."""

from typing import Any

from django.contrib.auth import login
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gopimi.lib import htmx
from gopimi.workspaces import invitations, toasts
from gopimi.workspaces.forms import AccountForm, InvitationForm
from gopimi.workspaces.models import Invitation, User
from gopimi.workspaces.permissions import admin_required


@admin_required
@require_http_methods(["GET", "POST"])
def invite(request: Any) -> HttpResponse:
    form = InvitationForm(request.POST if request.method == "POST" else None, workspace=request.workspace)
    if form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                invitations.invite(request.workspace, given["email"], given["role"], request.user, _root(request))
        except IntegrityError:  # somebody else invited the same address meanwhile
            form.add_error("email", gettext("This address is invited already. You can send it again."))
        else:
            return _done(request, gettext("Invitation sent to {email}").format(email=given["email"]))
    context = {"form": form, "back": request.workspace.url("settings:members")}
    heading = gettext("Invite to {workspace}").format(workspace=request.workspace)
    return htmx.dialog(request, "settings/_invite.html", heading, context, status=422 if form.errors else 200)


@admin_required
@require_POST
def send_again(request: Any, invitation_id: int) -> HttpResponse:
    invitation = _find(request, invitation_id)
    invitations.send_again(invitation, _root(request))
    return _done(request, gettext("Invitation sent to {email} again").format(email=invitation.email))


@admin_required
@require_POST
def revoke(request: Any, invitation_id: int) -> HttpResponse:
    invitation = _find(request, invitation_id)
    invitation.delete()
    return _done(request, gettext("The invitation of {email} is revoked").format(email=invitation.email))


@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: Any, token: str) -> HttpResponse:
    """Join: with the account of that very address after signing in, or with a new one made here."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "account/invitation_over.html", status=410)
    form = None
    if not request.user.is_authenticated and not User.objects.filter(email=invitation.email).exists():
        form = AccountForm(request.POST if request.method == "POST" else None, email=invitation.email)
    mine = request.user.is_authenticated and request.user.email == invitation.email
    if request.method == "POST" and (mine or (form and form.is_valid())):
        try:
            return _join(request, invitation, form)
        except (invitations.NotInvited, IntegrityError):  # somebody was faster: the page says how things are now
            return redirect("invitation", token)
    context = {"invitation": invitation, "form": form, "mine": mine}
    return render(request, "account/invitation.html", context, status=422 if request.method == "POST" else 200)


def _join(request: Any, invitation: Invitation, form: AccountForm | None) -> HttpResponse:
    with transaction.atomic():
        user = request.user if form is None else form.create(invitation.email)
        member = invitations.accept(invitation, user)
    if form is not None:
        login(request, user)
    return redirect(member.workspace.url("tickets:list"))


def _find(request: Any, invitation_id: int) -> Invitation:
    return get_object_or_404(Invitation, pk=invitation_id, workspace=request.workspace, accepted_at=None)


def _root(request: Any) -> str:
    return str(request.build_absolute_uri("/"))


def _done(request: Any, text: str) -> HttpResponse:
    return toasts.done(request, request.workspace.url("settings:members"), text, members_changed=True)
