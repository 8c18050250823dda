"""Why a message is this contact's, in words. What decided is kept from when the mail came (`Message.attribution`)."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from contacts.models import Contact
from gopimi.workspaces.actor import ActorKind
from tickets.models import Message

ASSIGNED = "Assigned by "
BY_HAND = gettext_lazy("Assigned by {name}, by hand. The mail’s own headers didn’t decide.")
# By the header that decided (mailparse.SENDERS): what it means that this one did
HEADERS = {
    "From": gettext_lazy("The mail’s From header names one person. That decides."),
    "Sender": gettext_lazy("From names no one person by a usable address. The Sender header comes next, and decided."),
    "Reply-To": gettext_lazy(
        "Neither From nor Sender names a usable address. The Reply-To header comes last, and decided."
    ),
}


@dataclass(frozen=True)
class Why:
    """`header` is empty where somebody assigned the mail by hand; `contact` is None where nobody has the address."""

    header: str
    address: str
    decided: str
    contact: Contact | None
    created: bool  # by this very mail
    requester: Contact | None  # of the thread, where it is somebody else


def explain(message: Message) -> Why:
    """What decided whose message this is. It needs its `attribution`."""
    by, _, address = message.attribution.rpartition(": ")
    contact = message.author_contact
    requester = message.thread.contact
    return Why(
        header=by if by in HEADERS else "",
        address=address,
        decided=str(HEADERS.get(by) or BY_HAND.format(name=by.removeprefix(ASSIGNED))),
        contact=contact,
        created=contact is not None and _created(message, contact),
        requester=requester if contact and requester and requester.pk != contact.pk else None,
    )


def _created(message: Message, contact: Contact) -> bool:
    """Whether the contact was made by this mail: mail made it, and it wrote nothing before."""
    if contact.creator_kind != ActorKind.EMAIL:
        return False
    earlier = Message.objects.for_workspace(message.workspace_id).filter(author_contact=contact, pk__lt=message.pk)
    return not earlier.exists()
