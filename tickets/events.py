"""What somebody did to a ticket or a conversation."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from gopimi.workspaces.actor import ActorKind


class Event(TenantModel):
    """Something that somebody did to a ticket or a conversation, shown in its thread between the messages."""

    ticket = CompositeForeignKey("tickets.Ticket", null=True, blank=True, related_name="events")
    conversation = CompositeForeignKey("tickets.Conversation", null=True, blank=True, related_name="events")
    # "opened", or the property that became another; old and new as `Thread.record` says.
    what = models.CharField(max_length=20)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True)
    bulk_edit = CompositeForeignKey(
        "tickets.ThreadEdit", null=True, blank=True, related_name="+"
    )  # that it was part of
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, conversation__isnull=True)
                | Q(ticket__isnull=True, conversation__isnull=False),
                name="event_in_one_thread",
            ),
            models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="event_actor_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "ticket", "id"], name="event_ticket", condition=Q(ticket__isnull=False)),
            models.Index(
                fields=["workspace", "conversation", "id"],
                name="event_conversation",
                condition=Q(conversation__isnull=False),
            ),
            models.Index(
                fields=["workspace", "bulk_edit", "id"], name="event_bulk_edit", condition=Q(bulk_edit__isnull=False)
            ),
        ]

    @property
    def thread_id(self) -> int:
        """The ticket's or the conversation's id."""
        return self.ticket_id or self.conversation_id or 0

    def __str__(self) -> str:
        return f"{self.what}: {self.old} to {self.new}"
