"""What agents type: a new ticket, a reply or a note, and changes of a thread's properties."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from contacts.models import Contact
from contacts.querysets import AddressTaken
from gopimi.lib import addresses
from gopimi.lib.addresses import InvalidAddress
from gopimi.lib.words import Words
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import QuotaExceeded, Workspace
from tickets import participants
from tickets.attachments import MOST_BYTES, TOO_LARGE
from tickets.composing import ascii_address
from tickets.facets import members
from tickets.models import DraftFile, Priority, Ticket

NEW = "new:"  # before the address of a contact to create
MOST_RECIPIENTS = 50
LAST_ID = 2**63 - 1


class PeopleSelect(forms.Select):
    """A contact, searched as one types (`contacts:options`). `create` is the address to offer for a new one."""

    template_name = "tickets/_people_select.html"

    def __init__(self, url: str, create: str = "", submit: bool = False) -> None:
        super().__init__(attrs={"aria-label": gettext("Select contact")})
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
        super().__init__(label=gettext("Contact"), widget=widget, **options)
        self.offer(None)

    def offer(self, contact: Contact | None) -> None:
        """Show this contact as the choice that is made."""
        self.widget.choices = [
            ("", gettext("Search name or email")),
            *([(contact.pk, str(contact))] if contact else []),
        ]

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
        raise forms.ValidationError(gettext("This contact isn't there any more. Choose another."), code="gone")

    def _at(self, address: str) -> Contact:
        try:
            return self.contacts.add(self.actor, email=address, name=self.names.get(address, ""))
        except AddressTaken as taken:
            if not taken.contact.is_trashed:
                return taken.contact
            raise forms.ValidationError(
                gettext("{taken} Restore it first.").format(taken=taken), code="in_trash"
            ) from taken
        except (InvalidAddress, QuotaExceeded) as error:
            raise forms.ValidationError(str(error), code="refused") from error


class AssigneeField(forms.ModelChoiceField):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            members(workspace), required=False, empty_label=gettext_lazy("Unassigned"), label=gettext_lazy("Assignee")
        )


class PriorityField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(
            choices=Priority.choices, coerce=lambda text: Priority(int(text)), label=gettext_lazy("Priority")
        )


class TicketForm(forms.Form):
    """A ticket opened by hand: the message is the requester's, and no mail goes out."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=500)
    body = forms.CharField(
        label=gettext_lazy("Message"), widget=forms.Textarea(attrs={"rows": 5}), max_length=1_000_000
    )
    priority = PriorityField()

    def __init__(self, workspace: Workspace, actor: Actor, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, initial={"priority": Priority.NORMAL, **options.pop("initial", {})}, auto_id="ticket-%s")
        self.workspace, self.actor = workspace, actor
        help_text = gettext("Type a name or an address; an unknown address makes a new contact")
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
        choices = thread._meta.get_field("status").choices
        self.fields["status"] = forms.ChoiceField(label=gettext("Status"), choices=choices)
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


class AssignForm(forms.Form):
    """Who wrote a mail, said by hand: a contact, or an address for a new one. The mail's own sender is suggested."""

    def __init__(self, workspace: Workspace, actor: Actor, data: QueryDict | None, sender: str) -> None:
        super().__init__(data, auto_id="assign-%s")
        help_text = gettext("Type a name or an address; an unknown address makes a new contact")
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
        return [super(FilesField, self).clean(file, initial) for file in data or []]


class AddressesField(forms.CharField):
    """Email addresses, with a comma, a semicolon or a line between them. Cleaned: a list of them, each once."""

    PIECES = re.compile(r'(?:"[^"]*"|[^,;\n"]|")+')
    BRACKETS = re.compile(r".*<([^<>]*)>", re.DOTALL)

    def __init__(self, label: Words) -> None:
        widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
        super().__init__(label=label, required=False, max_length=20_000, widget=widget)

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


KINDS = [("reply", gettext_lazy("Reply")), ("note", gettext_lazy("Internal note"))]


class ReplyForm(forms.Form):
    """A reply, which is mailed, or a note, which stays inside. Cleaned: `cc` and `bcc` without who gets it anyway."""

    kind = forms.ChoiceField(choices=KINDS, initial="reply")
    others = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}))
    cc = AddressesField(gettext_lazy("Cc"))
    bcc = AddressesField(gettext_lazy("Bcc"))
    body = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=1_000_000,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": gettext_lazy("Write a reply"), "aria-label": gettext_lazy("Message")}
        ),
        error_messages={"required": gettext_lazy("Write something first.")},
    )
    kept = forms.ModelMultipleChoiceField(
        DraftFile.objects.none(),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("One of the files isn't there any more. Look at them again.")},
    )
    attachments = FilesField(required=False, widget=Files(attrs={"data-most": MOST_BYTES}))

    def __init__(
        self,
        thread: Any,
        kept: QuerySet,
        data: Any = None,
        files: Any = None,
        initial: Any = None,
        messages: Any = None,
    ) -> None:
        """`kept` are the files of the member's draft. They are locked, so that a form that is sent twice sends once."""
        super().__init__(data, files, initial=initial, auto_id="reply-%s")
        self.fields["kept"].queryset = kept.select_for_update(of=("self",))  # type: ignore[attr-defined]
        self.thread, self.address = thread, thread.reply_address
        offered = participants.others(thread, messages)
        self.fields["others"].choices = [  # type: ignore[attr-defined]
            (person.email, f"{person.name} <{person.email}>" if person.name else person.email) for person in offered
        ]
        self.fields["cc"].label, self.fields["bcc"].label = gettext("Cc"), gettext("Bcc")
        if not self.address:  # nobody to write to: a person who was erased, a conversation without an address
            self.initial["kind"] = "note"

    @property
    def written(self) -> list[forms.BoundField]:
        """What isn't about whom it goes to."""
        return [self[name] for name in ("kind", "body", "kept", "attachments")]

    @property
    def has_copies(self) -> bool:
        """Whether somebody was chosen or typed, in a draft or in a form that was refused."""
        return any(self[name].value() for name in ("others", "cc", "bcc"))

    def clean_kind(self) -> str:
        if self.cleaned_data["kind"] == "reply" and not self.address:
            raise forms.ValidationError(gettext("There is no address to reply to."), code="no_address")
        return self.cleaned_data["kind"]

    def clean_attachments(self) -> list[Any]:
        files = self.cleaned_data["attachments"]
        if sum(file.size for file in [*files, *self.cleaned_data.get("kept", [])]) > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE, code="too_large")
        return files

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
            self.add_error(
                "cc",
                gettext("A reply can go to {most} addresses in all.").format(most=MOST_RECIPIENTS),
            )
        return data

    def _copies(self, name: str, known: set[str], chosen: Sequence[str] = ()) -> list[str]:
        """Who isn't among the `known` keys, where those of the answer are added."""
        own = participants.mailbox_keys(self.thread.workspace_id)
        copies = []
        for address in [*chosen, *self.cleaned_data.get(name, [])]:
            key = addresses.email_key(address)
            if key in own:
                self.add_error(
                    name,
                    gettext("{address} is a mailbox of this workspace: the reply would come back in.").format(
                        address=address
                    ),
                )
            elif key not in known:
                copies.append(address)
                known.add(key)
        return copies
