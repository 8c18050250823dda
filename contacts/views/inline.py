"""One property or custom field, edited in place: shown, being edited, saved, wrong, changed by somebody else, gone."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext

from contacts import history
from contacts.models import Contact
from contacts.querysets import AddressTaken
from contacts.sidebar import PROPERTIES, CustomField, Line, LineForm
from customfields import values
from customfields.models import Field, Kind
from customfields.values import Outdated
from gopimi.lib import htmx
from gopimi.workspaces.models import Workspace


def field(request: Any, pk: int, field_pk: int) -> HttpResponse:
    """One custom field's value."""
    contact = _contact(request, pk)
    asked = Field.objects.for_workspace(request.workspace).with_options().filter(pk=field_pk).first()
    if asked is None or asked.archived_at or asked.deleted_at:
        return _gone(request, contact, asked or _deleted(request, field_pk))
    value = values.read(request.workspace, [pk], [asked])[pk].get(asked.pk)
    return _edit(request, CustomField(request.workspace, contact, value, asked))


def _deleted(request: Any, field_pk: int) -> Field:
    """What a page still shows that was there before. Raises Http404 for whoever asks for a page."""
    if not request.htmx:
        raise Http404
    return Field(pk=field_pk, kind=Kind.TEXT, label=gettext("This field"), deleted_at=timezone.now())


def _gone(request: Any, contact: Contact, asked: Field) -> HttpResponse:
    """An admin archived or deleted the field since this page was loaded."""
    line = CustomField(request.workspace, contact, None, asked)
    typed = [] if line.toggles else [text for text in request.POST.getlist("value") if text]
    done = "deleted" if asked.deleted_at else "archived"
    return _show(request, line, "gone", status=410, done=done, typed=", ".join(typed))


def contact_property(request: Any, pk: int, property: str) -> HttpResponse:
    """Name, email, organization or tags."""
    if property not in PROPERTIES:
        raise Http404
    if request.method == "POST":  # it may take an address or make an organization: before the contact's own lock
        request.workspace.lock()
    return _edit(request, PROPERTIES[property](request.workspace, _contact(request, pk)))


def _contact(request: Any, pk: int) -> Contact:
    """Who writes holds the contact's row: of two who edit the same line, the second one is told."""
    contacts = Contact.objects.for_workspace(request.workspace).alive()
    if request.method == "POST":  # a join would show what was joined before the row was waited for
        return get_object_or_404(contacts.select_for_update(no_key=True), pk=pk)
    return get_object_or_404(contacts.select_related("organization"), pk=pk)


def _edit(request: Any, line: Line) -> HttpResponse:
    if request.method != "POST":
        return _show(request, line, "editing" if "edit" in request.GET else "shown")
    form = LineForm(line, request.POST)
    expected = request.POST.get("expected", line.stored)
    if not form.is_valid():
        return _wrong(request, line, form, expected=expected)
    value = form.cleaned_data["value"]
    if line.stored not in (expected, line.mark(value)):
        line.form = form
        by = _last_author(request.workspace, line)
        return _show(request, line, "conflict", status=412, by=by, mine=line.shown(value))
    try:
        line.save(request.actor, value)
    except (AddressTaken, Outdated) as error:
        form.add_error("value", str(error))
        return _wrong(request, line, form, expected=expected, taken=getattr(error, "contact", None))
    if not request.htmx:
        return htmx.go(request, request.workspace.url("contacts:detail", line.contact.pk))
    return htmx.trigger(_show(request, line, "saved"), contacts_changed=True)


def _wrong(request: Any, line: Line, form: LineForm, **context: Any) -> HttpResponse:
    """Keep what was typed, which can't be the value."""
    line.form = form
    return _show(request, line, "wrong", status=422, **context)


def _show(request: Any, line: Line, state: str, status: int = 200, **context: Any) -> HttpResponse:
    context = {"line": line, "state": state, "expected": line.stored, **context}
    fragments = {line.id: "contacts/_field.html"}
    return htmx.page(request, "contacts/field.html", context, fragments=fragments, status=status)


def _last_author(workspace: Workspace, line: Line) -> str:
    change = history.of(line.contact).filter(what=line.what, field=line.field_id).first()
    return history.authors(workspace, [change])[change.pk] if change else gettext("Somebody else")
