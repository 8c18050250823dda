"""The dialog that makes or edits a contact."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from contacts import inputs
from contacts.filters import CUSTOM
from contacts.models import Contact, View
from contacts.querysets import AddressTaken
from customfields.models import Field
from customfields.values import Outdated
from gopimi.lib.folding import fold
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import QuotaExceeded, Workspace

OVERTAKEN = gettext_lazy("Somebody else changed this to {now} in the meantime. Save again to overwrite it.")


class SeenSwitch(forms.HiddenInput):
    """What a switch was when the form came."""

    def format_value(self, value: Any) -> str:
        return "on" if value else ""


class ContactForm(forms.Form):
    """Name, email, organization, tags, and a field `cf_<key>` for each custom field.

    The form carries what each field was when it came, and only what was changed there is written: two people who edit
    different fields of a contact don't overwrite each other, and of two who edit the same one the second is told.
    """

    def __init__(
        self,
        data: Any,
        *,
        workspace: Workspace,
        fields: Sequence[Field],
        contact: Contact | None = None,
        held: Mapping[int, Any] | None = None,
    ) -> None:
        super().__init__(data, auto_id="contact-%s")
        self.workspace, self.contact, self.held = workspace, contact, held or {}
        self.taken: Contact | None = None
        organization = contact.organization if contact else None
        self.fields["name"] = inputs.NameField()
        self.fields["email"] = inputs.EmailField()
        self.fields["organization"] = inputs.OrganizationField(workspace, organization)
        self.fields["tags"] = inputs.TagsField(workspace)
        self.custom = {CUSTOM + field.key: field for field in fields}
        for name, field in self.custom.items():
            self.fields[name] = field.type.form_field(field, stored=self.held.get(field.pk))
        if contact:
            tags = [tag.name for tag in contact.tags.all()]
            self.initial = {"name": contact.name, "email": contact.email, "organization": organization, "tags": tags}
        for name, control in self.fields.items():
            inputs.dress(control.widget)
            if isinstance(control.widget, forms.Select):
                control.widget.attrs["aria-label"] = control.label  # a <ui-select> takes its name over from here
            if contact:
                _remember(control)
            control.widget.attrs["autofocus"] = name == "name"

    @property
    def custom_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.custom]

    def clean(self) -> dict[str, Any]:
        for label, typed in self._typed_in_vain():
            text = gettext("{label} was archived or deleted in the meantime. “{typed}” can't be saved there.").format(
                label=label, typed=typed
            )
            self.add_error(None, gettext("{text} Save again to keep the rest.").format(text=text))
        for name in self.changed_data if self.contact else ():
            if name in self.cleaned_data and self._is_overtaken(name):
                self.add_error(name, OVERTAKEN.format(now=self._now(name)))
        return self.cleaned_data

    def _typed_in_vain(self) -> Iterator[tuple[str, str]]:
        """What was typed into fields that there aren't any more: their labels, and the text."""
        for name in self.data:
            if name.startswith(CUSTOM) and name not in self.fields:
                data: Any = self.data
                key, typed = name.removeprefix(CUSTOM), [text for text in data.getlist(name) if text]
                if typed and typed != data.getlist(f"initial-{name}"):
                    field = Field.objects.for_workspace(self.workspace).filter(key=key).first()
                    yield field.label if field else key, ", ".join(typed)

    def _is_overtaken(self, name: str) -> bool:
        """Whether it has become another value since the form came; then it is seen by now."""
        bound, control = self[name], self.fields[name]
        now = control.prepare_value(bound.initial)
        seen = control.hidden_widget().value_from_datadict(self.data, self.files, bound.html_initial_name)
        given = control.widget.value_from_datadict(self.data, self.files, bound.html_name)
        if bound.html_initial_name not in self.data or not control.has_changed(bound.initial, seen):
            return False
        data = self.data.copy()  # type: ignore[attr-defined]
        data.setlist(bound.html_initial_name, now if isinstance(now, list) else [now or ""])
        self.data = data
        return bool(control.has_changed(bound.initial, given))

    def _now(self, name: str) -> str:
        value = self[name].initial
        if name in self.custom:
            return self.custom[name].type.display(value) or gettext("empty")
        return (", ".join(value) if isinstance(value, list) else str(value or "")) or gettext("empty")

    def save(self, actor: Actor) -> Contact | None:
        """The contact, or None where it can't be: the form says why then."""
        try:
            return self._change(actor, self.contact) if self.contact else self._add(actor)
        except Outdated as error:
            self.add_error(CUSTOM + error.field.key, str(error))
        except AddressTaken as error:
            self.taken = error.contact
            self.add_error("email", str(error))
        except QuotaExceeded as error:
            self.add_error(
                None,
                gettext("{error} Delete contacts that you don't need, or ask for a higher limit.").format(error=error),
            )
        return None

    def _add(self, actor: Actor) -> Contact:
        given = self.cleaned_data
        values = {field: given[name] for name, field in self.custom.items() if given[name] is not None}
        properties = {name: given[name] for name in ("name", "email", "organization", "tags")}
        return Contact.objects.for_workspace(self.workspace).add(actor, values=values, **properties)

    def _change(self, actor: Actor, contact: Contact) -> Contact:
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        contact.change(
            actor,
            properties={name: changed[name] for name in ("name", "email", "organization") if name in changed},
            values={field: changed[name] for name, field in self.custom.items() if name in changed},
            tags=changed.get("tags"),
        )
        return contact


def _remember(control: forms.Field) -> None:
    control.show_hidden_initial = True
    if isinstance(control.widget, forms.SelectMultiple):
        control.hidden_widget = forms.MultipleHiddenInput  # type: ignore[misc]
    elif isinstance(control.widget, forms.CheckboxInput):
        control.hidden_widget = SeenSwitch  # type: ignore[misc]


class ViewForm(forms.Form):
    """What a view is called, and who sees it. `others` are the views that the member sees of the same table."""

    SEEN = [("", gettext_lazy("Only me")), ("everybody", gettext_lazy("Everybody in the workspace"))]

    name = forms.CharField(
        max_length=View._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": gettext_lazy("Give the view a name.")},
    )
    seen = forms.ChoiceField(
        choices=SEEN,
        required=False,
        label=gettext_lazy("Who sees it"),
        widget=forms.RadioSelect(attrs={"class": "radio"}),
    )

    def __init__(self, data: Any, *, others: Sequence[View], **options: Any) -> None:
        super().__init__(data, auto_id="view-%s", **options)
        self.others = others

    def clean_name(self) -> str:
        name = inputs.line(self.cleaned_data["name"], self.fields["name"].max_length)  # type: ignore[attr-defined]
        if any(fold(other.name) == fold(name) for other in self.others):
            raise forms.ValidationError(
                gettext("There is a view called “{name}” already.").format(name=name), code="taken"
            )
        return name

    @property
    def shared(self) -> bool:
        return self.cleaned_data["seen"] == "everybody"
