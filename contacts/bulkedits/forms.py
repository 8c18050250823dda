"""What is asked before many contacts are changed: one form for each of the bar's buttons."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from contacts import inputs
from contacts.bulkedits.records import Action
from contacts.models import Tag
from customfields import values
from customfields.models import Field
from gopimi.lib.words import Words
from gopimi.workspaces.models import Workspace
from organizations.models import Organization

Wanted = tuple[str, str, Field | None]  # action, value, field: what `running.begin` takes


class BulkForm(forms.Form):
    """`heading` is the dialog's, `icon` its picture; `wanted()` what was chosen, of a valid form."""

    heading: Words = ""
    icon = ""

    def __init__(self, data: Any, *, workspace: Workspace, judged: bool = True) -> None:
        """Where it isn't `judged`, nothing is wrong yet: a field was chosen, and its value is still to come."""
        super().__init__(data if judged else None, auto_id="bulk-%s")
        self.workspace, self.given = workspace, data or {}
        self.ask()
        for control in self.fields.values():
            inputs.dress(control.widget)
            if isinstance(control.widget, forms.Select):
                control.widget.attrs["aria-label"] = control.label
        first = [
            control.widget for control in self.fields.values() if not isinstance(control.widget, forms.RadioSelect)
        ]
        first[0].attrs["autofocus"] = True

    def ask(self) -> None:
        raise NotImplementedError

    def wanted(self) -> Wanted:
        raise NotImplementedError


class OrganizationForm(BulkForm):
    heading, icon = gettext_lazy("Set organization"), "building-2"

    def ask(self) -> None:
        self.fields["organization"] = inputs.OrganizationField(self.workspace, None)
        self.fields["organization"].help_text = gettext("Leave it empty to take them out of their organizations.")

    def wanted(self) -> Wanted:
        organization: Organization | None = self.cleaned_data["organization"]
        return Action.ORGANIZATION, str(organization.pk) if organization else "", None


class TagForm(BulkForm):
    heading, icon = gettext_lazy("Add or remove a tag"), "tag"
    CHOICES = ((Action.ADD_TAG, gettext_lazy("Add")), (Action.REMOVE_TAG, gettext_lazy("Remove")))

    def ask(self) -> None:
        self.fields["how"] = forms.ChoiceField(
            label=gettext("What to do"),
            choices=self.CHOICES,
            initial=Action.ADD_TAG,
            widget=forms.RadioSelect({"class": "radio"}),
        )
        widget = inputs.tag_select(Tag.objects.for_workspace(self.workspace), self.given.get("tag", ""))
        self.fields["tag"] = forms.CharField(
            label=gettext("Tag"), widget=widget, error_messages={"required": gettext("Choose a tag.")}
        )

    def clean_tag(self) -> str:
        return inputs.line(self.cleaned_data["tag"], Tag._meta.get_field("name").max_length or 0)

    def wanted(self) -> Wanted:
        return self.cleaned_data["how"], self.cleaned_data["tag"], None


class FieldForm(BulkForm):
    """The field is chosen first; the dialog comes back with its control."""

    heading, icon = gettext_lazy("Set a field"), "pencil"

    def ask(self) -> None:
        self.known = {str(field.pk): field for field in values.fields_of(self.workspace)}
        choices = [("", gettext("Choose a field")), *((pk, field.label) for pk, field in self.known.items())]
        self.fields["field"] = forms.ChoiceField(
            label=gettext("Field"), choices=choices, error_messages={"required": gettext("Choose a field.")}
        )
        self.chosen = self.known.get(self.given.get("field", ""))
        if self.chosen:
            stored = False if self.chosen.type.toggles else None  # a switch that is off means no
            self.fields["value"] = self.chosen.type.form_field(self.chosen, stored=stored, required=False)
            self.fields["clear"] = forms.BooleanField(
                label=gettext("Clear the field instead"),
                required=False,
                help_text=gettext("Nobody of them keeps a value."),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.chosen and "value" in data and data["value"] in (None, "", []) and not data.get("clear"):
            self.add_error("value", gettext("Give a value, or choose to clear the field."))
        return data

    def wanted(self) -> Wanted:
        assert self.chosen is not None, "the form is valid"
        value = None if self.cleaned_data["clear"] else self.cleaned_data["value"]
        return Action.FIELD, self.chosen.type.to_text(value), self.chosen


FORMS: dict[str, type[BulkForm]] = {"organization": OrganizationForm, "tag": TagForm, "field": FieldForm}
