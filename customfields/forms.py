"""The form of a field's definition, with its options, and the dialogs that delete."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from customfields.keys import key_from
from customfields.models import Field, Option
from customfields.rules import HELP_LENGTH, LABEL_LENGTH
from customfields.types import TYPES
from gopimi.lib.figures import figure

FLAGS = ("multiple", "featured", "required")
# How a form tells what each is by now
FLAGGED = {"featured": gettext_lazy("It is featured"), "required": gettext_lazy("It is required")}
UNFLAGGED = {"featured": gettext_lazy("It isn't featured"), "required": gettext_lazy("It isn't required")}


@dataclass
class OptionRow:
    """A line of the options' list; `pk` is None until the option is saved."""

    label: str
    pk: int | None = None
    contacts: int = 0
    fresh: bool = False  # just added: takes the focus
    replaced_by: Option | None = None
    percent: int = 0  # of its values that are the other's by now


def _text(most: int, css: str = "input", **attributes: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": css, "maxlength": most, **attributes})
    return forms.CharField(required=False, widget=widget)


class FieldForm(forms.Form):
    """What it may hold is judged by the model (`rules.py`), so that the API gives the same answers."""

    label = _text(LABEL_LENGTH, autocomplete="off")
    key = _text(63, autocomplete="off", spellcheck="false", css="input raw")
    help_text = _text(HELP_LENGTH)
    type = forms.CharField(required=False)
    multiple = forms.BooleanField(required=False)
    featured = forms.BooleanField(required=False)
    required = forms.BooleanField(required=False)
    options = forms.CharField(required=False)  # sent as lines; what is wrong with them is said here
    version = forms.CharField(required=False)

    def __init__(self, data: QueryDict | None, *, workspace: Any, field: Field | None, draft: bool = False) -> None:
        """`draft` shows what was typed without judging it: an option was added or moved, nothing is saved yet."""
        self.workspace, self.field = workspace, field
        self.contacts = field.own_values.contacts_by("option_id") if field and field.type.has_options else {}
        self.lines = self._given(data) if data is not None else self._stored()
        self.archived_options = self._stored(archived=True)
        initial = data.dict() | {flag: flag in data for flag in FLAGS} if data is not None else self._initial()
        self.seen = initial.get("version", "")  # what the writer's changes are based on
        super().__init__(None if draft else data, initial=initial, auto_id="field-%s")
        self.fields["label"].label, self.fields["help_text"].label = gettext("Label"), gettext("Help text")
        self.fields["label"].widget.attrs["autofocus"] = field is None and not draft
        self.fields["key"].widget.attrs["placeholder"] = self._suggested_key(str(initial.get("label", "")).strip())

    def _initial(self) -> dict[str, Any]:
        if self.field is None:
            return {"type": "text", "version": ""}
        names = ("label", "key", "help_text", "featured", "required", "multiple")
        return {name: getattr(self.field, name) for name in names} | {"version": self.field.version}

    def _suggested_key(self, label: str) -> str:
        """What the key will be where none is typed."""
        if self.field or not label:
            return ""
        return key_from(label, set(Field.objects.for_workspace(self.workspace).values_list("key", flat=True)))

    def _stored(self, archived: bool = False) -> list[OptionRow]:
        known = self.field.choices if self.field else []
        shown = [option for option in known if bool(option.archived_at) == archived]
        return [self.row(option) for option in shown]

    def row(self, option: Option) -> OptionRow:
        contacts = self.contacts.get(option.pk, 0)
        percent = 100 - min(100, 100 * contacts // max(1, option.to_move))
        return OptionRow(option.label, option.pk, contacts, replaced_by=option.replaced_by, percent=percent)

    def _given(self, data: QueryDict) -> list[OptionRow]:
        """The lines as they were sent, without those whose option somebody has archived or deleted in the meantime."""
        stored = {str(row.pk): row for row in self._stored()}
        rows = []
        for pk, label in zip(data.getlist("option_id"), data.getlist("option"), strict=False):
            if pk in stored:
                rows.append(OptionRow(label, stored[pk].pk, stored[pk].contacts))
            elif not pk:
                rows.append(OptionRow(label))
        return rows

    @property
    def kinds(self) -> list[Any]:
        """The types to choose from; a multiple select is a select with its switch on."""
        return [kind for kind in TYPES.values() if not kind.multiple]

    @property
    def chosen(self) -> str:
        return self.field.type.name if self.field else self["type"].value()

    def arrange(self, command: str, value: str) -> None:
        """Change the draft's list of options: "add" a line, "drop" one that isn't saved yet, or "move" one: "2:up"."""
        if command == "add":
            self.lines.append(OptionRow("", fresh=True))
            return
        if command == "drop":
            self.lines = [row for number, row in enumerate(self.lines) if row.pk or str(number) != value]
            return
        position, _, direction = value.partition(":")
        here = int(position) if position.isdecimal() else len(self.lines)
        there = here + (1 if direction == "down" else -1)
        if 0 <= here < len(self.lines) and 0 <= there < len(self.lines):
            self.lines.insert(there, self.lines.pop(here))

    def save(self) -> bool:
        """Write it; False with errors in the form where the model refuses."""
        try:
            with transaction.atomic():
                self._change(self.field) if self.field else self._define()
        except ValidationError as error:
            for attribute, errors in error.error_dict.items():
                self.add_error(attribute if attribute in self.fields else None, errors)
        return self.is_valid()

    def _define(self) -> None:
        data = self.cleaned_data
        has_options = any(kind.has_options for kind in self.kinds if kind.name == data["type"])
        self.field = Field.objects.for_workspace(self.workspace).define(
            **{name: data[name] for name in ("label", "type", "key", "help_text", "featured", "required")},
            multiple=data["multiple"] and has_options,
            options=[row.label for row in self.lines if row.label.strip()] if has_options else [],
        )

    def _change(self, field: Field) -> None:
        field.lock()
        field.refresh_from_db(fields=["updated_at"])
        if self.cleaned_data["version"] != field.version:
            self.seen = field.version
            text = [
                gettext("Somebody else changed this field in the meantime."),
                *(f"{words}." for words in self._theirs()),
                gettext("Save again to overwrite that with what is here."),
            ]
            raise ValidationError({"__all__": ValidationError(" ".join(text), code="conflict")})
        names = ("label", "help_text", "featured", "required")
        field.change(**{name: self.cleaned_data[name] for name in names})
        if field.type.has_options:
            field.arrange_options([(row.pk, row.label) for row in self.lines if row.pk or row.label.strip()])

    def _theirs(self) -> Iterator[str]:
        """How the field differs by now from what is here, in words."""
        now = Field.objects.for_workspace(self.workspace).with_options().get(pk=self.field.pk)  # type: ignore[union-attr]
        if now.archived_at:
            yield gettext("It is archived")
        if now.label != self.cleaned_data["label"]:
            yield gettext("Its label is “{label}”").format(label=now.label)
        if now.help_text != self.cleaned_data["help_text"]:
            yield (
                gettext("Its help text is “{help_text}”").format(help_text=now.help_text)
                if now.help_text
                else gettext("It has no help text")
            )
        for flag in ("featured", "required"):
            if getattr(now, flag) != self.cleaned_data[flag]:
                yield str(FLAGGED[flag] if getattr(now, flag) else UNFLAGGED[flag])
        here = {row.pk: row.label for row in self.lines if row.pk}
        for option in now.choices:
            if not option.archived_at and option.label != here.get(option.pk):
                called = here.get(option.pk)
                yield (
                    gettext("“{called}” is called “{label}”").format(called=called, label=option.label)
                    if called
                    else gettext("There is a new option “{label}”").format(label=option.label)
                )


class DeleteFieldForm(forms.Form):
    confirm = forms.CharField(label=gettext_lazy("Type the key to confirm"), required=False)

    def __init__(self, data: Any, *, field: Field) -> None:
        super().__init__(data)
        self.field = field
        attributes = {"class": "input raw", "autocomplete": "off", "spellcheck": "false", "autofocus": True}
        self.fields["confirm"].widget.attrs = {**attributes, "placeholder": field.key}

    def clean_confirm(self) -> str:
        if self.cleaned_data["confirm"].strip() != self.field.key:
            raise ValidationError(
                gettext("This isn't the key. Type {key}.").format(key=self.field.key), code="not_confirmed"
            )
        return self.field.key


class DeleteOptionForm(forms.Form):
    """Who has the option loses it, or gets another in its place: that must be said where anybody has it. `seen` is the
    number that was shown, in case that more have it by now."""

    NOTHING = "nothing"

    replace_with = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Give these contacts instead"),
        widget=forms.Select(attrs={"class": "select"}),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, option: Option, contacts: int) -> None:
        super().__init__(data, initial={"seen": contacts})
        self.contacts = contacts
        self.others = {str(other.pk): other for other in option.siblings.active().exclude(pk=option.pk)}
        control = self.fields["replace_with"]
        control.choices = [  # type: ignore[attr-defined]
            ("", gettext("Choose")), *((pk, other.label) for pk, other in self.others.items()),
            (self.NOTHING, gettext("Nothing: they lose the value")),
        ]  # fmt: skip
        gone = gettext("That option was archived or deleted in the meantime. Choose another one.")
        control.error_messages["invalid_choice"] = gone
        control.widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen = data.get("seen")
        if seen is not None and self.contacts > seen:
            self.data = {**self.data.dict(), "seen": str(self.contacts)}  # type: ignore[attr-defined]
            self.add_error(
                None,
                gettext("More contacts have it by now: {number}. Confirm it once more.").format(
                    number=figure(self.contacts)
                ),
            )
        if self.contacts and data.get("replace_with") == "":
            self.add_error("replace_with", gettext("Choose what these contacts get instead."))
        return data

    @property
    def replacement(self) -> Option | None:
        return self.others.get(self.cleaned_data["replace_with"])
