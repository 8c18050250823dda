"""Form fields that know no domain."""

import re
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
