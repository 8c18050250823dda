"""Mail that waits for a person: held, since it couldn't be processed, or a machine's that names no thread.

It is tried again as it came, or somebody says by hand who wrote it. However many do so at once, it becomes one message.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy

from contacts.models import Contact
from gopimi.lib.keyset import Key, Page, paginate
from gopimi.lib.tenancy import workspace
from gopimi.lib.words import Words
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Workspace
from tickets import attribution, inbound, mailparse, originals
from tickets.filing import Kept
from tickets.inbound import Result
from tickets.mailaddresses import Person
from tickets.models import Message, RawMail

ORDER = [Key("received_at", descending=True), Key("id", descending=True)]
PAGE = 50
LEFT = timedelta(minutes=10)  # after which nobody has it in hand any more
UNREAD = "This mail couldn't be read. It is attached as it came."
TRY_ALL_AGAIN = "tickets.try_all_held_again"  # the job's name
State = RawMail.State
FATES: dict[str | None, Words] = {  # of a mail that became no message
    None: gettext_lazy("Nothing to do: somebody deleted it."),
    State.RECEIVED: gettext_lazy("Nothing to do: it is being processed."),
    State.AUTOMATIC: gettext_lazy("Nothing to do: it is filed as a machine's mail."),
}
UNDECIDED = (State.HELD, State.AUTOMATIC)


@dataclass(frozen=True)
class Kind:
    """A list of Settings > Held mail, by the state of its mails."""

    state: str
    label: Words
    icon: str
    why: Words
    empty: Words
    caption: Words
    none: Words


KINDS = {
    "held": Kind(
        State.HELD,
        gettext_lazy("Held"),
        "mail-warning",
        gettext_lazy(
            "Mail that was received and stored, but could not become a ticket or a conversation. Nothing is lost: put "
            "the cause right, then try again, or say who wrote it."
        ),
        gettext_lazy("Every mail that came in has found its place."),
        gettext_lazy("Held mail"),
        gettext_lazy("No held mail"),
    ),
    "automatic": Kind(
        State.AUTOMATIC,
        gettext_lazy("Automatic"),
        "settings",
        gettext_lazy(
            "Mail that a machine wrote about no ticket or conversation: automatic answers, bounces, reports. It made "
            "no contact and no ticket; where it should, make it one."
        ),
        gettext_lazy("No machine has written about something that isn't here."),
        gettext_lazy("Automatic mail"),
        gettext_lazy("No automatic mail"),
    ),
}


class Gone(LookupError):
    """The mail isn't waiting any more; the text says what became of it."""


def waiting(target: Workspace) -> QuerySet:
    """The mails that somebody may decide about, without their bytes: a machine's, once those are forgotten, isn't."""
    rows = RawMail.objects.for_workspace(target).filter(state__in=UNDECIDED, data__isnull=False)
    return originals.sized(rows).select_related("mailbox")


def page(target: Workspace, kind: str, cursor: str | None) -> Page:
    """The newest first. Raises BadCursor."""
    return paginate(waiting(target).filter(state=KINDS[kind].state), ORDER, PAGE, cursor)


def find(target: Workspace, raw_mail_id: int) -> RawMail:
    """One of them, with its `size`. Raises Gone."""
    mail = waiting(target).filter(pk=raw_mail_id).first()
    if mail is None:
        raise Gone(_fate(target, raw_mail_id))
    return mail


def try_again(target: Workspace, raw_mail_id: int) -> Result:
    """Process a mail as if it had just come. Raises Gone."""
    return _process(target, raw_mail_id)


def try_all_again(workspace_id: int) -> None:
    """Process everything that is held."""
    _process_each(workspace_id, state=State.HELD)


def take_up(workspace_id: int) -> None:
    """Process what was stored and left there: the database went away, and nobody delivered it a second time."""
    _process_each(workspace_id, state=State.RECEIVED, received_at__lt=timezone.now() - LEFT)


def assign(target: Workspace, raw_mail_id: int, contact: Contact, actor: Actor) -> Result:
    """Make a mail a message of this contact's, in the thread that it answers or in a new one. Raises Gone.

    One that can't be read becomes a message with the mail as its attachment.
    """
    sender = Person(contact.name, contact.email or "", contact.email_key or "")
    by_hand: dict[str, Any] = {
        "sender": sender,
        "sender_header": f"{attribution.ASSIGNED}{actor.name}",
        "automatic": "",
    }
    states = (*inbound.WAITING, State.AUTOMATIC)
    result = _process(target, raw_mail_id, lambda raw: replace(mailparse.parse(raw), **by_hand), states)
    if result.result == State.HELD:
        result = _process(target, raw_mail_id, lambda raw: replace(_attached(raw), **by_hand), states)
    return result


def delete(target: Workspace, raw_mail_id: int) -> None:
    """Delete a mail for good; the same one, sent again, is new. Raises Gone."""
    rows = RawMail.objects.for_workspace(target).filter(pk=raw_mail_id)
    if not rows.filter(state__in=UNDECIDED).select_for_update().defer("data").first():
        raise Gone(_fate(target, raw_mail_id))
    rows.delete()


def _process_each(workspace_id: int, **waiting: Any) -> None:
    """Process the mails that wait so, the oldest first, each in a transaction of its own."""
    with workspace(workspace_id):
        rows = RawMail.objects.for_workspace(workspace_id).filter(data__isnull=False, **waiting)
        ids = list(rows.order_by("received_at", "id").values_list("pk", flat=True))
    for raw_mail_id in ids:
        with workspace(workspace_id), suppress(Gone):
            try_again(Workspace.objects.get(pk=workspace_id), raw_mail_id)


def _process(
    target: Workspace,
    raw_mail_id: int,
    read: Callable[[bytes], mailparse.Mail] | None = None,
    states: Collection[str] = inbound.WAITING,
) -> Result:
    rows = RawMail.objects.for_workspace(target).select_related("mailbox")
    raw_mail = rows.filter(pk=raw_mail_id, data__isnull=False).first()
    if raw_mail is None:
        raise Gone(_fate(target, raw_mail_id))
    try:
        with translation.override(settings.LANGUAGE_CODE):  # as reasons are kept
            kept = Kept(target, raw_mail.pk, raw_mail.state, raw_mail.mailbox_id, raw_mail.mailbox.purpose)
            result = inbound.process(kept, bytes(raw_mail.data or b""), read, states)
    except RawMail.DoesNotExist as error:
        raise Gone(_fate(target, raw_mail_id)) from error
    if result.result == "duplicate":
        raise Gone(_fate(target, raw_mail_id))
    return result


def _attached(raw: bytes) -> mailparse.Mail:
    """A mail of which nothing is read: a message with the whole as its attachment."""
    nothing = mailparse.parse(b"")
    return replace(nothing, text=UNREAD, files=[mailparse.File("message.eml", "message/rfc822", "", raw)])


def _fate(target: Workspace, raw_mail_id: int) -> str:
    """What became of a mail that isn't waiting any more."""
    messages = Message.objects.for_workspace(target).filter(raw_mail=raw_mail_id)
    if message := messages.select_related("ticket", "conversation").first():
        if message.ticket:
            return gettext("Nothing to do: it is in ticket #{number} already.").format(number=message.ticket.number)
        already = gettext("Nothing to do: it is in the conversation “{subject}” already.")
        return already.format(subject=message.conversation)
    state = RawMail.objects.for_workspace(target).filter(pk=raw_mail_id).values_list("state", flat=True).first()
    return str(FATES.get(state) or gettext("Nothing to do: it is done."))
