from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext, gettext_lazy

from gopimi.lib.forms import UiSelect, time_zones
from gopimi.workspaces.models import Invitation, Membership, Role, Scope, User, Workspace


class WorkspaceForm(forms.ModelForm):
    class Meta:
        model = Workspace
        fields = ["name"]
        labels = {"name": gettext_lazy("Name")}
        widgets = {"name": forms.TextInput(attrs={"class": "input"})}

    def __init__(self, *args: Any, editable: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].disabled = not editable

    def save(self, commit: bool = True) -> Workspace:
        self.instance.save(update_fields=["name"])
        return self.instance


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, widget=forms.TextInput(attrs={"class": "input"}),
        help_text=gettext_lazy("Which program uses it"),
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple(attrs={"class": "check"})
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off", "autofocus": True}),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=Role.choices, initial=Role.AGENT, widget=forms.Select(attrs={"class": "select"}),
        help_text=gettext_lazy("Admins also manage fields, members, mailboxes, tags and tokens"),
    )  # fmt: skip

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if Membership.objects.filter(workspace=self.workspace, user__email=email).exists():
            raise forms.ValidationError(gettext("This person is a member already."), code="member")
        if Invitation.objects.filter(workspace=self.workspace, email__iexact=email, accepted_at=None).exists():
            raise forms.ValidationError(
                gettext("This address is invited already. You can send it again."), code="invited"
            )
        return email


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class AccountForm(forms.Form):
    """Who somebody is and how they will sign in; the time zone is told by the browser."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False, widget=forms.PasswordInput(attrs={"class": "input", "autocomplete": "new-password"}),
        help_text=gettext_lazy("8 characters or more"),
    )  # fmt: skip
    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""}))

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = email
        self.visible_fields()[0].field.widget.attrs["autofocus"] = True

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        return zone if zone in dict(time_zones()) else settings.TIME_ZONE

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "password" in given:
            user = User(email=given.get("email", self.address), name=given.get("name", ""))
            try:
                password_validation.validate_password(given["password"], user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given

    def create(self, email: str) -> User:
        """The account of this address. Raises IntegrityError where there is one by now."""
        given = self.cleaned_data
        return User.objects.create_user(email, given["password"], name=given["name"], time_zone=given["time_zone"])


class ProfileForm(forms.ModelForm):
    """What somebody is called and how they see things, in all of their workspaces."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=time_zones, widget=UiSelect(attrs={"aria-label": gettext_lazy("Time zone")}),
        help_text=gettext_lazy("Dates and times are shown in it"),
    )  # fmt: skip

    class Meta:
        model = User
        fields = ["name", "time_zone", "theme", "language"]
        labels = {"name": gettext_lazy("Name"), "language": gettext_lazy("Language")}
        widgets = {
            "name": forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
            "theme": forms.RadioSelect(attrs={"class": "radio"}),
            "language": forms.Select(attrs={"class": "select"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True

    def save(self, commit: bool = True) -> User:
        self.instance.save(update_fields=self.Meta.fields)
        return self.instance


class NotificationsForm(forms.ModelForm):
    """Of what a member is told by mail, in one workspace."""

    class Meta:
        model = Membership
        fields = ["notify_assigned", "notify_unassigned"]
        widgets = dict.fromkeys(fields, forms.CheckboxInput(attrs={"class": "check"}))

    def save(self, commit: bool = True) -> Membership:
        self.instance.save(update_fields=self.Meta.fields)
        return self.instance


class FirstForm(AccountForm):
    """The first admin of a fresh installation, and their workspace."""

    workspace = forms.CharField(
        label=gettext_lazy("Workspace"),
        max_length=200, widget=forms.TextInput(attrs={"class": "input", "autocomplete": "organization"}),
        help_text=gettext_lazy("Your company or team, as it is shown; you can change it"),
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "username"}),
    )
    field_order = ["workspace", "name", "email", "password"]
