"""The Custom fields tab, for admins: define, order, archive and delete."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customfields import following, removing
from customfields.forms import DeleteFieldForm, DeleteOptionForm, FieldForm, OptionRow
from customfields.models import Field, FieldValue, Option
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


COMMANDS = ("add", "drop", "move", "archive", "restore")  # of the form's list of options


def _form(request: Any, field: Field | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    note = ""
    if data and (command := next((name for name in COMMANDS if name in data), "")):
        form, note = _arranged(request, field, command, data[command])
    else:
        form = FieldForm(data, workspace=request.workspace, field=field)
        if form.is_bound and form.is_valid() and form.save():
            messages.success(request, f"{form.cleaned_data['label']} saved")
            return htmx.go(request, request.workspace.url("customfields:list"))
    context = _page(field, form, note)
    fragments = {"field-page": "customfields/_form.html"}
    return htmx.page(
        request, "customfields/field.html", context, fragments=fragments, status=422 if form.errors else 200
    )


def _page(field: Field | None, form: FieldForm, note: str = "") -> dict[str, Any]:
    """What the form shows; with the field's impact, where there is one."""
    known = {"filled": field.contacts_with_value(), "uses": following.uses(field)} if field else {}
    if field and not field.archived_at:
        known["lacking"] = following.without_value(field)
    return {"section": "contacts", "form": form, "field": field, "note": note, **known}


def _arranged(request: Any, field: Field | None, command: str, value: str) -> tuple[FieldForm, str]:
    """The form with its options rearranged. An option is archived and brought back at once, the rest waits for Save."""
    if field and command in ("archive", "restore"):
        known = field.own_options.known()
        option = known.filter(pk=int(value) if value.isascii() and value.isdecimal() else 0).first()
        try:
            if option is None:
                raise ValidationError(gettext("That option was deleted in the meantime."))
            with transaction.atomic():
                option.archive() if command == "archive" else option.restore()
        except ValidationError as error:
            return _drawn(request, field, field.version), error.messages[0]
        back = option if command == "restore" else None
        return _drawn(request, field, field.version, back), ""
    form = FieldForm(request.POST, workspace=request.workspace, field=field, draft=True)
    form.arrange(command, value)
    return form, ""


def _drawn(request: Any, field: Field, version: str, back: Option | None = None) -> FieldForm:
    """The form as it was sent, over the field as it is now: `version` is what it was before we changed an option."""
    data = request.POST.copy()
    field = _fields(request).get(pk=field.pk)
    if data.get("version") == version:
        data["version"] = field.version
    if back:
        data.appendlist("option_id", str(back.pk))
        data.appendlist("option", back.label)
    return FieldForm(data, workspace=request.workspace, field=field, draft=True)


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
@require_http_methods(["GET", "POST"])
def archive(request: Any, pk: int) -> HttpResponse:
    """Asked first, with its impact, where contacts have a value; with Undo."""
    field = get_object_or_404(_fields(request).known(), pk=pk)
    if request.method == "GET":
        context = {
            "section": "contacts",
            "back": request.workspace.url("customfields:list"),
            "field": field,
            "contacts": field.contacts_with_value(),
            "uses": following.uses(field),
        }
        return htmx.dialog(
            request, "customfields/_archive.html", gettext("Archive {name}").format(name=field.label), context
        )
    return _act(
        request,
        field.archive,
        gettext("{name} archived").format(name=field.label),
        request.workspace.url("customfields:restore", pk),
    )


@admin_required
@require_POST
def restore(request: Any, pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).known(), pk=pk)
    return _act(request, field.restore, gettext("{label} is back").format(label=field.label))


def _act(request: Any, act: Callable[[], None], done: str, undo: str = "") -> HttpResponse:
    """Do it, and say so; or say why it can't be done, which somebody else has made so."""
    try:
        with transaction.atomic():
            act()
    except ValidationError as error:
        return _back(request, error.messages[0])
    return _back(request, done, undo)


def _back(request: Any, text: str, undo: str = "") -> HttpResponse:
    return toasts.done(request, request.workspace.url("customfields:list"), text, undo, fields_changed=True)


@admin_required
@require_http_methods(["GET", "POST"])
def delete(request: Any, pk: int) -> HttpResponse:
    field = get_object_or_404(_fields(request).known(), pk=pk)
    if not field.archived_at:
        return _back(
            request, gettext("{label} isn't archived, maybe not any more. Archive it first.").format(label=field.label)
        )
    form = DeleteFieldForm(request.POST if request.method == "POST" else None, field=field)
    if form.is_valid():
        return _act(request, lambda: removing.delete_field(field), gettext("{name} deleted").format(name=field.label))
    context = {
        "section": "contacts",
        "back": request.workspace.url("customfields:list"),
        "form": form,
        "field": field,
        "contacts": field.contacts_with_value(),
        "uses": following.uses(field),
    }
    status = 422 if form.errors else 200
    return htmx.dialog(
        request,
        "customfields/_delete.html",
        gettext("Delete {name}").format(name=field.label),
        context,
        status=status,
    )


@admin_required
@require_http_methods(["GET", "POST"])
def delete_option(request: Any, pk: int, option_pk: int) -> HttpResponse:
    """Its values go, or become another option's: asked in a dialog over the field's form, which is sent along."""
    field = get_object_or_404(_fields(request).known(), pk=pk)
    option = get_object_or_404(field.own_options.known(), pk=option_pk)
    contacts = option.contacts_with_value()
    form = DeleteOptionForm(request.POST if request.method == "POST" else None, option=option, contacts=contacts)
    if form.is_valid():
        try:
            with transaction.atomic():
                gone = removing.delete_option(option, request.actor, form.replacement)
            return _removed(request, field, _told(option, form.replacement, gone))
        except ValidationError as error:
            form.add_error(None, error.messages[0])
    context = {
        "section": "contacts",
        "back": request.workspace.url("customfields:detail", field.pk),
        "form": form,
        "field": field,
        "option": option,
        "contacts": contacts,
        "uses": following.uses(field, option),
    }
    status = 422 if form.errors else 200
    return htmx.dialog(
        request,
        "customfields/_delete_option.html",
        gettext("Delete {name}").format(name=option.label),
        context,
        status=status,
    )


def _told(option: Option, replacement: Option | None, gone: bool) -> str:
    if replacement:
        said = gettext("{name} was replaced by {other}") if gone else gettext("{name} is being replaced by {other}")
        return said.format(name=option.label, other=replacement.label)
    return gettext("{name} deleted").format(name=option.label)


def _removed(request: Any, field: Field, text: str) -> HttpResponse:
    """Back to the field's form; over it, as it was typed."""
    if not request.htmx or "label" not in request.POST:
        messages.success(request, text)
        return htmx.go(request, request.workspace.url("customfields:detail", field.pk))
    now = _fields(request).get(pk=field.pk)
    context = _page(now, _drawn(request, now, field.version)) | {"removed": True}
    response = htmx.fragment(request, "customfields/_form.html", context, dialog_close=True, toast={"text": text})
    response["HX-Retarget"], response["HX-Reswap"] = "#field-page", "outerHTML"
    return response


@admin_required
@require_GET
def replacing(request: Any, pk: int, option_pk: int) -> HttpResponse:
    """How far the replacing of an option is, in the list of options."""
    field = get_object_or_404(_fields(request).known(), pk=pk)
    option = field.own_options.leaving().select_related("replaced_by").filter(pk=option_pk).first()
    row = FieldForm(None, workspace=request.workspace, field=field).row(option) if option else OptionRow("", option_pk)
    return htmx.fragment(request, "customfields/_replacing.html", {"field": field, "option": row})
