"""Where tickets, conversations and mails have traces of people, and what becomes of them.

What a person wrote stays, as the thread that it belongs to: without their name and address, without the files that came
with it, and without the mail that brought it. A copy of their address in anybody's message goes too.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.lookups import Regex
from django.utils.translation import gettext

from contacts.erasing import tags
from contacts.erasing.keeping import forget_values
from contacts.erasing.traces import WINDOW, Bytes, People, Person, Stop, mentions, windows
from contacts.models import Contact
from gopimi.lib.counting import counted
from gopimi.lib.tenancy import workspace
from tickets import attachments, scrubbing
from tickets.drafts import WRITTEN
from tickets.mailaddresses import people as people_in
from tickets.models import Attachment, Conversation, Draft, DraftFile, Event, Message, RawMail, ThreadEdit, Ticket

MAILS = 100  # each of up to 50 MB
RECIPIENTS = ("to", "cc", "bcc")
TEXTS = (
    "body_text", "body_html", "author_email", "author_name", "attribution", "failure", "message_id", "in_reply_to",
    "references",
)  # fmt: skip
LONGEST = {"subject": 500, "filename": 255}  # characters
THREADS: tuple[Any, ...] = (Ticket, Conversation)


class Tickets:
    """A `Keeper`."""

    def told(self, contact: Contact) -> tuple[list[str], list[str]]:
        rows = {model: model.objects.for_workspace(contact.workspace_id) for model in (*THREADS, Message, Attachment)}
        threads = {model: rows[model].filter(contact=contact).count() for model in THREADS}
        tickets = counted(threads[Ticket], "{number} ticket", "{number} tickets")
        conversations = counted(threads[Conversation], "{number} conversation", "{number} conversations")
        own = rows[Message].filter(author_contact=contact)
        mails = counted(own.filter(raw_mail__isnull=False).count(), "{number} mail", "{number} mails")
        waiting = DraftFile.objects.for_workspace(contact.workspace_id).filter(_in_threads_of([contact.pk]))
        number = rows[Attachment].filter(message__author_contact=contact).count() + waiting.count()
        files = counted(number, "{number} attached file", "{number} attached files")
        goes = [
            gettext("{mails} as they came, and {files}").format(mails=mails, files=files),
            gettext("The address in everybody's messages, the full name in their own threads: there stands “[erased]”"),
        ]
        wrote = counted(own.count(), "{number} message", "{number} messages")
        return goes, [
            gettext("{tickets} and {conversations}").format(tickets=tickets, conversations=conversations),
            gettext("The text of {messages}, by “Deleted person”").format(messages=wrote),
        ]

    def needed(self, workspace_id: int, ids: Sequence[int]) -> set[int]:
        """Who has a ticket or a conversation, or wrote in one."""
        columns = ((Ticket, "contact_id"), (Conversation, "contact_id"), (Message, "author_contact_id"))
        found: set[int] = set()
        for model, column in columns:
            rows = model.objects.for_workspace(workspace_id).filter(**{f"{column}__in": ids})
            found |= set(rows.values_list(column, flat=True))
        return found

    def forget(self, workspace_id: int, ids: Sequence[int]) -> None:
        own = Message.objects.for_workspace(workspace_id).filter(author_contact_id__in=ids)
        own.update(author_name="", author_email="", attribution="")
        conversations = Conversation.objects.for_workspace(workspace_id).filter(contact_id__in=ids)
        conversations.update(from_name="", from_email="")

    def sweep(self, people: People, must_stop: Stop) -> bool:
        steps = (_own_files, _own_mails, _waiting_mails, _messages, _drafts, _attached, _threads, _events, _names)
        with workspace(people.workspace_id):
            forget_values(people, ThreadEdit)
        return all(step(people, must_stop) for step in steps)


def _own_files(people: People, must_stop: Stop) -> bool:
    """The files that came with what they wrote, and those that were about to be sent to them."""
    own = Attachment.objects.for_workspace(people.workspace_id).filter(message__author_contact_id__in=people.ids)
    waiting = DraftFile.objects.for_workspace(people.workspace_id)
    waiting = waiting.filter(_in_threads_of(people.ids), created_at__lt=people.latest)
    for files in (own, waiting):
        for window in windows(people, files, must_stop, MAILS):
            if window is None:
                return False
            attachments.delete(window)
    return True


def _in_threads_of(ids: Sequence[int]) -> Q:
    return Q(draft__ticket__contact_id__in=ids) | Q(draft__conversation__contact_id__in=ids)


def _own_mails(people: People, must_stop: Stop) -> bool:
    mails = RawMail.objects.for_workspace(people.workspace_id)
    own = mails.filter(messages__author_contact_id__in=people.ids)
    for window in windows(people, own, must_stop, MAILS):
        if window is None:
            return False
        mails.filter(pk__in=list(window.values_list("pk", flat=True))).delete()
    return True


def _waiting_mails(people: People, must_stop: Stop) -> bool:
    """Mails that became no message: theirs go, and what machines wrote about them. Somebody else's stays without them,
    for it may still become one."""
    mails = RawMail.objects.for_workspace(people.workspace_id)
    waiting = mails.filter(state__in=[RawMail.State.HELD, RawMail.State.AUTOMATIC], received_at__lt=people.latest)
    encoded = Q(Regex(Bytes("data"), Value("(?i)base64|=40|=[?]")))  # it may have what isn't seen in the bytes
    told = mentions(people, "sender", "subject", "reason", Bytes("data"))
    for window in windows(people, waiting, must_stop, MAILS):
        if window is None:
            return False
        for pk in list(window.filter(Q(told) | encoded).values_list("pk", flat=True)):  # each may have 50 MB
            _without_them(people, mails.filter(pk=pk))
    return True


def _without_them(people: People, found: QuerySet) -> None:
    mail = found.select_for_update().first()
    if mail is None:
        return
    data, at = bytes(mail.data or b""), mail.received_at
    theirs = bool(people.in_text(mail.sender, at))
    if not people.in_text(f"{mail.sender} {mail.subject} {mail.reason}\n{scrubbing.text(data)}", at):
        return
    if theirs or mail.state == RawMail.State.AUTOMATIC:
        found.delete()
        return
    new = {name: people.unnamed(getattr(mail, name), at) for name in ("subject", "reason")}
    new["subject"] = new["subject"][: LONGEST["subject"]]
    found.update(data=scrubbing.without(data, partial(people.unnamed, at=at)), **new)


def _messages(people: People, must_stop: Stop) -> bool:
    """Addresses in anybody's messages; the mail that brought such a message is forgotten."""
    messages = Message.objects.for_workspace(people.workspace_id)
    mails = RawMail.objects.for_workspace(people.workspace_id)
    for window in windows(people, messages.filter(created_at__lt=people.latest), must_stop):
        if window is None:
            return False
        for message in window.filter(mentions(people, *RECIPIENTS, *TEXTS)).select_for_update(no_key=True):
            at = message.created_at
            new = {name: people.without_addresses(getattr(message, name), at) for name in TEXTS}
            if new["author_email"] != message.author_email:
                new["author_name"] = new["author_email"] = ""
            new |= {name: _without(people, getattr(message, name), at) for name in RECIPIENTS}
            if any(getattr(message, name) != text for name, text in new.items()):
                messages.filter(pk=message.pk).update(**new)
                mails.filter(pk=message.raw_mail_id).update(data=None)
    return True


