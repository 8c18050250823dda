"""Settings > Held mail: what no ticket was made of, until somebody decides. Deleting for good is for admins."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from procrastinate.contrib.django import app as jobs

from gopimi.lib import htmx, kept
from gopimi.lib.keyset import BadCursor
from gopimi.workspaces import toasts
from gopimi.workspaces.permissions import admin_required
from tickets import held, originals
from tickets.forms import AssignForm
from tickets.inbound import Result
from tickets.models import RawMail
from tickets.views.attachments import to_save


@require_GET
def held_mails(request: Any) -> HttpResponse:
    """One of the two lists, held or automatic: `?kind=automatic`."""
    kind = request.GET.get("kind", "held")
    if kind not in held.KINDS:
        raise Http404
    try:
        page = held.page(request.workspace, kind, request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    context = {"page": page, "kind": held.KINDS[kind], "kinds": held.KINDS, "tab": "held"}
    fragments = {"held": "settings/_held.html", "settings-tabs": "settings/_tabs.html"}
    return htmx.page(request, "settings/held.html", context, fragments=fragments)


@require_POST
def try_all_again(request: Any) -> HttpResponse:
    """In the background: there may be thousands."""
    jobs.configure_task(held.TRY_ALL_AGAIN).defer(workspace_id=request.workspace.pk)
    url = request.workspace.url("settings:held")
    return toasts.done(request, url, gettext("All held mail is tried again in the background"))


def of_waiting_mail(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give the view the mail that its address names; say what became of it where somebody was faster."""

    @wraps(view)
    def found(request: Any, raw_mail_id: int) -> HttpResponseBase:
        get_object_or_404(RawMail.objects.for_workspace(request.workspace).defer("data"), pk=raw_mail_id)
        try:
            with transaction.atomic():  # nothing is kept of what came too late, such as a new contact
                return view(request, held.find(request.workspace, raw_mail_id))
        except held.Gone as gone:
            return _back(request, str(gone))

    return found


@require_GET
@of_waiting_mail
def held_mail(request: Any, mail: RawMail) -> HttpResponse:
    context = {"mail": mail, "kind": held.KINDS[mail.state], "text": originals.text(mail), "shown": originals.SHOWN}
    return htmx.page(request, "settings/held_mail.html", context)


@require_GET
@of_waiting_mail
def download(request: Any, mail: RawMail) -> HttpResponseBase:
    return to_save(originals.file(mail), originals.filename(mail), originals.CONTENT_TYPE)


@require_POST
@of_waiting_mail
def try_again(request: Any, mail: RawMail) -> HttpResponse:
    return _done(request, held.try_again(request.workspace, mail.pk), mail)


@require_http_methods(["GET", "POST"])
@of_waiting_mail
def assign(request: Any, mail: RawMail) -> HttpResponse:
    """Say by hand who wrote it: it becomes a message of theirs, in a ticket or a conversation."""
    data = request.POST if request.method == "POST" else None
    form = AssignForm(request.workspace, request.actor, data, sender=mail.sender)
    if form.is_valid():
        contact = form.cleaned_data["contact"]
        return _done(request, held.assign(request.workspace, mail.pk, contact, request.actor), mail)
    context = {"form": form, "mail": mail, "kind": held.KINDS[mail.state], "back": _url(request, mail)}
    status = 422 if form.errors else 200
    return htmx.dialog(request, "settings/_assign.html", gettext("Assign mail"), context, status=status)


@admin_required
@require_http_methods(["GET", "POST"])
@of_waiting_mail
def delete(request: Any, mail: RawMail) -> HttpResponse:
    if request.method == "POST":
        held.delete(request.workspace, mail.pk)
        return _back(request, gettext("The mail is deleted"), mail.state)
    return htmx.dialog(
        request, "settings/_delete_held.html", gettext("Delete mail"), {"mail": mail, "back": _url(request, mail)}
    )


def _done(request: Any, result: Result, mail: RawMail) -> HttpResponse:
    """To what it became; from the list one stays there, for the next one."""
    url, text = _outcome(request, result, mail)
    if htmx.wants(request, "held"):
        return toasts.done(request, url, text, held_changed=True)
    messages.success(request, text)
    return htmx.go(request, url)


def _outcome(request: Any, result: Result, mail: RawMail) -> tuple[str, str]:
    """Where to look, and what became of the mail."""
    mail_url = _url(request, mail)
    match result.result:
        case "held":
            reason = kept.told(held.find(request.workspace, mail.pk).reason)
            return mail_url, gettext("It is still held. {reason}").format(reason=reason)
        case "automatic":
            return mail_url, gettext("It is filed as automatic: a machine wrote it, about nothing that is here.")
        case "ticket_created" | "ticket_appended":
            new = result.result == "ticket_created"
            said = gettext("Ticket #{number} opened") if new else gettext("Ticket #{number} continued")
            return request.workspace.url("tickets:detail", result.ticket), said.format(number=result.ticket)
        case _:
            new = result.result == "conversation_created"
            said = gettext("Conversation started") if new else gettext("Conversation continued")
            return request.workspace.url("tickets:conversation", result.conversation), said


def _back(request: Any, text: str, state: str = RawMail.State.HELD) -> HttpResponse:
    """To the list, with a word about what happened."""
    url = f"{request.workspace.url('settings:held')}?kind={state}"
    if htmx.wants(request, "held"):
        return toasts.done(request, url, text, held_changed=True)
    messages.info(request, text)
    return htmx.go(request, url)


def _url(request: Any, mail: RawMail) -> str:
    return request.workspace.url("settings:held_mail", mail.pk)
