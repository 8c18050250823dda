"""The contacts to choose from, for the contact selector and the command palette."""

from typing import Any

from contacts import searching
from contacts.filters import ContactFilter
from contacts.models import Contact
from gopimi.workspaces.templatetags.ui import hue, initials


def offered(workspace: Any, query: str, most: int) -> list[Contact]:
    """Contacts that fit what is typed: those called so first."""
    asked = ContactFilter({"q": query}, workspace, fields=[])
    found: list[Contact] = []
    if not asked.problems:
        for part in searching.by_likeness(asked.apply(Contact.objects.for_workspace(workspace)), query):
            found += part.exclude(pk__in=[contact.pk for contact in found])[: most - len(found)]
            if len(found) == most:
                break
    return found


def option(contact: Contact) -> dict[str, Any]:
    """What such a list shows of a contact."""
    return {
        "value": contact.pk,
        "text": str(contact),
        "email": contact.email,
        "hue": hue(contact),
        "initials": initials(contact),
    }