def _drafts(people: People, must_stop: Stop) -> bool:
    """Addresses in what members have begun to write."""
    drafts = Draft.objects.for_workspace(people.workspace_id)
    for window in windows(people, drafts.filter(created_at__lt=people.latest), must_stop):
        if window is None:
            return False
        for draft in window.filter(mentions(people, *WRITTEN)).select_for_update(no_key=True):
            at = draft.created_at
            new = {name: _without(people, getattr(draft, name), at) for name in WRITTEN}
            drafts.filter(pk=draft.pk).update(**new | {"body": people.without_addresses(draft.body, at)})
    return True


def _attached(people: People, must_stop: Stop) -> bool:
    """Addresses in what others' files are called; names are looked for in their own threads."""
    stem = Func(F("filename"), Value(r"\.[^.]*$"), Value(""), function="regexp_replace", output_field=TextField())
    for model in (Attachment, DraftFile):
        files: QuerySet[Any] = model.objects.for_workspace(people.workspace_id)
        for window in windows(people, files.filter(created_at__lt=people.latest), must_stop):
            if window is None:
                return False
            for file in window.filter(mentions(people, "filename", stem)):
                files.filter(pk=file.pk).update(filename=people.without_file_name(file.filename, file.created_at))
    return True


def _without(people: People, header: str, at: Any) -> str:
    """The recipients without those who were erased, with their names."""
    if not people.in_text(header, at):
        return header
    left = [one for one in people_in(header) if not people.in_text(one.email, at)]
    return ", ".join(f"{one.name} <{one.email}>" if one.name else one.email for one in left)


