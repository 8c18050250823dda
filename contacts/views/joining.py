"""Contacts that were there before their organization got its domains: who would join it, shown before they do."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from contacts.bulkedits import running
from contacts.bulkedits.records import Action
from contacts.models import Contact
from contacts.views.bulk_edits import OF_CONTACTS
from gopimi.lib import htmx
from organizations.models import Organization

SHOWN = 8  # of those who would join


@require_http_methods(["GET", "POST"])
def join(request: Any, organization_pk: int) -> HttpResponse:
    """Those with an address of its domains and no organization; whoever is in another one stays there."""
    workspace = request.workspace
    organization = get_object_or_404(Organization.objects.for_workspace(workspace), pk=organization_pk)
    found = Contact.objects.for_workspace(workspace).of_domains(organization.domain_names)
    joining = found.filter(organization=None)
    if request.method == "POST":
        ids = list(joining.values_list("pk", flat=True))
        one = running.begin(workspace.pk, request.actor, Action.ORGANIZATION, ids, str(organization.pk))
        return OF_CONTACTS.begun(request, one, organizations_changed=True)
    number = joining.count()
    context = {
        "section": "contacts",
        "back": workspace.url("organizations:list"),
        "organization": organization,
        "number": number,
        "more": max(0, number - SHOWN),
        "elsewhere": found.exclude(organization=None).exclude(organization=organization).count(),
        "shown": joining.order_by("name_key", "pk")[:SHOWN],
    }
    heading = gettext("Contacts for {name}").format(name=organization.name)
    return htmx.dialog(request, "contacts/_join.html", heading, context)
