"""One change to all selected contacts: asked for in a dialog, made at once or in the background, and taken back."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from contacts.bulkedits import running
from contacts.bulkedits.forms import FORMS, BulkForm
from contacts.bulkedits.records import Action, BulkEdit, Status
from contacts.filters import BadFilter
from contacts.views.selection import selected
from gopimi.lib import htmx
from gopimi.lib.counting import counted
from gopimi.workspaces import toasts
from gopimi.workspaces.actor import ActorKind
from organizations.models import Organization

SHOWN = 3  # edits at the top of the table
GONE = "The filter doesn't work any more. Nothing was changed."
MARK = "bulk_edits"  # in the session: there is something to be shown


@require_POST
def edit(request: Any, what: str) -> HttpResponse:
    """Ask for the value, with the exact number of contacts; then begin."""
    if what not in FORMS:
        raise Http404
    back = request.workspace.url("contacts:list")
    try:
        contacts = selected(request).alive()
    except BadFilter:
        return toasts.done(request, back, GONE)
    confirmed = "asked" in request.POST and "choosing" not in request.POST
    form = FORMS[what](request.POST, workspace=request.workspace, judged=confirmed)
    if confirmed and form.is_valid():
        action, value, field = form.wanted()
        ids = list(contacts.values_list("pk", flat=True))
        return begun(request, running.begin(request.workspace.pk, request.actor, action, ids, value, field))
    return _ask(request, what, form, contacts.count(), status=422 if confirmed else 200)


def _ask(request: Any, what: str, form: BulkForm, number: int, status: int) -> HttpResponse:
    back = request.workspace.url("contacts:list")
    if not number:
        return toasts.done(request, back, "Select the contacts to change first.")
    context = {
        "section": "contacts",
        "back": back,
        "what": what,
        "form": form,
        "number": number,
        "kept": [(name, value) for name in ("all", "query", "id") for value in request.POST.getlist(name)],
    }
    return htmx.dialog(request, "contacts/_bulk_edit.html", form.heading, context, status=status)


def begun(request: Any, one: BulkEdit, **events: Any) -> HttpResponse:
    """What to say when a bulk edit or its undo was asked for: how it ended, or that it goes on. `events` are for other
    lists that it changes."""
    back = request.workspace.url("contacts:list")
    if one.is_active:
        request.session[MARK] = True
        return toasts.done(request, back, bulk_edits_changed=True, **events)
    BulkEdit.objects.for_workspace(request.workspace).filter(pk=one.pk).update(dismissed=True)
    undo = request.workspace.url("contacts:bulk_undo", one.pk) if one.can_undo else ""
    return toasts.done(request, back, ended(one), undo=undo, contacts_changed=True, **events)


def ended(one: BulkEdit) -> str:
    """How it ended, in words."""
    if one.status == Status.UNDONE:
        kept = f", {intcomma(one.kept)} left as they are" if one.kept else ""
        return f"{counted(one.reverted, 'contact')} changed back{kept}"
    done = "moved to the trash" if one.action == Action.DELETE else "changed"
    same = one.total - one.changed
    rest = f", {intcomma(same)} had it so already" if same and one.status == Status.DONE and not one.deletion else ""
    stopped = ". Stopped before the end" if one.status == Status.CANCELLED else ""
    reason = f": {one.problem}" if one.problem else ""
    return f"{counted(one.changed, 'contact')} {done}{rest}{stopped}{reason}"


@require_GET
def state(request: Any) -> HttpResponse:
    """How far one's own edits are, above the table; it is told when one has ended."""
    shown = _own(request).filter(dismissed=False, total__gt=running.AT_ONCE).select_related("field")
    edits = list(shown.order_by("-id")[:SHOWN])
    if not edits:
        request.session.pop(MARK, None)
    active = any(one.is_active for one in edits)
    lines = [{"one": one, "subject": subject(one), "ended": "" if one.is_active else ended(one)} for one in edits]
    context = {"lines": lines, "active": active}
    events = {"contacts_changed": True} if "active" in request.GET and not active else {}
    return htmx.fragment(request, "contacts/_bulk_edits.html", context, **events)


def subject(one: BulkEdit) -> str:
    """What it is about: "Organization: Acme"."""
    if one.action == Action.DELETE:
        return "Move to the trash"
    if one.action == Action.ORGANIZATION:
        known = Organization.objects.for_workspace(one.workspace_id)
        return f"Organization: {known.filter(pk=one.value).first() if one.value else 'none'}"
    if one.action == Action.FIELD:
        label = one.field.label if one.field else "A field that was deleted"
        shown = one.field.type.shown(one.field, one.value) if one.field and one.value else "none"
        return f"{label}: {shown}"
    return f"{one.get_action_display()}: {one.value}"


def _own(request: Any) -> QuerySet[BulkEdit]:
    """One's own edits: an undo is told in the histories as done by who did the edit."""
    edits = BulkEdit.objects.for_workspace(request.workspace).defer("contact_ids")
    return edits.filter(actor_kind=ActorKind.AGENT, actor_id=request.user.pk)


def _edit(request: Any, pk: int) -> BulkEdit:
    return get_object_or_404(_own(request), pk=pk)


@require_POST
def cancel(request: Any, bulk_edit_pk: int) -> HttpResponse:
    running.cancel(_edit(request, bulk_edit_pk))
    return toasts.done(request, request.workspace.url("contacts:list"), bulk_edits_changed=True)


@require_POST
def undo(request: Any, bulk_edit_pk: int) -> HttpResponse:
    """Give each contact back what it had, but for what was changed since."""
    one = _edit(request, bulk_edit_pk)
    running.undo(one)
    one.refresh_from_db()
    return begun(request, one)


@require_POST
def dismiss(request: Any, bulk_edit_pk: int) -> HttpResponse:
    BulkEdit.objects.for_workspace(request.workspace).filter(pk=_edit(request, bulk_edit_pk).pk).update(dismissed=True)
    return toasts.done(request, request.workspace.url("contacts:list"), bulk_edits_changed=True)
