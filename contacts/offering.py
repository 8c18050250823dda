"""The contacts to choose from, for the contact selector and the command palette."""

from typing import Any

from django.db.models import QuerySet

from contacts import searching
from contacts.filters import ContactFilter
from contacts.models import Contact
from gopimi.workspaces.templatetags.ui import hue, initials


def offered(workspace: Any, query: str) -> QuerySet:
    """The contacts that fit what is typed: those called so first."""
    contacts = Contact.objects.for_workspace(workspace)
    asked = ContactFilter({"q": query}, workspace, fields=[])
    return contacts.none() if asked.problems else searching.by_likeness(asked.apply(contacts), query)


def option(contact: Contact) -> dict[str, Any]:
    """What such a list shows of a contact."""
    return {
        "value": contact.pk,
        "text": str(contact),
        "email": contact.email,
        "hue": hue(contact),
        "initials": initials(contact),
    }
