"""Form fields that know no domain."""

import re
import zoneinfo
from functools import cache
from typing import Any

from django import forms


class ListField(forms.Field):
    """Words, such as addresses or domains, as entries of a list (`forms/_entries.html`).

    Without JavaScript they are one text with commas or spaces between them. Cleaned: a list of them.
    """

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [word for text in value or [] for word in re.split(r"[\s,;]+", text) if word]

    def get_bound_field(self, form: Any, field_name: str) -> "Entries":
        return Entries(form, self, field_name)


class Entries(forms.BoundField):
    @property
    def entries(self) -> list[str]:
        """What the control shows: what is stored, or what was sent."""
        return ListField().to_python(self.value())


class UiSelect(forms.Select):
    """A searchable list, enhanced by <ui-select>; without JavaScript it is the browser's own."""

    template_name = "forms/_ui_select.html"

    def __init__(self, url: str = "", create: bool = False, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.url, self.create = url, create

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"url": self.url, "create": self.create}


@cache
def time_zones() -> list[tuple[str, str]]:
    """Every time zone that this machine knows, as choices; UTC first."""
    names = sorted(zoneinfo.available_timezones() - {"UTC", "localtime", "Factory"})
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]
