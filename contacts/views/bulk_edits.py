"""One change to all selected rows of a table: asked for in a dialog, made at once or in the background, and taken back.

Of contacts here; `BulkEdits` is for other tables too.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from contacts.bulkedits import batches, running
from contacts.bulkedits.batches import Work
from contacts.bulkedits.forms import FORMS, BulkForm
from contacts.bulkedits.records import Action, Batched, Status
from contacts.filters import BadFilter
from contacts.views.selection import selected
from gopimi.lib import htmx, kept
from gopimi.lib.counting import counted
from gopimi.lib.figures import figure
from gopimi.lib.words import Words
from gopimi.workspaces import toasts
from gopimi.workspaces.actor import ActorKind
from organizations.models import Organization

SHOWN = 3  # edits at the top of the table
GONE = gettext_lazy("The filter doesn't work any more. Nothing was changed.")
MARK = "bulk_edits"  # in the session: there is something to be shown


class BulkEdits:
    """The pages of one table's bulk edits."""

    work: ClassVar[Work]
    forms: ClassVar[Mapping[str, type[BulkForm]]]
    none_chosen: ClassVar[Words]  # what to say where nothing is selected
    section: ClassVar[str]  # of the frame
    table: ClassVar[str]  # the table's URL name
    names: ClassVar[str]  # before the names of what is done to an edit: "contacts:bulk"
    event: ClassVar[str] = "contacts_changed"  # at which the table refreshes itself

    def selected(self, request: Any) -> QuerySet:
        """The rows that the form means. Raises BadFilter."""
        raise NotImplementedError

    def begin(self, request: Any, form: BulkForm, ids: list[int]) -> Batched:
        """Begin what a valid form says."""
        raise NotImplementedError

    def subject(self, one: Any) -> str:
        """What an edit is about: "Organization: Acme"."""
        raise NotImplementedError

    def rows(self, request: Any) -> QuerySet:
        return self.work.model.objects.for_workspace(request.workspace).defer(self.work.model.IDS)

    def own(self, request: Any) -> QuerySet:
        """One's own edits: an undo is told in the histories as done by who did the edit."""
        return self.rows(request).filter(actor_kind=ActorKind.AGENT, actor_id=request.user.pk)

    def edit(self, request: Any, what: str) -> HttpResponse:
        """Ask for the value, with the exact number of rows; then begin."""
        if what not in self.forms:
            raise Http404
        try:
            rows = self.selected(request)
        except BadFilter:
            return toasts.done(request, self.back(request), GONE)
        confirmed = "asked" in request.POST and "choosing" not in request.POST
        form = self.forms[what](request.POST, workspace=request.workspace, judged=confirmed)
        if confirmed and form.is_valid() and (ids := list(rows.values_list("pk", flat=True))):
            return self.begun(request, self.begin(request, form, ids))
        return self._ask(request, what, form, rows.count(), status=422 if confirmed else 200)

    def _ask(self, request: Any, what: str, form: BulkForm, number: int, status: int) -> HttpResponse:
        if not number:
            return toasts.done(request, self.back(request), self.none_chosen)
        context = {
            "section": self.section,
            "back": self.back(request),
            "what": what,
            "form": form,
            "counted": self.counted(number),
            "kept": [(name, value) for name in ("all", "query", "id", "only") for value in request.POST.getlist(name)],
        }
        return htmx.dialog(request, "contacts/_bulk_edit.html", str(form.heading), context, status=status)

    def begun(self, request: Any, one: Any, **events: Any) -> HttpResponse:
        """What to say when a bulk edit or its undo was asked for: how it ended, or that it goes on. `events` are for
        other lists that it changes."""
        if one.is_active:
            request.session[MARK] = True
            return toasts.done(request, self.back(request), bulk_edits_changed=True, **events)
        self.rows(request).filter(pk=one.pk).update(dismissed=True)
        undo = request.workspace.url(f"{self.names}_undo", one.pk) if one.can_undo else ""
        events[self.event] = True
        return toasts.done(request, self.back(request), self.ended(one), undo=undo, **events)

    def counted(self, number: int) -> str:
        """So many rows, in words."""
        raise NotImplementedError

    def ended(self, one: Any) -> str:
        """How it ended, in words."""
        if one.status == Status.UNDONE:
            said = gettext("{rows} changed back").format(rows=self.counted(one.reverted))
            left = gettext("{said}, {number} left as they are")
            return left.format(said=said, number=figure(one.kept)) if one.kept else said
        moved = one.action == Action.DELETE
        same = one.total - one.changed
        said = gettext("{rows} moved to the trash") if moved else gettext("{rows} changed")
        said = said.format(rows=self.counted(one.changed))
        if same and one.status == Status.DONE and not moved:
            said = gettext("{said}, {number} had it so already").format(said=said, number=figure(same))
        if one.status == Status.CANCELLED:
            said = gettext("{said}. Stopped before the end").format(said=said)
        return f"{said}: {kept.told(one.problem)}" if one.problem else said

    def _line(self, one: Any) -> dict[str, Any]:
        """An edit as it stands above the table."""
        progress = gettext("{done} of {rows}").format(done=figure(one.position), rows=self.counted(one.total))
        ended = "" if one.is_active else self.ended(one)
        return {"one": one, "subject": self.subject(one), "progress": progress, "ended": ended}

    def state(self, request: Any) -> HttpResponse:
        """How far one's own edits are, above the table; it is told when one has ended."""
        shown = self.own(request).filter(dismissed=False, total__gt=batches.AT_ONCE)
        edits = list(shown.order_by("-id")[:SHOWN])
        if not edits:
            request.session.pop(MARK, None)
        active = any(one.is_active for one in edits)
        lines = [self._line(one) for one in edits]
        context = {"lines": lines, "active": active, "bulk": self}
        events = {self.event: True} if "active" in request.GET and not active else {}
        return htmx.fragment(request, "contacts/_bulk_edits.html", context, **events)

    def cancel(self, request: Any, bulk_edit_pk: int) -> HttpResponse:
        self.work.cancel(self._found(request, bulk_edit_pk))
        return toasts.done(request, self.back(request), bulk_edits_changed=True)

    def undo(self, request: Any, bulk_edit_pk: int) -> HttpResponse:
        """Give each row back what it had, but for what was changed since."""
        one = self._found(request, bulk_edit_pk)
        self.work.undo(one)
        one.refresh_from_db()
        return self.begun(request, one)

    def dismiss(self, request: Any, bulk_edit_pk: int) -> HttpResponse:
        self.rows(request).filter(pk=self._found(request, bulk_edit_pk).pk).update(dismissed=True)
        return toasts.done(request, self.back(request), bulk_edits_changed=True)

    def paths(self) -> list[URLPattern]:
        """Its routes, below the table's "bulk/"."""
        name = self.names.partition(":")[2]
        return [
            path("", require_GET(self.state), name=f"{name}_edits"),
            path("<int:bulk_edit_pk>/cancel/", require_POST(self.cancel), name=f"{name}_cancel"),
            path("<int:bulk_edit_pk>/undo/", require_POST(self.undo), name=f"{name}_undo"),
            path("<int:bulk_edit_pk>/dismiss/", require_POST(self.dismiss), name=f"{name}_dismiss"),
            path("<slug:what>/", require_POST(self.edit), name=f"{name}_edit"),
        ]

    def back(self, request: Any) -> str:
        url: str = request.workspace.url(self.table)
        return url

    def _found(self, request: Any, pk: int) -> Any:
        return get_object_or_404(self.own(request), pk=pk)


