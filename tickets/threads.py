"""What tickets and conversations have in common: how they are opened, changed and reopened, with an event for each."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models.functions import Now

from gopimi.lib.tenancy import CompositeForeignKey, TenantModel, TenantQuerySet
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Membership, User, Workspace


class NotAMember(ValueError):
    """Only a member of the workspace can be an assignee."""


class ThreadQuerySet(TenantQuerySet):
    """Start from `Ticket.objects.for_workspace(workspace)`, or from Conversation's."""

    @transaction.atomic
    def open(
        self,
        actor: Actor,
        contact: Any,
        subject: str,
        body: str,
        *,
        assignee: User | None = None,
        **values: Any,
    ) -> Any:
        """Open one by hand or by the API: `body` is the contact's first message, and no mail goes out.

        Raises NotAMember.
        """
        require_member(self.workspace_id, assignee)
        thread = self.create(subject=subject, contact=contact, assignee=assignee, **values)
        thread.messages.create(
            workspace_id=self.workspace_id,
            direction="inbound",
            state="received",
            author_type="contact",
            author_contact=contact,
            author_name=contact.name if contact else "",
            author_email=contact.email if contact else "",
            body_text=body,
        )
        thread.record(actor, "opened")
        return thread


class TicketQuerySet(ThreadQuerySet):
    @transaction.atomic
    def open(
        self, actor: Actor, contact: Any, subject: str, body: str, *, tags: Iterable[str] = (), **values: Any
    ) -> Any:
        """Open a ticket with the next number; takes `priority` and `assignee` too. Raises NotAMember."""
        number = Workspace(pk=self.workspace_id).next_ticket_number()
        ticket = super().open(actor, contact, subject, body, number=number, **values)
        if tags:
            ticket.set_tags(tags)
        return ticket


def require_member(workspace_id: Any, assignee: User | None) -> None:
    members = Membership.objects.filter(workspace_id=workspace_id, user=assignee)
    if assignee is not None and not members.exists():
        raise NotAMember(f"{assignee} isn't a member of this workspace.")


class Thread(TenantModel):
    """A ticket or a conversation. The model says its `status`, `contact`, and what of it is CHANGEABLE."""

    CHANGEABLE: ClassVar[frozenset[str]] = frozenset({"status", "assignee", "contact", "subject"})
    OPEN: ClassVar[str] = "open"
    status: Any
    contact: Any
    messages: Any
    events: Any

    subject = models.CharField(max_length=500)
    # Always a member of the workspace: the composite key leads to the membership.
    assignee = models.ForeignKey(
        "workspaces.User", models.DO_NOTHING, null=True, blank=True, db_constraint=False, db_index=False,
        related_name="+",
    )  # fmt: skip
    mailbox = CompositeForeignKey("tickets.Mailbox", null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True

    @transaction.atomic
    def change(self, actor: Actor, **changes: Any) -> bool:
        """Change what is given and nothing else, with an event for each; answers whether anything became another.

        Takes what is CHANGEABLE, as the model has it: `ticket.change(actor, status="pending", assignee=None)`; `tags`
        are names, and replace all. Raises NotAMember.
        """
        if unknown := changes.keys() - self.CHANGEABLE:
            raise TypeError(f"A {self._meta.verbose_name} has no {', '.join(sorted(unknown))} to change.")
        require_member(self.workspace_id, changes.get("assignee"))
        current = self._itself().select_for_update(no_key=True).get()  # it may have changed since it was shown
        tags = changes.pop("tags", None)
        new = {name: value for name, value in changes.items() if current.stored(name) != getattr(value, "pk", value)}
        for name, value in new.items():
            self.record(actor, name, current.stored(name), getattr(value, "pk", value))
            setattr(self, name, value)
        retagged = tags is not None and self._change_tags(actor, tags)
        if new or retagged:
            self._itself().update(**new, updated_at=Now())
            self.refresh_from_db(fields=["updated_at"])
        return bool(new or retagged)

    def reopen(self, actor: Actor) -> bool:
        """What the customer's new message does to a thread that isn't open."""
        return self.status != self.OPEN and self.change(actor, status=self.OPEN)

    def record(self, actor: Actor, what: str, old: Any = None, new: Any = None) -> None:
        """Write an event down. Old and new are as stored (a status, a number, an id): names are looked up when shown,
        so that an erased person's is nowhere kept."""
        old, new = ("" if value is None else str(value) for value in (old, new))
        self.events.create(
            workspace_id=self.workspace_id, what=what, old=old, new=new, actor_kind=actor.kind, actor_id=actor.id
        )

    @property
    def wrote(self) -> dict[str, str]:
        """Who wrote without being a contact: address and name."""
        return {}

    @property
    def reply_address(self) -> str:
        """Where replies go; empty for a person who was erased."""
        return (self.contact.email or "") if self.contact else ""

    def stored(self, name: str) -> Any:
        """A property as its column has it: the id of a row that it leads to."""
        field: Any = self._meta.get_field(name)
        return field.value_from_object(self)

    def _itself(self) -> models.QuerySet:
        return type(self).objects.for_workspace(self.workspace_id).filter(pk=self.pk)

    def _change_tags(self: Any, actor: Actor, names: Iterable[str]) -> bool:
        before, after = self.set_tags(names)
        if before != after:
            self.record(actor, "tags", ", ".join(before), ", ".join(after))
        return before != after
