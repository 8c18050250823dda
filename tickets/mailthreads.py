"""Which ticket or conversation a mail belongs to, by the ids that it names and never by its subject."""

from typing import Any

from gopimi.workspaces.models import Workspace
from tickets.mailparse import Mail
from tickets.messageids import digest, is_ours
from tickets.models import Conversation, Message, MessageId, Ticket

MOST_IDS = 200  # some mailers never shorten References


def named(mail: Mail) -> list[str]:
    """The ids of mails that a mail says it belongs to, the likeliest first."""
    return [*mail.in_reply_to, *reversed(mail.references), *mail.about]


def find(target: Workspace, mail: Mail) -> Ticket | Conversation | None:
    """The thread that In-Reply-To names, then the References from the last to the first, its row locked.

    Of the ids that come from this workspace alone: those of ours whose signature holds, and those that came in.
    """
    digests = {digest(identifier): identifier for identifier in named(mail)[:MOST_IDS]}
    if not digests:
        return None
    rows = MessageId.objects.for_workspace(target).filter(digest__in=list(digests)).order_by("message_id")
    known: dict[bytes, Any] = {}
    for row in rows.values_list(
        "digest", "message_id", "message__direction", "message__ticket_id", "message__conversation_id", named=True
    ):
        key, ours = bytes(row.digest), row.message__direction == Message.Direction.OUTBOUND
        if ours and not is_ours(digests[key], target.pk, row.message_id):
            continue
        # Several mails may carry one id. Ours is ours, whoever sends it again as theirs; else the newest counts.
        if key not in known or ours or known[key].message__direction != Message.Direction.OUTBOUND:
            known[key] = row
    found = next((known[key] for key in digests if key in known), None)
    if found is None:
        return None
    threads = Ticket.objects if found.message__ticket_id else Conversation.objects
    locked = threads.for_workspace(target).select_for_update(no_key=True)
    return locked.filter(pk=found.message__ticket_id or found.message__conversation_id).first()
