"""Imports that nobody will carry on: given up, and their files deleted."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from contacts.importing import starting
from contacts.importing.records import Import, Status
from gopimi.lib.tenancy import workspace

KEPT = timedelta(days=7)  # files of drafts and dry runs
CRASHED = {
    "line": None,
    "code": "internal_error",
    "reason": gettext_noop(
        "Something went wrong on our side, and the import stopped here. What was imported can be undone."
    ),
}


def give_up(workspace_id: int, import_id: int, *, undoing: bool) -> None:
    """The job of an import failed for good. An undo can be asked for again."""
    with workspace(workspace_id):
        imports = Import.objects.for_workspace(workspace_id).filter(pk=import_id)
        active = [Status.UNDOING] if undoing else [Status.QUEUED, Status.RUNNING]
        imports.filter(status__in=active).update(status=Status.FAILED, problem=CRASHED, finished_at=timezone.now())


def forget(workspace_id: int) -> None:
    """Delete what was uploaded more than a week ago and became no import; what a dry run said stays."""
    with workspace(workspace_id):
        old = Import.objects.for_workspace(workspace_id).filter(created_at__lt=timezone.now() - KEPT).exclude(file="")
        for one in old.exclude(status__in=[Status.QUEUED, Status.RUNNING, Status.UNDOING]):
            starting.drop_file(one)
            if one.status == Status.DRAFT:
                one.delete()
