"""The Custom fields tab, for admins: define, order, archive and delete."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customfields.forms import DeleteFieldForm, DeleteOptionForm, FieldForm
from customfields.models import Field, FieldValue
from gopimi.lib import htmx
from gopimi.workspaces import toasts
from gopimi.workspaces.permissions import admin_required


def _fields(request: Any) -> Any:
    return Field.objects.for_workspace(request.workspace)


@admin_required
@require_GET
def fields(request: Any) -> HttpResponse:
    filled = FieldValue.objects.for_workspace(request.workspace).contacts_by("field_id")
    known = list(_fields(request).known().with_options())
    for field in known:
        field.filled = filled.get(field.pk, 0)
    context = {
        "section": "contacts",
        "tab": "fields",
        "active": [field for field in known if not field.archived_at],
        "archived": [field for field in known if field.archived_at],
    }
    fragments = {"fields": "customfields/_list.html", "contacts-tabs": "contacts/_tabs.html"}
    return htmx.page(request, "customfields/list.html", context, fragments=fragments)


@admin_required
@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    return _form(request, None)


@admin_required
@require_http_methods(["GET", "POST"])
def edit(request: Any, pk: int) -> HttpResponse:
    return _form(request, get_object_or_404(_fields(request).known(), pk=pk))


def _form(request: Any, field: Field | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    if data and (command := next((name for name in ("add", "move", "archive", "restore") if name in data), "")):
        form = _arranged(request, field, command, data[command])
    else:
        form = FieldForm(data, workspace=request.workspace, field=field)
        if form.is_bound and form.is_valid() and form.save():
            messages.success(request, f"{form.cleaned_data['label']} saved")
            return htmx.go(request, request.workspace.url("customfields:list"))
    return htmx.page(
        request,
        "customfields/field.html",
        {
            "section": "contacts",
            "form": form,
            "field": field,
            "filled": field.contacts_with_value() if field else 0,
        },
        fragments={"field-page": "customfields/_form.html"},
        status=422 if form.errors else 200,
    )


def _arranged(request: Any, field: Field | None, command: str, value: str) -> FieldForm:
    """The form with its options rearranged. An option is archived and brought back at once, the rest waits for Save."""
    data = request.POST.copy()
    if field and command in ("archive", "restore"):
        known = field.own_options.known()
        option = get_object_or_404(known, pk=int(value) if value.isdecimal() else 0)
        current = data.get("version") == field.version
        option.archive() if command == "archive" else option.restore()
        field = _fields(request).get(pk=field.pk)
        data["version"] = field.version if current else data.get("version", "")
        if command == "restore":
            data.appendlist("option_id", str(option.pk))
            data.appendlist("option", option.label)
    form = FieldForm(data, workspace=request.workspace, field=field, draft=True)
    if command in ("add", "move"):
        form.arrange(command, value)
    return form


@admin_required
@require_GET
def key(request: Any) -> HttpResponse:
    """The key that a new field with this label would get, shown while one types."""
    form = FieldForm(request.GET, workspace=request.workspace, field=None, draft=True)
    return htmx.fragment(request, "customfields/_key.html", {"form": form})


@admin_required
@require_POST
def reorder(request: Any) -> HttpResponse:
    """By drag, all ids in their new order; by a button without JavaScript, "move" as "12:up"."""
    ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isdecimal()]
    moved, _, direction = request.POST.get("move", "").partition(":")
    if moved.isdecimal() and int(moved) in ids:
        here = ids.index(int(moved))
        there = max(0, here + (1 if direction == "down" else -1))
        ids.insert(there, ids.pop(here))
    try:
        _fields(request).reorder(ids)
    except ValidationError as error:
        return toasts.done(request, request.workspace.url("customfields:list"), error.messages[0], fields_changed=True)
    return toasts.done(request, request.workspace.url("customfields:list"))


@admin_required
@require_POST
def archive(request: Any, pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).known(), pk=pk)
    field.archive()
    return _back(request, f"{field.label} archived", undo=request.workspace.url("customfields:restore", field.pk))


@admin_required
@require_POST
def restore(request: Any, pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).known(), pk=pk)
    try:
        field.restore()
    except ValidationError as error:
        return _back(request, f"{error.messages[0]} Rename one of them first.")
    return _back(request, f"{field.label} is back")


def _back(request: Any, text: str, undo: str = "") -> HttpResponse:
    return toasts.done(request, request.workspace.url("customfields:list"), text, undo, fields_changed=True)


@admin_required
@require_http_methods(["GET", "POST"])
def delete(request: Any, pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).archived(), pk=pk)
    form = DeleteFieldForm(request.POST if request.method == "POST" else None, field=field)
    if form.is_valid():
        field.remove()
        return _back(request, f"{field.label} deleted")
    context = {
        "section": "contacts",
        "back": request.workspace.url("customfields:list"),
        "form": form,
        "field": field,
        "contacts": field.contacts_with_value(),
    }
    status = 422 if form.errors else 200
    return htmx.dialog(request, "customfields/_delete.html", f"Delete {field.label}", context, status=status)


@admin_required
@require_http_methods(["GET", "POST"])
def delete_option(request: Any, pk: int, option_pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).known(), pk=pk)
    option = get_object_or_404(field.own_options.archived(), pk=option_pk)
    form = DeleteOptionForm(request.POST if request.method == "POST" else None, option=option)
    back = request.workspace.url("customfields:detail", field.pk)
    if form.is_valid():
        option.remove(form.cleaned_data["replace_with"])
        messages.success(request, f"{option.label} deleted")
        return htmx.go(request, back)
    context = {
        "section": "contacts",
        "back": back,
        "form": form,
        "field": field,
        "option": option,
        "contacts": option.contacts_with_value(),
    }
    status = 422 if form.errors else 200
    return htmx.dialog(request, "customfields/_delete_option.html", f"Delete {option.label}", context, status=status)
