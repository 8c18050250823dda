"""One change to all selected tickets or conversations: asked for in a dialog, made, and taken back."""

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from contacts.bulkedits.forms import BulkForm
from contacts.bulkedits.records import Batched
from contacts.views.bulk_edits import BulkEdits
from contacts.views.selection import ticked
from gopimi.lib.counting import counted
from gopimi.workspaces.models import User
from tickets.bulkedits.forms import CONVERSATION_FORMS, TICKET_FORMS
from tickets.bulkedits.records import Action, ThreadEdit
from tickets.bulkedits.running import WORK
from tickets.lists import ConversationList, ThreadList, TicketList
from tickets.models import Priority


class ThreadBulkEdits(BulkEdits):
    work, event = WORK, "threads_changed"
    kind: type[ThreadList]

    def selected(self, request: Any) -> QuerySet:
        rows = self.kind.model.objects.for_workspace(request.workspace)
        if "all" not in request.POST:
            return rows.filter(pk__in=ticked(request))
        asked = self.kind.filter_class(QueryDict(request.POST.get("query", "")), request.workspace, request.user)
        return asked.apply(rows)

    def rows(self, request: Any) -> QuerySet:
        return super().rows(request).filter(table=self.kind.views)

    def begin(self, request: Any, form: BulkForm, ids: list[int]) -> Batched:
        action, value, _ = form.wanted()
        return WORK.begin(request.workspace.pk, request.actor, ids, table=self.kind.views, action=action, value=value)

    def subject(self, one: ThreadEdit) -> str:
        return f"{one.get_action_display()}: {self._shown(one)}"

    def _shown(self, one: ThreadEdit) -> str:
        if one.action == Action.ASSIGNEE:
            return (
                str(User.objects.filter(pk=one.value).first() or gettext("somebody who left"))
                if one.value
                else gettext("nobody")
            )
        if one.action == Action.PRIORITY:
            return str(Priority(int(one.value)).label)
        if one.action == Action.STATUS:
            return self.kind.model.statuses()[one.value]
        return one.value


class TicketBulkEdits(ThreadBulkEdits):
    kind, forms, section = TicketList, TICKET_FORMS, "tickets"
    none_chosen = gettext_lazy("Select the tickets to change first.")
    table, names = "tickets:list", "tickets:bulk"

    def counted(self, number: int) -> str:
        return counted(number, "{number} ticket", "{number} tickets")


class ConversationBulkEdits(ThreadBulkEdits):
    kind, forms, section = ConversationList, CONVERSATION_FORMS, "inbox"
    none_chosen = gettext_lazy("Select the conversations to change first.")
    table, names = "tickets:inbox", "tickets:conversation_bulk"

    def counted(self, number: int) -> str:
        return counted(number, "{number} conversation", "{number} conversations")
