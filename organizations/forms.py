from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from gopimi.lib.forms import ListField
from organizations.models import Organization


class OrganizationForm(forms.Form):
    """What it may hold is judged by the model, so that the API gives the same answers."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "maxlength": 200, "autocomplete": "off"}),
    )
    domains = ListField(
        label=gettext_lazy("Domains"),
        required=False,
        help_text=gettext_lazy("New contacts with an address there join this organization by themselves"),
    )

    def __init__(self, data: QueryDict | None, *, workspace: Any, organization: Organization | None = None) -> None:
        self.workspace, self.organization = workspace, organization
        initial = (
            {"name": organization.name, "domains": [str(domain) for domain in organization.domains.all()]}
            if organization
            else {}
        )
        super().__init__(data, initial=initial, auto_id="organization-%s")
        self.fields["name"].widget.attrs["autofocus"] = True

    def save(self) -> Organization | None:
        """Write it; None with errors in the form where the model refuses."""
        try:
            if self.organization is None:
                return Organization.objects.for_workspace(self.workspace).define(**self.cleaned_data)
            self.organization.change(**self.cleaned_data)
        except ValidationError as error:
            for attribute, errors in error.error_dict.items():
                self.add_error(attribute, errors)
            return None
        return self.organization
