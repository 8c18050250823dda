"""A thread in the order of time: messages, and between them what was done to it, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from contacts.models import Contact
from gopimi.workspaces.actor import ActorKind
from gopimi.workspaces.models import ApiToken, User
from tickets.looks import PRIORITIES, STATUSES
from tickets.models import Event, Message, Priority, Ticket


@dataclass
class Entry:
    """A message, or an event as an icon and what somebody did, in words."""

    at: datetime
    key: int  # of the message or of the event
    message: Message | None = None
    icon: str = ""
    words: str = ""


def timeline(thread: Any) -> list[Entry]:
    """Everything that happened in the thread, the oldest first."""
    messages = (
        Message.objects.for_workspace(thread.workspace_id)
        .filter(**{thread.called(): thread})
        .select_related("author_user", "author_contact", "mailbox")
        .prefetch_related("attachments")
        .order_by("created_at", "id")
    )
    # That a mail opened it is said by the mail.
    names = Names(list(thread.events.exclude(what="opened", actor_kind=ActorKind.EMAIL).order_by("id")))
    entries = [names.entry(event, thread) for event in names.events]
    entries += [Entry(message.created_at, message.pk, message) for message in messages]
    return sorted(entries, key=lambda entry: entry.at)  # of the same moment: events first


class Names:
    """What people, contacts and tokens in events are called now, looked up once for all of them."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def entry(self, event: Event, thread: Any) -> Entry:
        icon, words = WORDS[event.what](self, event, thread)
        return Entry(event.created_at, event.pk, icon=icon, words=format_html("<b>{}</b> {}", self.actor(event), words))

    def actor(self, event: Event) -> str:
        if event.actor_kind == ActorKind.AGENT:
            return self.user(event.actor_id)
        if event.actor_kind == ActorKind.API:
            name = self.tokens.get(event.actor_id or 0)
            return gettext("API token {name}").format(name=name) if name else gettext("API token that is gone")
        return gettext("A new message") if event.actor_kind == ActorKind.EMAIL else "GoPimi"

    def user(self, pk: Any) -> str:
        return self.users.get(int(pk or 0), gettext("Somebody who left"))

    def contact(self, pk: str) -> str:
        return self.contacts.get(int(pk), gettext("Deleted person")) if pk else gettext("nobody")

    @cached_property
    def users(self) -> dict[int, str]:
        ids = {event.actor_id or 0 for event in self.events if event.actor_kind == ActorKind.AGENT}
        ids |= self._ids("assignee")
        return {user.pk: user.display_name for user in User.objects.filter(pk__in=ids)} if ids else {}

    @cached_property
    def contacts(self) -> dict[int, str]:
        ids = self._ids("contact")
        if not ids:
            return {}
        contacts = Contact.objects.for_workspace(self.events[0].workspace_id).filter(pk__in=ids)
        return {contact.pk: str(contact) for contact in contacts}

    @cached_property
    def tokens(self) -> dict[int, str]:
        ids = {event.actor_id or 0 for event in self.events if event.actor_kind == ActorKind.API}
        return dict(ApiToken.objects.filter(pk__in=ids).values_list("pk", "name"))

    def _ids(self, what: str) -> set[int]:
        return {int(text) for event in self.events if event.what == what for text in (event.old, event.new) if text}


Words = tuple[str, SafeString]  # an icon, and what the actor did


def _opened(names: Names, event: Event, thread: Any) -> Words:
    said = gettext("opened this ticket") if isinstance(thread, Ticket) else gettext("opened this conversation")
    return "plus", format_html("{}", said)


def _status(names: Names, event: Event, thread: Any) -> Words:
    labels = dict(thread._meta.get_field("status").choices)
    old, new = labels.get(event.old, event.old), labels.get(event.new, event.new)
    said = gettext("changed status from <b>{old}</b> to <b>{new}</b>")
    return STATUSES[event.new][0], format_html(said, old=old, new=new)


def _priority(names: Names, event: Event, thread: Any) -> Words:
    old, new = Priority(int(event.old)), Priority(int(event.new))
    said = gettext("changed priority from <b>{old}</b> to <b>{new}</b>")
    return PRIORITIES[new][0], format_html(said, old=old.label, new=new.label)


def _assignee(names: Names, event: Event, thread: Any) -> Words:
    if not event.new:
        said = gettext("took this from <b>{name}</b>")
        return "user-round-x", format_html(said, name=names.user(event.old))
    if event.actor_kind == ActorKind.AGENT and event.new == str(event.actor_id):
        return "user-round-check", format_html("{}", gettext("took this"))
    said = gettext("assigned this to <b>{name}</b>")
    return "user-round-check", format_html(said, name=names.user(event.new))


def _contact(names: Names, event: Event, thread: Any) -> Words:
    old, new = names.contact(event.old), names.contact(event.new)
    if isinstance(thread, Ticket):
        said = gettext("changed requester from <b>{old}</b> to <b>{new}</b>")
        return "user-round-check", format_html(said, old=old, new=new)
    if not event.new:
        return "user-round-x", format_html(gettext("cleared the contact <b>{name}</b>"), name=old)
    return "user-round-check", format_html(gettext("set the contact to <b>{name}</b>"), name=new)


def _subject(names: Names, event: Event, thread: Any) -> Words:
    said = gettext("changed subject from <b>{old}</b> to <b>{new}</b>")
    return "pencil", format_html(said, old=event.old, new=event.new)


def _tags(names: Names, event: Event, thread: Any) -> Words:
    old, new = (set(filter(None, text.split(", "))) for text in (event.old, event.new))
    added, removed = ", ".join(sorted(new - old)), ", ".join(sorted(old - new))
    if added and removed:
        said = gettext("added <b>{added}</b> and removed <b>{removed}</b>")
    else:
        said = gettext("added <b>{added}</b>") if added else gettext("removed <b>{removed}</b>")
    return "tag", format_html(said, added=added, removed=removed)


WORDS: dict[str, Callable[[Names, Event, Any], Words]] = {
    "opened": _opened,
    "status": _status,
    "priority": _priority,
    "assignee": _assignee,
    "contact": _contact,
    "subject": _subject,
    "tags": _tags,
}
