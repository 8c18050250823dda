"""What a ticket or a conversation is to each member: how much of it they have seen, whether they look at it now, and
what they have begun to write."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from tickets.storedfiles import StoredFile


def _one_each(thread: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["workspace", "user", thread],
        condition=Q(**{f"{thread}__isnull": False}),
        name=f"%(class)s_{thread}_unique",
    )


class Personal(TenantModel):
    """One row for each member and thread. It goes when the member or the thread does."""

    user = models.ForeignKey(
        "workspaces.User", models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    ticket = CompositeForeignKey("tickets.Ticket", null=True, blank=True, related_name="+")
    conversation = CompositeForeignKey("tickets.Conversation", null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (_one_each("ticket"), _one_each("conversation"))

    def __str__(self) -> str:
        return f"{type(self).__name__} of {self.user_id}"


class InOneThread(Personal):
    class Meta:
        abstract = True
        constraints = (
            *Personal.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, conversation__isnull=True)
                | Q(ticket__isnull=True, conversation__isnull=False),
                name="%(class)s_in_one_thread",
            ),
        )


class Seen(Personal):
    """How a member saw a thread last: its `updated_at` then. While it is still the same there is nothing new for them.

    It is compared, never ordered by: of two changes the one that is committed last may bear the earlier time. The row
    without a thread says until when all of a kind count as seen that have no row; without that, until they joined.
    """

    state = models.DateTimeField()
    all_of = models.CharField(max_length=12, blank=True, db_default="")  # "ticket" or "conversation"

    class Meta(Personal.Meta):
        constraints = (
            *Personal.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace", "user", "all_of"], condition=~Q(all_of=""), name="seen_all_unique"
            ),
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, all_of="")
                | Q(conversation__isnull=False, all_of="")
                | Q(ticket__isnull=True, conversation__isnull=True, all_of__in=["ticket", "conversation"]),
                name="seen_one_or_all",
            ),
        )


class Viewing(InOneThread):
    """A member has the thread on the screen, and had it `at` that time. The table isn't logged: a crash empties it."""

    at = models.DateTimeField()

    class Meta(InOneThread.Meta):
        indexes = (
            models.Index(fields=["workspace", "ticket"], name="viewing_ticket", condition=Q(ticket__isnull=False)),
            models.Index(
                fields=["workspace", "conversation"],
                name="viewing_conversation",
                condition=Q(conversation__isnull=False),
            ),
        )


class Draft(InOneThread):
    """A reply or a note that a member has begun. Nobody else ever sees it."""

    kind = models.CharField(max_length=8)
    others = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    body = models.TextField(blank=True)
    discarded = models.BooleanField(default=False)  # it can still be taken back
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta(InOneThread.Meta):
        constraints = (
            *InOneThread.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "id"], name="draft_workspace_id"),
        )


class DraftFile(StoredFile):
    """A file that waits in a draft until it is sent. Without one it is nobody's any more: `drafts.tidy` deletes it, as
    the database can't delete what lies in the storage."""

    draft = CompositeForeignKey(Draft, null=True, blank=True, related_name="files")

    class Meta:
        indexes = (models.Index(fields=["workspace", "draft", "id"], name="draftfile_draft"),)
