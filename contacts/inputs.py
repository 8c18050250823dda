"""The form fields of a contact's own properties, shared by the dialog and by editing in place."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext

from contacts.models import Contact, Tag
from gopimi.lib import addresses
from gopimi.lib.forms import UiSelect
from gopimi.lib.text import InvalidText, one_line
from gopimi.workspaces.models import Workspace
from organizations.models import Organization

MOST_TAGS = 50
LISTED = 200  # options in the page itself; more are found by search


class UiSelectMultiple(UiSelect, forms.SelectMultiple):
    pass


def line(text: str, longest: int) -> str:
    """One clean line of at most so many letters. Raises ValidationError."""
    try:
        cleaned = one_line(text)
    except InvalidText as error:
        raise forms.ValidationError(str(error), code="invalid") from error
    if len(cleaned) > longest:
        raise forms.ValidationError(
            gettext("At most {longest} characters fit.").format(longest=longest), code="max_length"
        )
    return cleaned


class PropertyField(forms.Field):
    """Changed is what means something else, not what is written in another way."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != self.to_python(self.prepare_value(initial)))
        except forms.ValidationError:
            return True


class NameField(PropertyField):
    def __init__(self, **options: Any) -> None:
        longest = Contact._meta.get_field("name").max_length
        widget = forms.TextInput(attrs={"autocomplete": "off", "maxlength": longest})
        super().__init__(label=gettext("Name"), required=False, widget=widget, **options)

    def to_python(self, value: Any) -> str:
        return line(value or "", Contact._meta.get_field("name").max_length or 0)


class EmailField(PropertyField):
    def __init__(self, **options: Any) -> None:
        super().__init__(label=gettext("Email"), widget=forms.EmailInput(attrs={"autocomplete": "off"}), **options)

    def to_python(self, value: Any) -> str:
        if not (value or "").strip():
            return ""
        try:
            return addresses.normalize(value)
        except addresses.InvalidAddress as error:
            raise forms.ValidationError(str(error), code="invalid") from error


class OrganizationField(PropertyField):
    """An organization by its id, or by its name, created if new. Cleaned: an Organization or None."""

    def __init__(
        self, workspace: Workspace, chosen: Organization | None = None, *, create: bool = True, **options: Any
    ) -> None:
        self.workspace = workspace
        widget = UiSelect(workspace.url("organizations:options"), create=create)
        super().__init__(label=gettext("Organization"), required=False, widget=widget, **options)
        rows = self._all().order_by("name_key").values_list("id", "name")[:LISTED]
        choices = dict(rows) | ({chosen.pk: chosen.name} if chosen else {})
        self.widget.choices = [("", gettext("Search or create") if create else gettext("Search")), *choices.items()]

    def to_python(self, value: Any) -> Organization | None:
        text = line(str(value or ""), Organization._meta.get_field("name").max_length or 0)
        if not text:
            return None
        if text.isascii() and text.isdecimal() and (found := self._all().filter(pk=text[:18]).first()):
            return found
        return self._all().named(text)

    def prepare_value(self, value: Any) -> Any:
        """For the control; a name that was just typed becomes an option of its own."""
        if isinstance(value, Organization):
            return value.pk
        if value and value not in [str(key) for key, _ in self.widget.choices]:
            self.widget.choices = [*self.widget.choices, (value, value)]
        return value

    def _all(self) -> Any:
        return Organization.objects.for_workspace(self.workspace)


class TagsField(PropertyField):
    """Tags by name, created if new. Cleaned: a list of names."""

    def __init__(self, workspace: Workspace, **options: Any) -> None:
        super().__init__(label=gettext("Tags"), required=False, widget=UiSelectMultiple(create=True), **options)
        self._known = list(Tag.objects.for_workspace(workspace).values_list("name", flat=True)[:LISTED])
        self._offer([])

    def to_python(self, value: Any) -> list[str]:
        names = [name for text in value or [] if (name := line(text, Tag._meta.get_field("name").max_length or 0))]
        if len(names) > MOST_TAGS:
            raise forms.ValidationError(gettext("At most {most} tags fit.").format(most=MOST_TAGS), code="too_many")
        return names

    def prepare_value(self, value: Any) -> Any:
        self._offer(value or [])
        return value

    def _offer(self, names: Iterable[str]) -> None:
        self.widget.choices = [(name, name) for name in dict.fromkeys([*self._known, *names])]


def tag_select(tags: Any, chosen: str) -> UiSelect:
    """A searchable list of one tag by its name; `chosen` is among them, also one that is new."""
    widget = UiSelect(create=True)
    names = [*tags.values_list("name", flat=True)[:LISTED], chosen]
    widget.choices = [("", ""), *((name, name) for name in dict.fromkeys(names) if name)]
    return widget


def dress(widget: forms.Widget, text: str = "input", choice: str = "select") -> None:
    """Give a control the look of its kind; switches, radio buttons and <ui-select>s bring their own."""
    if not isinstance(widget, forms.CheckboxInput | forms.RadioSelect | UiSelect | forms.SelectMultiple):
        widget.attrs["class"] = choice if isinstance(widget, forms.Select) else text