def _threads(people: People, must_stop: Stop) -> bool:
    """Subjects, and conversations whose contact was taken away."""
    for model in THREADS:
        names = ["subject", "from_email"] if model is Conversation else ["subject"]
        rows = model.objects.for_workspace(people.workspace_id)
        for window in windows(people, rows.filter(created_at__lt=people.latest), must_stop):
            if window is None:
                return False
            for thread in window.filter(mentions(people, *names)).select_for_update(no_key=True):
                new = {"subject": people.without_addresses(thread.subject, thread.created_at)[: LONGEST["subject"]]}
                if "from_email" in names and people.in_text(thread.from_email, thread.created_at):
                    new |= {"from_name": "", "from_email": ""}
                rows.filter(pk=thread.pk).update(**new)
    return True


def _events(people: People, must_stop: Stop) -> bool:
    """Subjects that were changed, and tags that were called by them."""
    events = Event.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    ways: dict[str, Any] = {"subject": people.without_addresses, "tags": partial(tags.without, people)}
    for window in windows(people, events.filter(what__in=ways), must_stop):
        if window is None:
            return False
        for event in window.filter(Q(mentions(people, "old", "new")) | Q(what="tags")):
            new = {name: ways[event.what](getattr(event, name), event.created_at) for name in ("old", "new")}
            if any(getattr(event, name) != text for name, text in new.items()):
                events.filter(pk=event.pk).update(**new)
    return True


def _names(people: People, must_stop: Stop) -> bool:
    """Their names in the threads in which they took part."""
    with workspace(people.workspace_id):
        took_part = Tickets().needed(people.workspace_id, people.ids)
    for person in people.everybody:
        if person.contact_id not in took_part:
            continue
        if must_stop():
            return False
        with workspace(people.workspace_id):
            for model in THREADS:
                _unname(people.workspace_id, person, model)
    return True


def _unname(workspace_id: int, person: Person, model: Any) -> None:
    kind = model.called()
    messages = Message.objects.for_workspace(workspace_id)
    theirs = messages.filter(author_contact_id=person.contact_id, **{f"{kind}__isnull": False})
    threads = model.objects.for_workspace(workspace_id)
    part = threads.filter(Q(contact_id=person.contact_id) | Q(pk__in=theirs.values(kind)))
    ids = list(part.values_list("pk", flat=True))
    _each(person, threads.filter(pk__in=ids), ["subject"])
    within = {f"{kind}_id__in": ids}
    changed = _each(person, messages.filter(**within), [*RECIPIENTS, "body_text", "body_html"])
    brought = messages.filter(pk__in=changed, raw_mail__isnull=False).values("raw_mail")
    RawMail.objects.for_workspace(workspace_id).filter(pk__in=brought).update(data=None)
    drafts = Draft.objects.for_workspace(workspace_id).filter(**within)
    _each(person, drafts, WRITTEN)
    _each(person, DraftFile.objects.for_workspace(workspace_id).filter(draft__in=drafts), ["filename"])
    files = Attachment.objects.for_workspace(workspace_id).filter(message__in=messages.filter(**within))
    _each(person, files, ["filename"])
    _each(person, Event.objects.for_workspace(workspace_id).filter(what="subject", **within), ["old", "new"])


def _each(person: Person, rows: QuerySet, names: Sequence[str]) -> list[int]:
    """Take the person out of these columns; answers with the rows that had them."""
    changed = []
    older = rows.filter(created_at__lt=person.at).order_by("pk")
    for row in older.select_for_update(no_key=True).iterator(WINDOW):
        new = {name: person.unnamed(getattr(row, name)) for name in names}
        if any(getattr(row, name) != text for name, text in new.items()):
            rows.filter(pk=row.pk).update(**{name: text[: LONGEST.get(name)] for name, text in new.items()})
            changed.append(row.pk)
    return changed
