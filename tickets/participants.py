"""Who takes part in a thread besides its requester: offered as Cc, never added by itself."""

from typing import Any

from gopimi.lib import addresses
from tickets.mailaddresses import Person, people
from tickets.models import Mailbox, Message

MOST = 20  # people; an agent types others
NEWEST = 100  # messages that are looked at
LONGEST = 10_000  # characters of a header that are


def others(thread: Any) -> list[Person]:
    """Who wrote in the thread or stands in its To or Cc, those of the newest messages first. Neither the requester nor
    a mailbox of the workspace is among them."""
    left_out = mailbox_keys(thread.workspace_id) | {person.key for person in people(thread.reply_address)}
    columns = ("direction", "author_name", "author_email", "to", "cc")
    messages = thread.messages.exclude(direction=Message.Direction.NOTE).order_by("-created_at", "-id")
    found: dict[str, Person] = {}
    for direction, name, email, *headers in messages.values_list(*columns)[:NEWEST]:
        named = [person for header in headers for person in people(header[:LONGEST])]
        if direction == Message.Direction.INBOUND:
            named += [Person(name, person.email, person.key) for person in people(email)]
        for person in named:
            known = found.get(person.key)
            if person.key not in left_out and (known is None or not known.name):
                found[person.key] = person
    return list(found.values())[:MOST]


def mailbox_keys(workspace_id: Any) -> set[str]:
    """What the workspace's own addresses are compared by: mail to them would come back in."""
    own = Mailbox.objects.for_workspace(workspace_id).values_list("address", flat=True)
    return {addresses.email_key(address) for address in own}
