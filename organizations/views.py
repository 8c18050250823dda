"""The Organizations tab: a table, and dialogs to make, edit and delete one."""

from typing import Any

from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from gopimi.lib import htmx
from gopimi.lib.keyset import BadCursor, Key, paginate
from gopimi.workspaces import toasts
from organizations.forms import OrganizationForm
from organizations.models import Organization

PAGE = 50
COUNTED = 10_000  # beyond it the table says "10,000+"
OFFERED = 20  # options of the selector
COLUMNS = {
    "name": "name_key", "contacts": "contact_count", "tickets": "open_ticket_count", "created": "created_at",
}  # fmt: skip


def _organizations(request: Any) -> Any:
    return Organization.objects.for_workspace(request.workspace)


@require_GET
def organizations(request: Any) -> HttpResponse:
    query, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "name")
    name = sort.removeprefix("-")
    if name not in COLUMNS or "\x00" in query:
        return HttpResponseBadRequest(gettext("There is no such order or search."))
    found = _organizations(request).search(query)
    keys = [Key(column, descending=sort.startswith("-")) for column in (COLUMNS[name], "id")]
    try:
        page = paginate(found.prefetch_related("domains"), keys, PAGE, request.GET.get("cursor"))
    except BadCursor:
        page = paginate(found.prefetch_related("domains"), keys, PAGE)
    total = found.order_by()[: COUNTED + 1].count()
    context = {
        "section": "contacts", "tab": "organizations", "query": query, "sort": sort, "page": page,
        "counted": COUNTED, "total": total, "any": bool(total) or _organizations(request).exists(),
        "columns": _columns(sort),
    }  # fmt: skip
    fragments = {"organizations": "organizations/_table.html", "contacts-tabs": "contacts/_tabs.html"}
    return htmx.page(request, "organizations/list.html", context, fragments=fragments)


def _columns(sort: str) -> dict[str, dict[str, Any]]:
    """How each column stands in the order, and the order that its heading leads to."""
    return {
        name: {
            "ascending": sort == name,
            "descending": sort == f"-{name}",
            "next": f"-{name}" if sort == name else name,
        }
        for name in COLUMNS
    }


@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: Any, pk: int) -> HttpResponse:
    return _form(request, get_object_or_404(_organizations(request), pk=pk))


def _form(request: Any, organization: Organization | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = OrganizationForm(data, workspace=request.workspace, organization=organization)
    back = request.workspace.url("organizations:list")
    if form.is_valid() and (saved := form.save()):
        return toasts.done(request, back, gettext("{name} saved").format(name=saved.name), organizations_changed=True)
    heading = organization.name if organization else gettext("New organization")
    context = {"section": "contacts", "back": back, "form": form, "organization": organization}
    status = 422 if form.errors else 200
    return htmx.dialog(request, "organizations/_form.html", heading, context, status=status)


@require_http_methods(["GET", "POST"])
def delete(request: Any, pk: int) -> HttpResponse:
    """Its contacts stay, without organization."""
    organization = get_object_or_404(_organizations(request), pk=pk)
    back = request.workspace.url("organizations:list")
    if request.method == "POST":
        organization.delete()
        return toasts.done(
            request, back, gettext("{name} deleted").format(name=organization.name), organizations_changed=True
        )
    context = {"section": "contacts", "back": back, "organization": organization}
    return htmx.dialog(
        request, "organizations/_delete.html", gettext("Delete {name}").format(name=organization.name), context
    )


@require_GET
def options(request: Any) -> HttpResponse:
    """What the organization selector offers for `?q=`: those whose name begins so first."""
    query = request.GET.get("q", "").replace("\x00", "")
    found = _organizations(request).offered(query, OFFERED)
    return JsonResponse([{"value": one.pk, "text": one.name} for one in found], safe=False)
