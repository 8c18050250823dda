"""A contact's properties and custom fields as lines that are edited in place: on its own page, and beside tickets."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from contacts import inputs
from contacts.models import Contact
from customfields import values
from customfields.models import Field
from gopimi.lib.words import Words
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Workspace

SEVERAL = gettext_lazy("Tab saves, Esc restores")  # Enter chooses one more


class Line:
    """One line: a label and a value. `id` is its element's, `what` and `field_id` are how the history calls it."""

    id: str
    what: str
    label: Words
    url: str
    unset: Words = gettext_lazy("Set value")
    tip = gettext_lazy("Enter saves, Esc restores")
    numeric = toggles = False
    href = ""
    field_id: int | None = None

    def __init__(self, workspace: Workspace, contact: Contact, value: Any) -> None:
        self.workspace, self.contact, self.value = workspace, contact, value

    def mark(self, value: Any) -> str:
        """The value for comparison: who edits sends back what they saw, and is told when it has become another."""
        return str(value or "")

    @property
    def stored(self) -> str:
        return self.mark(self.value)

    def shown(self, value: Any) -> str:
        """A value as people read it; nothing for none."""
        return str(value or "")

    @property
    def display(self) -> str:
        return self.shown(self.value)

    @property
    def chips(self) -> Sequence[str]:
        """The parts of a value that has several."""
        return ()

    def control(self) -> forms.Field:
        raise NotImplementedError

    def save(self, actor: Actor, value: Any) -> None:
        """Write it. Raises AddressTaken and Outdated."""
        self.contact.change(actor, properties={self.what: value})
        self.value = value

    @cached_property
    def form(self) -> "LineForm":
        return LineForm(self)


class LineForm(forms.Form):
    """The control of one line, as the field `value`."""

    def __init__(self, line: Line, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id=f"{line.id}-%s")
        self.fields["value"] = control = line.control()
        control.label = line.label
        control.initial = line.value
        inputs.dress(control.widget, f"inline-ctl{' num' * line.numeric}", "inline-ctl")
        control.widget.attrs |= {"autofocus": not line.toggles, "aria-describedby": f"{line.id}-tip"}
        if isinstance(control.widget, forms.Select):  # a <ui-select> takes its name over from here
            control.widget.attrs["aria-label"] = line.label


class CustomField(Line):
    what = "field"

    def __init__(self, workspace: Workspace, contact: Contact, value: Any, field: Field) -> None:
        super().__init__(workspace, contact, value)
        self.field, self.type, self.field_id = field, field.type, field.pk
        self.id, self.label = f"field-{field.pk}", field.label
        self.url = workspace.url("contacts:field", contact.pk, field.pk)
        self.unset, self.numeric, self.toggles = field.type.unset, field.type.numeric, field.type.toggles
        if field.type.multiple:
            self.tip = SEVERAL

    def mark(self, value: Any) -> str:
        return self.type.mark(value)

    def shown(self, value: Any) -> str:
        return self.type.display(value)

    @property
    def chips(self) -> Sequence[str]:
        return self.type.to_input(self.value) if self.type.multiple else ()

    @property
    def href(self) -> str:  # type: ignore[override]
        return self.type.href(self.value)

    def control(self) -> forms.Field:
        return self.type.form_field(self.field, stored=self.value)

    def save(self, actor: Actor, value: Any) -> None:
        self.contact.change(actor, values={self.field: value})
        self.value = value


class Property(Line):
    def __init__(self, workspace: Workspace, contact: Contact) -> None:
        super().__init__(workspace, contact, self.read(contact))
        self.id = f"property-{self.what}"
        self.url = workspace.url("contacts:property", contact.pk, self.what)

    def read(self, contact: Contact) -> Any:
        return getattr(contact, self.what)


class Name(Property):
    what, label, unset = "name", gettext_lazy("Name"), gettext_lazy("Set name")

    def control(self) -> forms.Field:
        return inputs.NameField()


class Email(Property):
    what, label, unset = "email", gettext_lazy("Email"), gettext_lazy("Set email")

    def control(self) -> forms.Field:
        return inputs.EmailField()


class OrganizationLine(Property):
    what, label, unset = "organization", gettext_lazy("Organization"), gettext_lazy("Choose")

    def mark(self, value: Any) -> str:
        return str(value.pk) if value else ""

    def shown(self, value: Any) -> str:
        return value.name if value else ""

    def control(self) -> forms.Field:
        return inputs.OrganizationField(self.workspace, self.value)


class Tags(Property):
    what, label, unset, tip = "tags", gettext_lazy("Tags"), gettext_lazy("Add tags"), SEVERAL

    def read(self, contact: Contact) -> list[str]:
        return [tag.name for tag in contact.tags.all()]

    def mark(self, value: Any) -> str:
        return self.shown(value)

    def shown(self, value: Any) -> str:
        return ", ".join(value)

    @property
    def chips(self) -> Sequence[str]:
        return self.value

    def control(self) -> forms.Field:
        return inputs.TagsField(self.workspace)

    def save(self, actor: Actor, value: list[str]) -> None:
        self.contact.change(actor, tags=value)
        self.value = self.read(self.contact)


PROPERTIES: dict[str, type[Property]] = {kind.what: kind for kind in (Name, Email, OrganizationLine, Tags)}


def context(workspace: Workspace, contact: Contact | None, featured_only: bool = True) -> dict[str, Any]:
    """What `contacts/_sidebar.html` shows of a contact, in three queries (select its organization yourself).

    `featured_only` puts the other fields behind "Show all fields"; a contact's own page shows all of them.
    """
    if contact is None:
        return {"contact": None, "featured": [], "others": []}
    fields = values.fields_of(workspace)
    held = values.read(workspace, [contact.pk], fields)[contact.pk]
    lines = [CustomField(workspace, contact, held.get(field.pk), field) for field in fields]
    if not featured_only:
        return {"contact": contact, "featured": lines, "others": []}
    return {
        "contact": contact,
        "featured": [line for line in lines if line.field.featured],
        "others": [line for line in lines if not line.field.featured],
    }
