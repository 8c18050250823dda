"""What is kept of a bulk edit: what is done to which contacts, how far it is, and what was taken back."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy

from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from gopimi.workspaces.actor import Actor, ActorKind


class Action(models.TextChoices):
    DELETE = "delete", gettext_lazy("Delete")
    ORGANIZATION = "organization", gettext_lazy("Set organization")
    ADD_TAG = "add_tag", gettext_lazy("Add a tag")
    REMOVE_TAG = "remove_tag", gettext_lazy("Remove a tag")
    FIELD = "field", gettext_lazy("Set a field")


class Status(models.TextChoices):
    RUNNING = "running", gettext_lazy("Running")
    DONE = "done", gettext_lazy("Done")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
    UNDOING = "undoing", gettext_lazy("Undoing")
    UNDONE = "undone", gettext_lazy("Undone")


class Batched(TenantModel):
    """What is kept of work on many rows (`batches.Work`).

    `value` is what the action needs, as text. `position` is how many of the rows are done with, and of an undo, the id
    of the last thing that is.
    """

    IDS: ClassVar[str]  # the column with the rows' ids, ascending

    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True)
    value = models.TextField(blank=True)
    total = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    position = models.BigIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)  # rows
    reverted = models.PositiveIntegerField(default=0)  # rows that got back what they had
    kept = models.PositiveIntegerField(default=0)  # rows that didn't, since others changed them, or for the quota
    problem = models.TextField(blank=True)  # why it couldn't go on
    cancel_asked = models.BooleanField(default=False)
    dismissed = models.BooleanField(default=False)  # whoever asked for it has seen how it ended
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_id)

    @property
    def ids(self) -> list[int]:
        found: list[int] = getattr(self, self.IDS)
        return found

    @property
    def is_active(self) -> bool:
        return self.status in (Status.RUNNING, Status.UNDOING)

    @property
    def percent(self) -> int:
        done = self.reverted + self.kept if self.status == Status.UNDOING else self.position
        return min(100, 100 * done // max(1, self.changed if self.status == Status.UNDOING else self.total))

    @property
    def can_undo(self) -> bool:
        return bool(self.changed) and self.status in (Status.DONE, Status.CANCELLED)

    def end(self, status: Status) -> None:
        self.status, self.finished_at = status, timezone.now()


class BulkEdit(Batched):
    """An action on the contacts that were selected when it was asked for.

    `value` is what the action needs: an organization's id, a tag's name, a field's value as the history keeps it; empty
    clears.
    """

    IDS = "contact_ids"

    action = models.CharField(max_length=12, choices=Action)
    field = CompositeForeignKey("customfields.Field", null=True, blank=True, related_name="+")
    contact_ids = ArrayField(models.BigIntegerField())
    deletion = models.UUIDField(null=True, blank=True)  # of a DELETE: what its contacts are marked with in the trash

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="bulk_edit_workspace_id"),
            models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="bulk_edit_actor_known"),
            models.CheckConstraint(condition=Q(action__in=Action.values), name="bulk_edit_action_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="bulk_edit_status_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "actor_id", "id"], name="bulk_edit_shown", condition=Q(dismissed=False))
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.total} contacts"
