"""What agents type: a new ticket, a reply or a note, and changes of a thread's properties."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict

from contacts.models import Contact
from contacts.querysets import AddressTaken
from gopimi.lib import addresses
from gopimi.lib.addresses import InvalidAddress
from gopimi.lib.forms import ListField
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import QuotaExceeded, Workspace
from tickets import mailboxes, participants
from tickets.attachments import MOST_BYTES, TOO_LARGE
from tickets.composing import ascii_address
from tickets.lists import members
from tickets.models import Mailbox, Priority, Ticket

NEW = "new:"  # before the address of a contact to create
MOST_RECIPIENTS = 50
LAST_ID = 2**63 - 1
MOST_OTHERS = 50  # addresses of a mailbox beside its own


class PeopleSelect(forms.Select):
    """A contact, searched as one types (`contacts:options`). `create` is the address to offer for a new one."""

    template_name = "tickets/_people_select.html"

    def __init__(self, url: str, create: str = "", submit: bool = False) -> None:
        super().__init__(attrs={"aria-label": "Select contact"})
        self.people = {"url": url, "create": create, "submit": submit}

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"people": self.people}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        """The one that is filled in: a swapped-in fragment has the field for browsers without JavaScript, too."""
        return next(filter(None, data.getlist(name)), data.get(name))


class ContactField(forms.Field):
    """A contact by id, or by an address: found, or created on the spot. Cleaned: a Contact or None.

    `names` says what new contacts are called, by address. Like all that a refused form did, creating is rolled back.
    """

    def __init__(self, workspace: Workspace, actor: Actor, names: dict[str, str] | None = None, **options: Any) -> None:
        self.contacts = Contact.objects.for_workspace(workspace)
        self.actor, self.names = actor, names or {}
        widget = PeopleSelect(
            workspace.url("contacts:options"), create=next(iter(self.names), ""), submit=options.pop("submit", False)
        )
        super().__init__(label="Contact", widget=widget, **options)
        self.offer(None)

    def offer(self, contact: Contact | None) -> None:
        """Show this contact as the choice that is made."""
        self.widget.choices = [("", "Search name or email"), *([(contact.pk, str(contact))] if contact else [])]

    def to_python(self, value: Any) -> Contact | None:
        text = str(value or "").strip()
        if not text:
            return None
        contact = self._known(int(text)) if text.isdecimal() and text.isascii() else self._at(text.removeprefix(NEW))
        self.offer(contact)
        return contact

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Contact):
            self.offer(value)
            return value.pk
        return value

    def _known(self, pk: int) -> Contact:
        if contact := self.contacts.alive().filter(pk=min(pk, LAST_ID)).first():
            return contact
        raise forms.ValidationError("This contact isn't there any more. Choose another.", code="gone")

    def _at(self, address: str) -> Contact:
        try:
            return self.contacts.add(self.actor, email=address, name=self.names.get(address, ""))
        except AddressTaken as taken:
            if not taken.contact.is_trashed:
                return taken.contact
            raise forms.ValidationError(f"{taken} Restore it first.", code="in_trash") from taken
        except (InvalidAddress, QuotaExceeded) as error:
            raise forms.ValidationError(str(error), code="refused") from error


class AssigneeField(forms.ModelChoiceField):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(members(workspace), required=False, empty_label="Unassigned", label="Assignee")


class PriorityField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=Priority.choices, coerce=lambda text: Priority(int(text)), label="Priority")


class TicketForm(forms.Form):
    """A ticket opened by hand: the message is the requester's, and no mail goes out."""

    subject = forms.CharField(max_length=500)
    body = forms.CharField(label="Message", widget=forms.Textarea(attrs={"rows": 5}), max_length=1_000_000)
    priority = PriorityField()

    def __init__(self, workspace: Workspace, actor: Actor, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, initial={"priority": Priority.NORMAL, **options.pop("initial", {})}, auto_id="ticket-%s")
        self.workspace, self.actor = workspace, actor
        help_text = "Type a name or an address; an unknown address makes a new contact"
        self.fields["contact"] = ContactField(workspace, actor, help_text=help_text)
        self.fields["assignee"] = AssigneeField(workspace)
        for name in ("subject", "body"):
            self.fields[name].widget.attrs["class"] = "input"
        first = "subject" if self.initial.get("contact") else "contact"
        self.fields[first].widget.attrs["autofocus"] = True
        for name in ("priority", "assignee"):
            self.fields[name].widget.attrs["class"] = "select"

    def save(self) -> Ticket:
        return Ticket.objects.for_workspace(self.workspace).open(self.actor, **self.cleaned_data)


