"""What becomes of contacts, their histories and saved views when a definition of custom fields changes."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models.functions import Now
from django.http import QueryDict

from contacts import history
from contacts.bulkedits.records import BulkEdit
from contacts.bulkedits.records import Status as EditStatus
from contacts.filters import CUSTOM
from contacts.history import Change
from contacts.importing.records import ACTIVE, Import
from contacts.models import Contact, View
from contacts.savedviews import wording
from customfields.following import Changed
from customfields.models import Field, FieldValue, Option
from customfields.operators import reworded
from gopimi.lib import filtering
from gopimi.lib.counting import counted
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import TenantModel
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Workspace


class Contacts:
    """A `Follower` of definitions."""

    going_along: Sequence[type[TenantModel]] = (Change,)

    def values_changed(self, workspace_id: int, actor: Actor, changes: Iterable[Changed]) -> None:
        changes = list(changes)
        history.record(workspace_id, actor, (history.of_value(*change) for change in changes))
        contacts = Contact.objects.for_workspace(workspace_id)
        contacts.filter(pk__in=[contact_id for contact_id, *_ in changes]).update(updated_at=Now())

    def relabelled(self, field: Field, old: str, new: str) -> None:
        """Saved views go on meaning the same option."""
        for view in _views(field.workspace_id):
            query = QueryDict(view.query, mutable=True)
            for parameter, operator, given in _conditions(query, field):
                query.setlist(
                    parameter, reworded(operator, given, lambda label: new if lower(label) == lower(old) else label)
                )
            if (text := wording(view.table, query).urlencode()) != wording(
                view.table, QueryDict(view.query)
            ).urlencode():
                view.query = text
                view.save(update_fields=["query"])

    def uses(self, field: Field, option: Option | None = None) -> list[str]:
        """Saved views, and what runs at the moment and needs the field."""
        views = sum(_uses(view, field, option) for view in _views(field.workspace_id))
        used = [counted(views, "{number} saved view", "{number} saved views")] if views else []
        if option is None:
            if imports := _running_imports(field):
                used.append(counted(imports, "{number} running import", "{number} running imports"))
            running = BulkEdit.objects.for_workspace(field.workspace_id).filter(field=field, status=EditStatus.RUNNING)
            if edits := running.count():
                used.append(counted(edits, "{number} running bulk edit", "{number} running bulk edits"))
        return used

    def without_value(self, field: Field) -> int:
        values = FieldValue.objects.for_workspace(field.workspace_id).filter(field=field)
        alive = values.filter(contact__deleted_at__isnull=True).values("contact_id").distinct().count()
        return max(0, Workspace.objects.get(pk=field.workspace_id).contact_count - alive)


def _views(workspace_id: int) -> Any:
    return View.objects.for_workspace(workspace_id).filter(table=View.Table.CONTACTS)


def _running_imports(field: Field) -> int:
    runs = Import.objects.for_workspace(field.workspace_id).filter(status__in=ACTIVE)
    return sum(CUSTOM + field.key in mapping.values() for mapping in runs.values_list("mapping", flat=True))


def _conditions(query: QueryDict, field: Field) -> list[tuple[str, str, list[str]]]:
    """The parameters of a query that are about the field: each with its operator and values."""
    split = [(parameter, *parameter.partition("__")[::2], given) for parameter, given in filtering.lists(query)]
    return [(parameter, operator, given) for parameter, name, operator, given in split if name == CUSTOM + field.key]


def _uses(view: View, field: Field, option: Option | None) -> bool:
    query = QueryDict(view.query)
    conditions = _conditions(query, field)
    if option is None:
        name = CUSTOM + field.key
        return bool(conditions) or name in view.columns or query.get("sort", "").removeprefix("-") == name
    marks = (reworded(operator, given, lambda label: "" if lower(label) == lower(option.label) else label) != given
             for _, operator, given in conditions)  # fmt: skip
    return any(marks)
