"""Deleted contacts, which can be restored with everything for 30 days."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from contacts.erasing.running import KEPT
from contacts.filters import ContactFilter
from contacts.models import Contact
from gopimi.lib import htmx
from gopimi.lib.keyset import BadCursor, Key, paginate

PAGE = 50
COUNTED = 10_000
ORDER = [Key("deleted_at", descending=True), Key("id", descending=True)]


@require_GET
def trash(request: Any) -> HttpResponse:
    query = request.GET.get("q", "")
    asked = ContactFilter({"q": query, "deleted": "true"}, request.workspace, fields=[])
    contacts = Contact.objects.for_workspace(request.workspace)
    found = contacts.none() if asked.problems else asked.apply(contacts).select_related("organization", "deleted_by")
    try:
        page = paginate(found, ORDER, PAGE, request.GET.get("cursor"))
    except BadCursor:
        page = paginate(found, ORDER, PAGE)
    for contact in page.rows:
        contact.kept_until = contact.deleted_at + KEPT
    context = {
        "section": "contacts",
        "query": query,
        "page": page,
        "total": found.order_by()[: COUNTED + 1].count(),
        "counted": COUNTED,
    }
    return htmx.page(request, "contacts/trash.html", context, fragments={"contacts-trash": "contacts/_trash.html"})
