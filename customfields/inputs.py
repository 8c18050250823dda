"""Form fields and controls for custom field values. Which type has which is said in `types.py`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext

from customfields.parsing import CHOICES, InvalidValue

if TYPE_CHECKING:
    from customfields.models import Field


class ValueField(forms.Field):
    """A form field whose cleaned data is the custom field's value, judged by its type like at every other door."""

    def __init__(self, field: "Field", *, stored: Any = None, required: bool = False) -> None:
        self.field, self.stored = field, stored
        widget = field.type.widget(field, stored)
        super().__init__(required=required, label=field.label, help_text=field.help_text, initial=stored, widget=widget)

    def to_python(self, value: Any) -> Any:
        try:
            return self.field.type.parse_text(self.field, value or "", stored=self.stored)
        except InvalidValue as error:
            text = error.message
            if error.code in CHOICES:  # the list has no such option: it is old
                text = gettext("{error} Choose another one.").format(error=text)
            raise forms.ValidationError(text, code=error.code) from error

    def prepare_value(self, value: Any) -> Any:
        """For the control: what was typed stays as it was typed, but for an option that there isn't any more."""
        if not isinstance(value, str | list):
            return self.field.type.to_input(value)
        return self.field.type.typed(self.field, value, self.stored)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except forms.ValidationError:
            return True


class SwitchField(ValueField):
    """A switch that is off says "no" only where a value is asked for or was there; else the field stays empty."""

    def to_python(self, value: Any) -> bool | None:
        if value:
            return super().to_python("on")
        return False if self.required or self.stored is not None else None

    def prepare_value(self, value: Any) -> bool:
        return bool(value)


class Switch(forms.CheckboxInput):
    """Never `required` for the browser, which would take that as "must be on"."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class MultipleSelect(forms.SelectMultiple):
    """A searchable list, enhanced by <ui-select>; without JavaScript it is the browser's own."""

    template_name = "customfields/_select_multiple.html"


def text(**attributes: Any) -> forms.Widget:
    return forms.TextInput(attrs={"autocomplete": "off", **attributes})


def url(**attributes: Any) -> forms.Widget:
    return forms.URLInput(attrs={"autocomplete": "off", **attributes})


def email(**attributes: Any) -> forms.Widget:
    return forms.EmailInput(attrs={"autocomplete": "off", **attributes})


def date() -> forms.Widget:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def switch() -> forms.Widget:
    return Switch(attrs={"class": "switch", "role": "switch"})


def select(labels: Sequence[str]) -> forms.Widget:
    return forms.Select(choices=[("", "—"), *zip(labels, labels, strict=True)])


def select_multiple(labels: Sequence[str]) -> forms.Widget:
    return MultipleSelect(choices=list(zip(labels, labels, strict=True)))
