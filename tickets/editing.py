"""A ticket's or a conversation's own properties in one dialog: only what one changed in it is written."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from contacts import inputs
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Workspace
from tickets.forms import AssigneeField, PriorityField


class EditForm(forms.Form):
    """The form carries what it showed, so that what others changed meanwhile stays."""

    def __init__(self, thread: Any, workspace: Workspace, actor: Actor, data: QueryDict | None = None) -> None:
        initial = {name: getattr(thread, name) for name in ("subject", "status", "assignee")}
        super().__init__(data, initial=initial, auto_id="edit-%s")
        self.thread, self.actor = thread, actor
        self.fields["subject"] = forms.CharField(label=gettext("Subject"), max_length=500)
        self.fields["subject"].widget.attrs["autofocus"] = True
        self.fields["status"] = forms.ChoiceField(
            label=gettext("Status"), choices=thread._meta.get_field("status").choices
        )
        if "priority" in thread.CHANGEABLE:
            self.fields["priority"] = PriorityField()
            self.initial["priority"] = thread.priority
        self.fields["assignee"] = AssigneeField(workspace)
        if "tags" in thread.CHANGEABLE:
            self.fields["tags"] = inputs.TagsField(workspace)
            self.fields["tags"].hidden_widget = forms.MultipleHiddenInput
            self.initial["tags"] = [tag.name for tag in thread.tags.all()]
        for field in self.fields.values():
            field.show_hidden_initial = True
            inputs.dress(field.widget)

    @property
    def pairs(self) -> list[forms.BoundField]:
        """What stands side by side."""
        return [self[name] for name in self.fields if name not in ("subject", "tags")]

    def save(self) -> bool:
        return self.thread.change(self.actor, **{name: self.cleaned_data[name] for name in self.changed_data})
