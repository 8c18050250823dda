"""A contact's own page: what it asked, what changed, and its card and fields edited in place."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404

from contacts import history, offering, sidebar
from contacts.erasing.running import KEPT
from contacts.models import Contact
from contacts.sidebar import PROPERTIES
from gopimi.lib import htmx

FOUND = 20  # contacts that the selector offers at a time
TOLD = 20  # changes that the history tells


def detail(request: Any, pk: int) -> HttpResponse:
    """A contact in the trash is shown with the way back; of an erased person there is no page."""
    workspace = request.workspace
    known = Contact.objects.for_workspace(workspace).filter(erased_at__isnull=True)
    contact = get_object_or_404(known.select_related("organization", "deleted_by"), pk=pk)
    changes, more = history.story(contact, TOLD)
    return htmx.page(
        request,
        "contacts/detail.html",
        {
            "section": "contacts",
            **sidebar.context(workspace, contact, featured_only=False),
            "properties": [kind(workspace, contact) for kind in PROPERTIES.values()],
            "story": history.told(workspace, changes),
            "kept_until": contact.deleted_at and contact.deleted_at + KEPT,
            "more_changes": more,
        },
        fragments={"contact-hero": "contacts/_hero.html", "contact-history": "contacts/_history.html"},
    )


def options(request: Any) -> JsonResponse:
    """What the contact selector offers for `?q=`: those called so first."""
    found = offering.offered(request.workspace, request.GET.get("q", ""), FOUND)
    return JsonResponse([offering.option(contact) for contact in found], safe=False)
