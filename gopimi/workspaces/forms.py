from typing import Any

from django import forms

from gopimi.workspaces.models import Scope, Workspace


class WorkspaceForm(forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"class": "input"})}

    def __init__(self, *args: Any, editable: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].disabled = not editable

    def save(self, commit: bool = True) -> Workspace:
        self.instance.save(update_fields=["name"])
        return self.instance


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"class": "input"}), help_text="Which program uses it"
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple(attrs={"class": "check"})
    )