class ContactBulkEdits(BulkEdits):
    work, forms, section = running.WORK, FORMS, "contacts"
    none_chosen = gettext_lazy("Select the contacts to change first.")
    table, names = "contacts:list", "contacts:bulk"

    def selected(self, request: Any) -> QuerySet:
        return selected(request).alive()

    def rows(self, request: Any) -> QuerySet:
        return super().rows(request).select_related("field")

    def counted(self, number: int) -> str:
        return counted(number, "{number} contact", "{number} contacts")

    def begin(self, request: Any, form: BulkForm, ids: list[int]) -> Batched:
        action, value, field = form.wanted()
        return running.begin(request.workspace.pk, request.actor, action, ids, value, field)

    def subject(self, one: Any) -> str:
        if one.action == Action.DELETE:
            return gettext("Move to the trash")
        if one.action == Action.ORGANIZATION:
            known = Organization.objects.for_workspace(one.workspace_id)
            organization = known.filter(pk=one.value).first() if one.value else gettext("none")
            return gettext("Organization: {organization}").format(organization=organization)
        if one.action == Action.FIELD:
            label = one.field.label if one.field else gettext("A field that was deleted")
            shown = one.field.type.shown(one.field, one.value) if one.field and one.value else gettext("none")
            return f"{label}: {shown}"
        return f"{one.get_action_display()}: {one.value}"


OF_CONTACTS = ContactBulkEdits()
