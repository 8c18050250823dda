"""What tickets and conversations have in common: how they are opened, changed and reopened, with an event for each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models.functions import Now

from contacts.models import Tag
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel, TenantQuerySet
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import Membership, User, Workspace
from tickets import reading
from tickets.events import Event

TAGGING = ("tags", "add_tag", "remove_tag")
Became = tuple[Any, str, Any, Any]  # a thread, what of it became another, from what to what


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
        Event.objects.bulk_create([thread.event(actor, "opened")])
        return thread

    @transaction.atomic
    def change(self, actor: Actor, *, bulk_edit: Any = None, **changes: Any) -> list[int]:
        """Change what is given of each of these and nothing else, with an event for each property that becomes another;
        answers with the ids of those that did.

        Takes what is CHANGEABLE, as the model has it: `tickets.change(actor, status="pending", assignee=None)`. `tags`
        are names and replace all, `add_tag` and `remove_tag` one name each. Raises NotAMember.
        """
        if unknown := changes.keys() - self.model.CHANGEABLE:  # type: ignore[attr-defined]
            raise TypeError(f"A {self.model._meta.verbose_name} has no {', '.join(sorted(unknown))} to change.")
        require_member(self.workspace_id, changes.get("assignee"))
        # They may have changed since they were shown.
        threads = list(self.order_by("pk").select_for_update(no_key=True))
        columns = {name: value for name, value in changes.items() if name not in TAGGING}
        became = [*_changed(threads, columns), *self._retagged(threads, changes)]
        Event.objects.bulk_create([thread.event(actor, *what, bulk_edit=bulk_edit) for thread, *what in became])
        changed = list({thread.pk: thread for thread, *_ in became}.values())
        ids = [thread.pk for thread in changed]
        rows = self.model.objects.for_workspace(self.workspace_id)  # type: ignore[attr-defined]
        rows.filter(pk__in=ids).update(**columns, updated_at=Now())
        reading.keep(actor, changed)
        return ids

    def _retagged(self, threads: Sequence[Any], changes: dict[str, Any]) -> Iterator[Became]:
        """Only tickets have tags."""
        return iter(())


def _changed(threads: Sequence[Any], columns: dict[str, Any]) -> Iterator[Became]:
    for thread in threads:
        for name, value in columns.items():
            old, new = thread.stored(name), getattr(value, "pk", value)
            if old != new:
                yield thread, name, old, new


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

    def _retagged(self, threads: Sequence[Any], changes: dict[str, Any]) -> Iterator[Became]:
        if "tags" in changes:
            names = list(changes["tags"])
            tagged = [(ticket, *ticket.set_tags(names)) for ticket in threads]
        else:
            tagged = list(self._one_tag(threads, changes))
        for ticket, before, after in tagged:
            if before != after:
                yield ticket, "tags", ", ".join(before), ", ".join(after)

    def _one_tag(self, tickets: Sequence[Any], changes: dict[str, Any]) -> Iterator[tuple[Any, list[str], list[str]]]:
        """Put one tag on all of them, or take it off, in a statement or two; the names before and after of each."""
        model = self.model.tags.through  # type: ignore[attr-defined]
        links = model.objects.for_workspace(self.workspace_id).filter(ticket__in=tickets)
        tags = Tag.objects.for_workspace(self.workspace_id)
        added = tags.named([changes["add_tag"]] if "add_tag" in changes else [])
        removed = list(tags.ids_by_name([changes["remove_tag"]] if "remove_tag" in changes else []).values())
        before: dict[int, dict[int, str]] = {ticket.pk: {} for ticket in tickets}
        if added or removed:
            for ticket_id, tag_id, name in links.values_list("ticket_id", "tag_id", "tag__name"):
                before[ticket_id][tag_id] = name
        for ticket in tickets:
            names = before[ticket.pk]
            after = {pk: name for pk, name in names.items() if pk not in removed} | {tag.pk: tag.name for tag in added}
            yield ticket, sorted(names.values()), sorted(after.values())
        links.filter(tag_id__in=removed).delete()
        new = [model(workspace_id=self.workspace_id, ticket=ticket, tag=tag) for ticket in tickets for tag in added]
        model.objects.bulk_create(new, ignore_conflicts=True)


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
    last_message_at = models.DateTimeField(db_default=Now(), editable=False)  # a note is none

    class Meta:
        abstract = True

    def change(self, actor: Actor, **changes: Any) -> bool:
        """Change what is given and nothing else (`ThreadQuerySet.change`); answers whether anything became another."""
        became = bool(self._itself().change(actor, **changes))
        for name in changes.keys() - set(TAGGING):
            setattr(self, name, changes[name])
        if became:
            self.refresh_from_db(fields=["updated_at"])
        return became

    def reopen(self, actor: Actor) -> bool:
        """What the customer's new message does to a thread that isn't open."""
        return self.status != self.OPEN and self.change(actor, status=self.OPEN)

    @classmethod
    def statuses(cls) -> dict[str, str]:
        """What each status is called."""
        meta: Any = cls._meta
        return {str(value): str(label) for value, label in meta.get_field("status").choices}

    @classmethod
    def called(cls) -> str:
        """What rows of other tables call it: "ticket" or "conversation"."""
        return str(cls._meta.model_name)

    def event(self, actor: Actor, what: str, old: Any = None, new: Any = None, bulk_edit: Any = None) -> Event:
        """What is to be written down. Old and new are as stored (a status, a number, an id): names are looked up when
        shown, so that an erased person's is nowhere kept."""
        old, new = ("" if value is None else str(value) for value in (old, new))
        thread = {"workspace_id": self.workspace_id, self.called(): self}
        by = {"actor_kind": actor.kind, "actor_id": actor.id, "bulk_edit": bulk_edit}
        return Event(**thread, **by, what=what, old=old, new=new)

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

    def _itself(self) -> Any:
        return type(self).objects.for_workspace(self.workspace_id).filter(pk=self.pk)
