"""What a contact's page shows of tickets and conversations."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from contacts.models import Contact
from gopimi.lib import htmx
from gopimi.lib.keyset import BadCursor
from tickets import together


@require_GET
def of_contact(request: Any, contact_id: int) -> HttpResponse:
    """All of them in one list, the newest first, as a fragment of the contact's page or a page of its own."""
    contact = get_object_or_404(Contact.objects.for_workspace(request.workspace), pk=contact_id)
    try:
        threads = together.of(contact, request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    total, opened = together.counts(contact)
    context = {"contact": contact, "threads": threads, "total": total, "opened": opened, "section": "contacts"}
    fragments = {"contact-threads": "tickets/_of_contact.html"}
    return htmx.page(request, "tickets/of_contact.html", context, fragments=fragments)
