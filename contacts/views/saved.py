"""Saved views in their dialogs: made, kept as the page is, renamed, put in order, deleted."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import columns, savedviews
from contacts.filters import present
from contacts.forms import ViewForm
from contacts.models import View
from contacts.savedviews import PAGES, State
from customfields import values
from gopimi.lib import htmx

SECTIONS = {View.Table.CONTACTS: "contacts", View.Table.TICKETS: "tickets", View.Table.CONVERSATIONS: "inbox"}
LAST_ID = 2**63 - 1


@require_GET
def views(request: Any) -> HttpResponse:
    """A table's views, to open, edit and order them."""
    table = _table(request.GET)
    found = [one for one in savedviews.seen(request) if one.table == table]
    groups = [
        (gettext("My views"), [one for one in found if not one.shared], True),
        (gettext("Shared with everybody"), [one for one in found if one.shared], request.membership.is_admin),
    ]
    context = {
        "groups": [
            {"label": label, "ordered": ordered, "views": [_row(request, one) for one in group]}
            for label, group, ordered in groups
            if group
        ],
        **_frame(request, table),
    }
    return htmx.dialog(request, "contacts/_views_list.html", gettext("Views"), context)


def _row(request: Any, view: View) -> dict[str, Any]:
    changeable = view.may_change(request.membership)
    return {"view": view, "url": savedviews.address(request.workspace, view), "changeable": changeable}


@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    """Save what a table's page shows, under a name. The URL's query is the page's."""
    table = _table(request.GET)
    if request.method == "POST":
        request.workspace.lock()  # so that a second click finds the name taken, and no option is renamed meanwhile
    params = _present(request, table, request.GET)
    params.pop("table")
    state = State(request, table, params)
    others = [one for one in savedviews.seen(request) if one.table == table]
    form = ViewForm(request.POST if request.method == "POST" else None, others=others, initial={"seen": ""})
    if form.is_valid():
        view = View.objects.for_workspace(request.workspace).create(
            table=table, owner=request.user, name=form.cleaned_data["name"], shared=form.shared, query=state.query,
            columns=_columns(request, state), position=savedviews.last_position(request.workspace, table) + 1,
        )  # fmt: skip
        return _open(request, view, gettext("{name} saved").format(name=view.name))
    context = {"form": form, "asks_who": True, **_frame(request, table)}
    status = 422 if form.errors else 200
    return htmx.dialog(request, "contacts/_view_form.html", gettext("Save as view"), context, status=status)


def _present(request: Any, table: str, params: QueryDict) -> QueryDict:
    """The query of a page that may have been open for long: with the present labels of options."""
    return present(params, values.fields_of(request.workspace)) if table == View.Table.CONTACTS else params.copy()


def _columns(request: Any, state: State) -> list[str]:
    """What the page shows, said outright: a member's own choice is nobody else's."""
    if state.table != View.Table.CONTACTS:
        return []
    fields = values.fields_of(request.workspace)
    return [column.key for column in columns.chosen(state.columns or request.membership.contact_columns, fields)]


@require_http_methods(["GET", "POST"])
def edit(request: Any, view_pk: int) -> HttpResponse:
    """Another name, and for its owner another audience."""
    view = _changeable(request, view_pk)
    asks_who = view.owner_id == request.user.pk
    if request.method == "POST":
        request.workspace.lock()
    others = [one for one in savedviews.seen(request) if one.table == view.table and one != view]
    initial = {"name": view.name, "seen": "everybody" if view.shared else ""}
    form = ViewForm(request.POST if request.method == "POST" else None, others=others, initial=initial)
    if form.is_valid():
        view.name, view.shared = form.cleaned_data["name"], form.shared if asks_who else view.shared
        view.save(update_fields=["name", "shared"])
        return _open(request, view, gettext("{name} saved").format(name=view.name))
    context = {"form": form, "view": view, "asks_who": asks_who, **_frame(request, view.table)}
    status = 422 if form.errors else 200
    return htmx.dialog(
        request, "contacts/_view_form.html", gettext("Edit {name}").format(name=view.name), context, status=status
    )


@require_POST
def save(request: Any, view_pk: int) -> HttpResponse:
    """Keep in the view what its page shows now."""
    request.workspace.lock()  # no option is renamed meanwhile
    view = _changeable(request, view_pk)
    query = _present(request, view.table, QueryDict(request.POST.get("query", "")))
    view.query = savedviews.wording(view.table, query).urlencode()
    view.columns = request.POST.getlist("column") if view.table == View.Table.CONTACTS else []
    view.save(update_fields=["query", "columns"])
    return _open(request, view, gettext("{name} saved").format(name=view.name))


@require_http_methods(["GET", "POST"])
def delete(request: Any, view_pk: int) -> HttpResponse:
    view = _changeable(request, view_pk)
    if request.method == "POST":
        view.delete()
        messages.success(request, gettext("View {name} deleted").format(name=view.name))
        return htmx.go(request, request.workspace.url(PAGES[View.Table(view.table)]))
    context = {"view": view, **_frame(request, view.table)}
    return htmx.dialog(request, "contacts/_view_delete.html", gettext("Delete {name}").format(name=view.name), context)


@require_POST
def reorder(request: Any) -> HttpResponse:
    """By drag, all ids of a group in their new order; by a button without JavaScript, "move" as "12:up"."""
    ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdecimal() and int(pk) <= LAST_ID]
    moved, _, direction = request.POST.get("move", "").partition(":")
    if moved.isdecimal() and int(moved) in ids:
        here = ids.index(int(moved))
        ids.insert(max(0, here + (1 if direction == "down" else -1)), ids.pop(here))
    request.workspace.lock()
    mine = {one.pk: one for one in savedviews.seen(request) if one.may_change(request.membership)}
    views = [mine[pk] for pk in dict.fromkeys(ids) if pk in mine]
    for position, view in enumerate(views):
        view.position = position
    View.objects.for_workspace(request.workspace).bulk_update(views, ["position"])
    table = views[0].table if views else View.Table.CONTACTS
    return htmx.done(request, f"{request.workspace.url('contacts:views')}?table={table}")


def _table(params: QueryDict) -> View.Table:
    table = str(params.get("table"))
    if table not in View.Table.values:
        raise Http404
    return View.Table(table)


def _changeable(request: Any, view_pk: int) -> View:
    """The view, for who may change it. Raises Http404 where the member doesn't see it, else PermissionDenied."""
    view = get_object_or_404(View.objects.for_workspace(request.workspace), pk=view_pk)
    if view not in savedviews.seen(request):
        raise Http404
    if not view.may_change(request.membership):
        raise PermissionDenied(gettext("Only the owner of a shared view and admins may change it."))
    return view


def _frame(request: Any, table: str) -> dict[str, Any]:
    """What the dialogs need when they are pages of their own."""
    known = View.Table(table)
    return {"section": SECTIONS[known], "table": known, "back": request.workspace.url(PAGES[known])}


def _open(request: Any, view: View, text: str) -> HttpResponse:
    messages.success(request, text)
    return htmx.go(request, savedviews.address(request.workspace, view))
