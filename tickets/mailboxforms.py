"""What admins type about mailboxes in Settings."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from gopimi.lib import addresses
from gopimi.lib.forms import ListField
from gopimi.workspaces.models import Workspace
from tickets import mailboxes
from tickets.models import Mailbox

MOST_OTHERS = 50  # addresses of a mailbox beside its own


class MailboxForm(forms.Form):
    """A mailbox of Settings. Its address, which replies come from, is given once and never changes."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Replies come from it, and mail to it comes in here once your mail server leads it here"
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=gettext_lazy("What you call it, for your own sight"),
    )
    purpose = forms.ChoiceField(
        choices=[("ticket", gettext_lazy("Tickets")), ("inbox", gettext_lazy("Conversations in the inbox"))],
        label=gettext_lazy("Mail opens"),
        widget=forms.Select(attrs={"class": "select"}),
    )
    others = ListField(
        required=False,
        label=gettext_lazy("Other addresses"),
        help_text=gettext_lazy("Mail to these comes in by this mailbox, too"),
    )
    signature = forms.CharField(
        label=gettext_lazy("Signature"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 4}),
        help_text=gettext_lazy("Stands below every reply, after “-- ”"),
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
            raise forms.ValidationError(
                gettext("A mailbox can have {most} other addresses.").format(most=MOST_OTHERS),
                code="too_many",
            )
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
            self.add_error(name, gettext("{address} is in use already.").format(address=taken.address))
            return None


class SigningKeyForm(forms.Form):
    """What Mailgun signs with. The key is never shown again; an empty one takes it away."""

    key = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("HTTP webhook signing key"),
        widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=gettext_lazy("In Mailgun, under API security"),
    )


def _address(text: str) -> str:
    try:
        return addresses.normalize(text)
    except addresses.InvalidAddress as error:
        raise forms.ValidationError(f"{text}: {error}", code="invalid") from error
