"""Who takes part in a thread besides its requester: offered as Cc, never added by itself."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from gopimi.lib import addresses
from tickets.mailaddresses import Person, people
from tickets.models import Mailbox, Message

MOST = 20  # people; an agent types others
NEWEST = 100  # messages that are looked at
LONGEST = 10_000  # characters of a header that are


def others(thread: Any, messages: Iterable[Message] | None = None) -> list[Person]:
    """Who wrote in the thread or stands in its To or Cc, those of the newest messages first. Neither the requester nor
    a mailbox of the workspace is among them. `messages` are those of the thread, the newest first, where they are at
    hand."""
    left_out = mailbox_keys(thread.workspace_id) | {person.key for person in people(thread.reply_address)}
    if messages is None:
        columns = ("direction", "author_name", "author_email", "to", "cc")
        messages = thread.messages.order_by("-created_at", "-id").only(*columns)[:NEWEST]
    found: dict[str, Person] = {}
    for message in islice(messages, NEWEST):
        if message.direction == Message.Direction.NOTE:
            continue
        named = [person for header in (message.to, message.cc) for person in people(header[:LONGEST])]
        if message.direction == Message.Direction.INBOUND:
            named += [Person(message.author_name, person.email, person.key) for person in people(message.author_email)]
        for person in named:
            known = found.get(person.key)
            if person.key not in left_out and (known is None or not known.name):
                found[person.key] = person
    return list(found.values())[:MOST]


def mailbox_keys(workspace_id: Any) -> set[str]:
    """What the workspace's own addresses are compared by: mail to them would come back in."""
    own = Mailbox.objects.for_workspace(workspace_id).values_list("address", flat=True)
    return {addresses.email_key(address) for address in own}