class ChangeForm(forms.Form):
    """Properties of a thread: those that are sent, and no other."""

    priority = PriorityField()

    def __init__(self, thread: Any, workspace: Workspace, actor: Actor, data: QueryDict | None = None) -> None:
        initial = {name: getattr(thread, name) for name in ("status", "assignee", "contact")}
        super().__init__(data, initial={**initial, "priority": getattr(thread, "priority", None)}, auto_id="thread-%s")
        self.thread, self.actor = thread, actor
        self.fields["status"] = forms.ChoiceField(choices=thread._meta.get_field("status").choices)
        self.fields["assignee"] = AssigneeField(workspace)
        self.fields["contact"] = ContactField(
            workspace, actor, thread.wrote, required=not thread._meta.get_field("contact").null, submit=True
        )
        for name in list(self.fields):
            if name not in thread.CHANGEABLE or (data is not None and name not in data):
                del self.fields[name]
            elif name != "contact":
                self.fields[name].widget.attrs["class"] = "inline-ctl"

    def save(self) -> bool:
        return self.thread.change(self.actor, **self.cleaned_data)


class MailboxForm(forms.Form):
    """A mailbox of Settings. Its address, which replies come from, is given once and never changes."""

    address = forms.CharField(
        max_length=320,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="Replies come from it, and mail to it comes in here once your mail server leads it here",
    )
    name = forms.CharField(
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="What you call it, for your own sight",
    )
    purpose = forms.ChoiceField(
        choices=[("ticket", "Tickets"), ("inbox", "Conversations in the inbox")],
        label="Mail opens",
        widget=forms.Select(attrs={"class": "select"}),
    )
    others = ListField(required=False, label="Other addresses", help_text="Mail to these comes in by this mailbox, too")
    signature = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
        help_text="Stands below every reply, after “-- ”",
    )

    def __init__(self, data: QueryDict | None, *, workspace: Workspace, mailbox: Mailbox | None = None) -> None:
        self.workspace, self.mailbox = workspace, mailbox
        initial: dict[str, Any] = {}
        if mailbox is not None:
            self.leading = mailboxes.leading(mailbox)
            initial = {"name": mailbox.name, "purpose": mailbox.purpose, "signature": mailbox.signature}
            initial["others"] = self.leading.others
        super().__init__(data, initial=initial, auto_id="mailbox-%s")
        if mailbox is None:
            del self.fields["signature"]
            self.fields["address"].widget.attrs["autofocus"] = True
            return
        del self.fields["address"]
        if not self.leading.receiving:
            del self.fields["others"]

    def clean_address(self) -> str:
        return _address(self.cleaned_data["address"])

    def clean_others(self) -> list[str]:
        others = [_address(address) for address in self.cleaned_data["others"]]
        if len(others) > MOST_OTHERS:
            raise forms.ValidationError(f"A mailbox can have {MOST_OTHERS} other addresses.", code="too_many")
        return others

    def clean_signature(self) -> str:
        return self.cleaned_data["signature"].replace("\r\n", "\n")

    @transaction.atomic
    def _write(self) -> Mailbox:
        data = self.cleaned_data
        if self.mailbox is None:
            return mailboxes.create(self.workspace, **data)
        if "others" in data:
            mailboxes.lead(self.mailbox, data.pop("others"))
        Mailbox.objects.for_workspace(self.workspace).filter(pk=self.mailbox.pk).update(**data)
        return self.mailbox

    def save(self) -> Mailbox | None:
        """Write it; None with an error in the form where an address leads elsewhere."""
        try:
            return self._write()
        except mailboxes.AddressInUse as taken:
            name = "address" if taken.address == self.cleaned_data.get("address") else "others"
            self.add_error(name, f"{taken.address} is in use already.")
            return None


class SigningKeyForm(forms.Form):
    """What Mailgun signs with. The key is never shown again; an empty one takes it away."""

    key = forms.CharField(
        max_length=200,
        required=False,
        label="HTTP webhook signing key",
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text="In Mailgun, under API security",
    )


def _address(text: str) -> str:
    try:
        return addresses.normalize(text)
    except addresses.InvalidAddress as error:
        raise forms.ValidationError(f"{text}: {error}", code="invalid") from error


class AssignForm(forms.Form):
    """Who wrote a mail, said by hand: a contact, or an address for a new one. The mail's own sender is suggested."""

    def __init__(self, workspace: Workspace, actor: Actor, data: QueryDict | None, sender: str) -> None:
        super().__init__(data, auto_id="assign-%s")
        help_text = "Type a name or an address; an unknown address makes a new contact"
        names = {}
        with suppress(InvalidAddress):
            parsed = addresses.parse(sender)
            known = Contact.objects.for_workspace(workspace).alive().filter(email_key=parsed.key).first()
            names, self.initial["contact"] = {parsed.given: ""}, known
        self.fields["contact"] = ContactField(workspace, actor, names, help_text=help_text)
        self.fields["contact"].widget.attrs["autofocus"] = True


class Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files. Cleaned: a list of them."""

    widget: Any = Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(FilesField, self).clean(file, initial) for file in data or []]
        if sum(file.size for file in files) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE, code="too_large")
        return files


class AddressesField(forms.CharField):
    """Email addresses, with a comma, a semicolon or a line between them. Cleaned: a list of them, each once."""

    PIECES = re.compile(r'(?:"[^"]*"|[^,;\n"]|")+')
    BRACKETS = re.compile(r".*<([^<>]*)>", re.DOTALL)

    def __init__(self) -> None:
        widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
        super().__init__(required=False, max_length=20_000, widget=widget)

    def clean(self, value: Any) -> list[str]:
        pieces = [piece.strip() for piece in self.PIECES.findall(super().clean(value)) if piece.strip()]
        found: dict[str, str] = {}
        wrong = []
        for piece in pieces:
            match = self.BRACKETS.fullmatch(piece)
            try:
                address = addresses.parse(match[1] if match else piece)
                ascii_address(address.given)
                found.setdefault(address.key, address.given)
            except ValueError as error:
                wrong.append(f"{piece}: {error}")
        if wrong:
            raise forms.ValidationError(" ".join(wrong), code="invalid")
        return list(found.values())


class ReplyForm(forms.Form):
    """A reply, which is mailed, or a note, which stays inside. Cleaned: `cc` and `bcc` without who gets it anyway."""

    kind = forms.ChoiceField(choices=[("reply", "Reply"), ("note", "Internal note")], initial="reply")
    others = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}))
    cc = AddressesField()
    bcc = AddressesField()
    body = forms.CharField(
        label="Message",
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Write a reply", "aria-label": "Message"}),
        error_messages={"required": "Write something first."},
    )
    attachments = FilesField(required=False, widget=Files(attrs={"data-most": MOST_BYTES}))

    def __init__(self, thread: Any, data: Any = None, files: Any = None, initial: Any = None) -> None:
        super().__init__(data, files, initial=initial, auto_id="reply-%s")
        self.thread, self.address = thread, thread.reply_address
        offered = participants.others(thread)
        self.fields["others"].choices = [  # type: ignore[attr-defined]
            (person.email, f"{person.name} <{person.email}>" if person.name else person.email) for person in offered
        ]
        self.fields["cc"].label, self.fields["bcc"].label = "Cc", "Bcc"
        if not self.address:  # nobody to write to: a person who was erased, a conversation without an address
            self.initial["kind"] = "note"

    @property
    def written(self) -> list[forms.BoundField]:
        """What isn't about whom it goes to."""
        return [self[name] for name in ("kind", "body", "attachments")]

    @property
    def has_copies(self) -> bool:
        """Whether somebody was chosen or typed, in a draft or in a form that was refused."""
        return any(self[name].value() for name in ("others", "cc", "bcc"))

    def keep_files(self) -> None:
        """Leave the chosen files in the page when htmx swaps it: no server can put them into a form again."""
        if "attachments" not in self.errors:
            self.fields["attachments"].widget.attrs["hx-preserve"] = "true"

    def clean_kind(self) -> str:
        if self.cleaned_data["kind"] == "reply" and not self.address:
            raise forms.ValidationError("There is no address to reply to.", code="no_address")
        return self.cleaned_data["kind"]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("kind") == "note":  # nobody gets it, whatever stands there
            for name in ("others", "cc", "bcc"):
                self.errors.pop(name, None)
            return data | {"cc": [], "bcc": []}
        known = {addresses.email_key(self.address)} if self.address else set()
        data["cc"] = self._copies("cc", known, data.get("others", []))
        data["bcc"] = self._copies("bcc", known)
        if len(known) > MOST_RECIPIENTS:
            self.add_error("cc", f"A reply can go to {MOST_RECIPIENTS} addresses in all.")
        return data

    def _copies(self, name: str, known: set[str], chosen: Sequence[str] = ()) -> list[str]:
        """Who isn't among the `known` keys, where those of the answer are added."""
        own = participants.mailbox_keys(self.thread.workspace_id)
        copies = []
        for address in [*chosen, *self.cleaned_data.get(name, [])]:
            key = addresses.email_key(address)
            if key in own:
                self.add_error(name, f"{address} is a mailbox of this workspace: the reply would come back in.")
            elif key not in known:
                copies.append(address)
                known.add(key)
        return copies
