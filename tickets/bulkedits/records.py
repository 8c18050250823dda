"""What is kept of a bulk edit of tickets or conversations; what it changed are the `Event`s that name it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from contacts.bulkedits.records import Batched, Status
from gopimi.workspaces.actor import ActorKind


class Action(models.TextChoices):
    STATUS = "status", gettext_lazy("Status")
    ASSIGNEE = "assignee", gettext_lazy("Assignee")
    PRIORITY = "priority", gettext_lazy("Priority")
    ADD_TAG = "add_tag", gettext_lazy("Add a tag")
    REMOVE_TAG = "remove_tag", gettext_lazy("Remove a tag")


class ThreadEdit(Batched):
    """`value` is what becomes of the property, as its column has it (nobody is empty), or a tag's name."""

    class Table(models.TextChoices):
        TICKETS = "tickets", gettext_lazy("Tickets")
        CONVERSATIONS = "conversations", gettext_lazy("Conversations")

    IDS = "thread_ids"

    table = models.CharField(max_length=16, choices=Table)
    action = models.CharField(max_length=12, choices=Action)
    thread_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="thread_edit_workspace_id"),
            models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="thread_edit_actor_known"),
            models.CheckConstraint(condition=Q(action__in=Action.values), name="thread_edit_action_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="thread_edit_status_known"),
            models.CheckConstraint(condition=Q(table__in=["tickets", "conversations"]), name="thread_edit_table_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "actor_id", "id"], name="thread_edit_shown", condition=Q(dismissed=False))
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.total} {self.table}"
