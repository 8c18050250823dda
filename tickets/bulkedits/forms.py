"""What is asked before many tickets or conversations are changed: one form for each of the bar's buttons."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from contacts.bulkedits.forms import BulkForm, TagForm, Wanted
from tickets.bulkedits.records import Action
from tickets.forms import AssigneeField, PriorityField
from tickets.models import Conversation, Status


class OneForm(BulkForm):
    """One property."""

    action: Action

    def wanted(self) -> Wanted:
        value = self.cleaned_data[self.action]
        return self.action, str(getattr(value, "pk", value) or ""), None


class StatusForm(OneForm):
    heading, icon, action = gettext_lazy("Set status"), "circle-dot", Action.STATUS
    choices: Any = Status.choices

    def ask(self) -> None:
        self.fields["status"] = forms.ChoiceField(choices=self.choices, label=gettext("Status"))


class ConversationStatusForm(StatusForm):
    choices = Conversation.Status.choices


class AssigneeForm(OneForm):
    heading, icon, action = gettext_lazy("Set assignee"), "user-round", Action.ASSIGNEE

    def ask(self) -> None:
        self.fields["assignee"] = AssigneeField(self.workspace)


class PriorityForm(OneForm):
    heading, icon, action = gettext_lazy("Set priority"), "flag", Action.PRIORITY

    def ask(self) -> None:
        self.fields["priority"] = PriorityField()
        self.fields["priority"].initial = "3"


TICKET_FORMS: dict[str, type[BulkForm]] = {
    "status": StatusForm,
    "assignee": AssigneeForm,
    "priority": PriorityForm,
    "tag": TagForm,
}
CONVERSATION_FORMS: dict[str, type[BulkForm]] = {"status": ConversationStatusForm, "assignee": AssigneeForm}
