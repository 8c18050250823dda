"""Settings > Mailboxes, for admins: the addresses that mail comes in by, and how it gets here."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gopimi.lib import htmx
from gopimi.workspaces import toasts
from gopimi.workspaces.permissions import admin_required
from tickets import mailboxes, webhooks
from tickets.mailboxforms import MailboxForm, SigningKeyForm
from tickets.models import Mailbox


@admin_required
@require_GET
def all_mailboxes(request: Any) -> HttpResponse:
    context = {"rows": mailboxes.listed(request.workspace), "most": mailboxes.MOST_COUNTED}
    return htmx.page(request, "settings/mailboxes.html", context)


@admin_required
@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    form = MailboxForm(request.POST if request.method == "POST" else None, workspace=request.workspace)
    if form.is_valid() and (mailbox := form.save()):
        messages.success(request, gettext("{address} takes mail").format(address=mailbox.address))
        return htmx.go(request, request.workspace.url("settings:mailbox", mailbox.pk))
    context = {"form": form, "back": request.workspace.url("settings:mailboxes")}
    status = 422 if form.errors else 200
    return htmx.dialog(request, "settings/_new_mailbox.html", gettext("New mailbox"), context, status=status)


@admin_required
@never_cache
@require_http_methods(["GET", "POST"])
def mailbox(request: Any, mailbox_id: int) -> HttpResponse:
    """One mailbox's page: what it is, and what to paste into the mail server or at the provider."""
    box = _find(request, mailbox_id)
    form = MailboxForm(request.POST if request.method == "POST" else None, workspace=request.workspace, mailbox=box)
    if form.is_valid() and form.save():
        return toasts.done(request, _url(request, box), gettext("Saved"))
    root = request.build_absolute_uri("/")
    context = {
        "mailbox": box,
        "form": form,
        "receiving": form.leading.receiving,
        "removable": form.leading.receiving or not mailboxes.has_mail(box),
        "hooks": [(hook, hook.url(root)) for hook in webhooks.addresses(box)],
        "key_form": SigningKeyForm(auto_id="mailgun-%s"),
    }
    return htmx.page(request, "settings/mailbox.html", context, status=422 if form.errors else 200)


@admin_required
@require_POST
def new_secret(request: Any, mailbox_id: int) -> HttpResponse:
    box = _find(request, mailbox_id)
    mailboxes.renew_secret(box)
    messages.success(request, gettext("There is a new secret: paste the new addresses in"))
    return htmx.go(request, _url(request, box))


@admin_required
@require_POST
def signing_key(request: Any, mailbox_id: int) -> HttpResponse:
    box, form = _find(request, mailbox_id), SigningKeyForm(request.POST)
    if not form.is_valid():
        messages.warning(request, gettext("The key isn't saved: {error}").format(error=form.errors["key"][0]))
        return htmx.go(request, _url(request, box))
    box.webhook_signing_key = form.cleaned_data["key"]
    box.save(update_fields=["webhook_signing_key"])
    messages.success(request, gettext("The key is saved") if box.webhook_signing_key else gettext("The key is removed"))
    return htmx.go(request, _url(request, box))


@admin_required
@require_http_methods(["GET", "POST"])
def stop(request: Any, mailbox_id: int) -> HttpResponse:
    """Take no more mail by it; where it never took any, delete it."""
    box = _find(request, mailbox_id)
    unused = mailboxes.is_unused(box)
    if request.method == "POST":
        if "delete" in request.POST:
            return _delete(request, box)
        mailboxes.stop(box)
        messages.success(request, gettext("{address} takes no more mail").format(address=box.address))
        return htmx.go(request, _url(request, box))
    context = {"mailbox": box, "unused": unused, "back": _url(request, box)}
    heading = (gettext("Delete {name}") if unused else gettext("Stop {name}")).format(name=box.address)
    return htmx.dialog(request, "settings/_stop_mailbox.html", heading, context)


def _delete(request: Any, box: Mailbox) -> HttpResponse:
    try:
        mailboxes.delete(box)
    except mailboxes.InUse as error:
        messages.warning(request, gettext("{address} stays: {error}").format(address=box.address, error=error))
        return htmx.go(request, _url(request, box))
    messages.success(request, gettext("{name} deleted").format(name=box.address))
    return htmx.go(request, request.workspace.url("settings:mailboxes"))


@admin_required
@require_POST
def start(request: Any, mailbox_id: int) -> HttpResponse:
    """Take mail again by one that was stopped, unless its address leads elsewhere by now."""
    box = _find(request, mailbox_id)
    try:
        mailboxes.lead(box, [])
        messages.success(request, gettext("{address} takes mail again").format(address=box.address))
    except mailboxes.AddressInUse:
        messages.warning(
            request, gettext("{address} is in use already, by another mailbox.").format(address=box.address)
        )
    return htmx.go(request, _url(request, box))


def _find(request: Any, mailbox_id: int) -> Mailbox:
    return get_object_or_404(Mailbox.objects.for_workspace(request.workspace), pk=mailbox_id)


def _url(request: Any, box: Mailbox) -> str:
    return request.workspace.url("settings:mailbox", box.pk)
