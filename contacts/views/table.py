"""The contacts table: every state of it is in the URL."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from contacts import columns, savedviews
from contacts.conditions import chips
from contacts.filters import CUSTOM, ContactFilter, present
from contacts.highlighting import Highlight, highlighter
from contacts.models import Contact, ContactTag, View
from contacts.savedviews import State
from contacts.tagnames import TagNames
from customfields import values
from gopimi.lib import htmx, stencils
from gopimi.lib.counting import Total
from gopimi.lib.counting import total as total_of
from gopimi.lib.keyset import BadCursor, Page
from gopimi.lib.markup import escape
from gopimi.lib.words import Words
from gopimi.workspaces import toasts
from gopimi.workspaces.models import Membership, Workspace
from gopimi.workspaces.templatetags.ui import avatar

# Its name alone: an object of each costs as much as the contact's own, and a join is carried along by those who look
# for the page's contacts (`contacts.narrowing`).
ORGANIZATION_NAME = """
(SELECT name FROM organizations_organization AS its_own WHERE (its_own.workspace_id, its_own.id)
    = (contacts_contact.workspace_id, contacts_contact.organization_id))
"""
COUNTED = 10_000  # beyond it the table says "10,000+"


@require_GET
def table(request: Any) -> HttpResponse:
    workspace = request.workspace
    fields = values.fields_of(workspace)
    if (query := present(request.GET, fields)) != request.GET:
        return htmx.go(request, f"{request.path}?{query.urlencode()}")
    state = State(request, View.Table.CONTACTS)
    if state.shortcut:
        return htmx.go(request, state.shortcut)
    asked = state.read(lambda params: ContactFilter(params, workspace, fields))
    if asked.deleted:
        return htmx.go(request, workspace.url("contacts:trash"))
    if htmx.wants(request, "contacts-total"):
        return _exact(request, asked)
    known = columns.known(fields)
    state.leave_out_columns(known)
    highlight = highlighter(asked.query)
    shown = columns.chosen(state.columns or request.membership.contact_columns, fields, highlight)
    page: Page = Page([], None, None)
    total: Total | None = Total(0)
    if not asked.problems:
        page = _page(request, asked, state.limit)
        total = _total(request, asked, page)
    context = {
        "section": "contacts",
        "tab": "contacts",
        "state": state,
        "asked": asked,
        "chips": chips(asked),
        "field_count": len(fields),
        "headings": _headings(asked, shown),
        "hidden_order": _hidden_order(asked, shown, known),
        "rows": _rows(workspace, page, shown, fields, highlight),
        "page": page,
        "first": page.previous is None,
        "total": total,
        "views": savedviews.menu(request, View.Table.CONTACTS) if not request.htmx else [],
        "choices": _choices(shown, known),
    }
    status = (422 if request.htmx else 400) if asked.problems else 200
    fragments = {"contacts-table": "contacts/_table.html", "contacts-count": "contacts/_count.html"}
    return htmx.page(request, "contacts/list.html", context, fragments=fragments, status=status)


def _page(request: Any, asked: ContactFilter, limit: int) -> Page:
    contacts = with_tags(request.workspace).annotate(organization_name=RawSQL(ORGANIZATION_NAME, []))  # noqa: S611
    try:
        return asked.page(contacts, limit, request.GET.get("cursor"))
    except BadCursor:  # of another order, or out of an old bookmark
        return asked.page(contacts, limit)


def with_tags(workspace: Workspace) -> QuerySet:
    """Contacts with `tag_names`, in the same statement."""
    return Contact.objects.for_workspace(workspace).annotate(tag_names=TagNames.of(ContactTag, "contact"))


def _total(request: Any, asked: ContactFilter, page: Page) -> Total | None:
    """How many match. None for the table by itself, whose rows don't wait for the count: it is asked for afterwards."""
    if page.next is None and page.previous is None:
        return Total(len(page.rows))
    if htmx.wants(request, "contacts-table") and _is_filtered(asked) and request.GET.get("count") != "true":
        return None
    return _count(request, asked)


def _is_filtered(asked: ContactFilter) -> bool:
    return bool(asked.conditions or asked.query or asked.deleted)


def _count(request: Any, asked: ContactFilter) -> Total:
    """How many match; the workspace knows how many there are in all, and `count=true` asks for the exact number."""
    workspace = request.workspace
    if not _is_filtered(asked):
        return Total(workspace.contact_count)
    matching = asked.apply(Contact.objects.for_workspace(workspace))
    return total_of(matching, None if request.GET.get("count") == "true" else COUNTED)


def _exact(request: Any, asked: ContactFilter) -> HttpResponse:
    """The footer's number alone; the page's other places take it from the event."""
    total = _count(request, asked) if not asked.problems else Total(0)
    return htmx.fragment(request, "contacts/_total.html", {"total": total}, contacts_counted={"total": str(total)})


def _rows(
    workspace: Workspace, page: Page, shown: list[columns.Column], fields: Any, highlight: Highlight
) -> list[SafeString]:
    wanted = [field for field in fields if any(column.key == CUSTOM + field.key for column in shown)]
    held = values.read(workspace, [contact.pk for contact in page.rows], wanted)
    return [
        stencils.fill(
            "contacts/_row.html",
            {
                "pk": str(contact.pk),
                "called": escape(str(contact)),
                "picture": avatar(contact),
                "name": highlight(str(contact)),
                "under": highlight(contact.organization_name or contact.email or ""),
                "detail": workspace.url("contacts:detail", contact.pk),
                "edit": workspace.url("contacts:edit", contact.pk),
                "cells": columns.cells(shown, contact, held[contact.pk]),
            },
        )
        for contact in page.rows
    ]


def _headings(asked: ContactFilter, shown: list[columns.Column]) -> list[dict[str, Any]]:
    return [_heading("name", gettext("Name"), "w-name", asked, True)] + [
        _heading(one.key, one.label, f"{one.width} {one.css}", asked, one.sortable) for one in shown
    ]


def _heading(key: str, label: Words, css: str, asked: ContactFilter, sortable: bool) -> dict[str, Any]:
    """How a column stands in the order, and the order that its heading leads to."""
    current = asked.sort == key
    direction = ("descending" if asked.descending else "ascending") if current else ""
    following = f"-{key}" if direction == "ascending" else key
    return {"label": label, "css": css, "direction": direction, "next": following if sortable else ""}


def _hidden_order(asked: ContactFilter, shown: list[columns.Column], known: Mapping[str, columns.Column]) -> str:
    """What the table is sorted by where none of its headings shows it; else empty."""
    if asked.sort in ("name", *(column.key for column in shown)):
        return ""
    return str(known[asked.sort].label)


def _choices(shown: list[columns.Column], known: Mapping[str, columns.Column]) -> list[dict[str, Any]]:
    """All columns for the Columns popover: the shown ones in their order, then the others."""
    keys = [column.key for column in shown]
    others = [column for key, column in known.items() if key not in keys]
    return [{"column": column, "shown": column.key in keys} for column in [*shown, *others]]


@require_POST
def choose_columns(request: Any) -> HttpResponse:
    """Keep which columns this member sees, in their order; none is the default."""
    known = columns.known(values.fields_of(request.workspace))
    keys = [] if "reset" in request.POST else [key for key in request.POST.getlist("columns") if key in known]
    Membership.objects.filter(pk=request.membership.pk).update(contact_columns=list(dict.fromkeys(keys)))
    return toasts.done(request, request.workspace.url("contacts:list"), contacts_changed=True)
