"""The tickets and conversations of a demo workspace, with messages, attachments and events."""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

from contacts.models import Contact, Tag
from gopimi.lib import addresses
from gopimi.workspaces.actor import EMAIL, Actor
from gopimi.workspaces.models import User, Workspace
from tickets import attachments, mailboxes, mailhtml, messageids
from tickets.demo import files
from tickets.demo.stories import Step, Story
from tickets.models import (
    Conversation,
    Event,
    Message,
    MessageId,
    Priority,
    Ticket,
    TicketTag,
)

MOMENT = timedelta(seconds=8)  # between what somebody does in one go
Thread = Ticket | Conversation


class Threads:
    """Plays the stories of one workspace: what each step does to its thread is what the product would do."""

    def __init__(self, workspace: Workspace, told: dict[str, Any], agents: list[User], now: datetime) -> None:
        self.workspace, self.told, self.now = workspace, told, now
        self.agents = {agent.name.split()[0].lower(): agent for agent in agents}
        self.random = Random(f"threads of {workspace.slug}")  # noqa: S311  drawn for looks
        self.tickets = self.timed("ticket")
        self.conversations = self.timed("conversation")
        self.messages: list[tuple[Message, Step]] = []
        self.events: list[Event] = []

    def timed(self, kind: str) -> list[tuple[Story, list[datetime]]]:
        """The stories with the times of their steps, the oldest first: tickets get their numbers in this order."""
        stories = [Story.of(told) for told in self.told.get(kind, [])]
        return sorted(((story, story.times(self.now, self.random)) for story in stories), key=lambda pair: pair[1][0])

    def asked(self) -> dict[str, datetime]:
        """When each sender wrote first."""
        first: dict[str, datetime] = {}
        for story, times in sorted(self.tickets + self.conversations, key=lambda pair: pair[1][0]):
            first.setdefault(story.name, times[0])
        return first

    def load(self, contacts: dict[str, Contact]) -> None:
        self.load_mailboxes()
        tickets = [
            self.play(Ticket(number=number, contact=contacts[story.name]), story, times)
            for number, (story, times) in enumerate(self.tickets, start=1)
        ]
        conversations = [
            self.play(self.conversation(story, contacts.get(story.name)), story, times)
            for story, times in self.conversations
        ]
        Ticket.objects.bulk_create(tickets)
        Conversation.objects.bulk_create(conversations)
        Workspace.objects.filter(pk=self.workspace.pk).update(last_ticket_number=len(tickets))
        self.load_ticket_tags(tickets)
        self.load_messages()
        Event.objects.bulk_create(sorted(self.events, key=lambda event: event.created_at))

    def load_mailboxes(self) -> None:
        self.mailboxes = {}
        for told in self.told["mailbox"]:
            self.mailboxes[told["purpose"]] = mailboxes.create(self.workspace, **told)

    @staticmethod
    def conversation(story: Story, contact: Contact | None) -> Conversation:
        email = contact.email if contact else story.email
        return Conversation(contact=contact, from_name=story.name, from_email=email or "")

    def play(self, thread: Any, story: Story, times: list[datetime]) -> Any:
        """A thread as its steps leave it."""
        thread.workspace, thread.subject, thread.created_at = self.workspace, story.subject, times[0]
        thread.mailbox = self.mailboxes["ticket" if isinstance(thread, Ticket) else "inbox"]
        answered = None
        for step, at in zip(story.steps, times, strict=True):
            thread.updated_at = at
            if step.mail or step.reply:
                thread.last_message_at = at
            self.change(thread, step.by, at, assignee=self.agents.get(step.assign), priority=step.priority)
            if step.mail:
                self.write(thread, step, at, story, answered)
                self.change(thread, "", at, status="open")
            elif step.reply or step.note:
                written = self.write(thread, step, at + MOMENT, story, None)
                answered = written if step.reply else answered
            self.change(thread, step.by, at + 2 * MOMENT, status=step.status)
        return thread

    def change(self, thread: Thread, by: str, at: datetime, **changes: Any) -> None:
        """What becomes another, with an event for each. Values are those of the story; empty ones change nothing."""
        actor = Actor.agent(self.agents[by]) if by else EMAIL
        for name, value in changes.items():
            new = Priority[value.upper()] if name == "priority" and value else value
            if not new or getattr(thread, name) == new:
                continue
            old = thread.stored(name)
            setattr(thread, name, new)
            self.events.append(
                Event(
                    workspace=self.workspace,
                    **self.of(thread),
                    what=name,
                    old="" if old is None else str(old),
                    new=str(thread.stored(name)),
                    actor_kind=actor.kind,
                    actor_id=actor.id,
                    created_at=at,
                )
            )

    def write(self, thread: Any, step: Step, at: datetime, story: Story, answered: Message | None) -> Message:
        """The message of this step. `answered` is the agent's reply before it, if there is one."""
        customer = thread.contact.email if thread.contact else story.email
        if step.mail:
            values = {
                "direction": Message.Direction.INBOUND,
                "state": Message.State.RECEIVED,
                "author_type": Message.Author.CONTACT,
                "author_contact": thread.contact,
                "author_name": story.name,
                "author_email": customer,
                "to": thread.mailbox.address,
                "mailbox": thread.mailbox,
                "cc": step.cc,
                "attribution": f"From: {customer}",
                "body_text": step.mail + self.quotation(answered),
                "body_html": mailhtml.sanitize(step.html),
            }
        else:
            agent = self.agents[step.by]
            values = {
                "direction": Message.Direction.OUTBOUND if step.reply else Message.Direction.NOTE,
                "state": Message.State.SENT,
                "author_type": Message.Author.AGENT,
                "author_user": agent,
                "author_name": agent.name,
                "author_email": agent.email,
                "to": customer if step.reply else "",
                "mailbox": thread.mailbox if step.reply else None,
                "body_text": step.reply or step.note,
            }
        message = Message(workspace=self.workspace, **self.of(thread), created_at=at, **values)
        self.messages.append((message, step))
        return message

    def quotation(self, answered: Message | None) -> str:
        """What half of all mail programs put under an answer."""
        if answered is None or self.random.random() < 0.5:
            return ""
        lines = "\n".join(f"> {line}".rstrip() for line in answered.body_text.splitlines())
        return f"\n\nOn {answered.created_at:%d %b %Y at %H:%M}, {answered.author_name} wrote:\n{lines}"

    @staticmethod
    def of(thread: Thread) -> dict[str, Thread]:
        return {"ticket" if isinstance(thread, Ticket) else "conversation": thread}

    def load_ticket_tags(self, tickets: list[Ticket]) -> None:
        wanted = {name for story, _ in self.tickets for name in story.tags}
        tags = {tag.name: tag for tag in Tag.objects.for_workspace(self.workspace).named(sorted(wanted))}
        TicketTag.objects.bulk_create(
            TicketTag(workspace=self.workspace, ticket=ticket, tag=tags[name])
            for ticket, (story, _) in zip(tickets, self.tickets, strict=True)
            for name in story.tags
        )

    def load_messages(self) -> None:
        """Messages in the order in which they came, each but a note with an id and those of the mails before it."""
        self.messages.sort(key=lambda pair: pair[0].created_at)
        messages = Message.objects.bulk_create(message for message, _ in self.messages)
        sent: dict[Thread | None, list[tuple[str, str]]] = defaultdict(list)
        mails = [message for message in messages if message.direction != Message.Direction.NOTE]
        for mail in mails:
            before = sent[mail.ticket or mail.conversation]
            domain = addresses.parse(mail.author_email).domain
            if mail.direction == Message.Direction.OUTBOUND:
                mail.message_id = messageids.make(self.workspace.pk, mail.pk, domain)
            else:
                mail.message_id = f"{self.random.getrandbits(80):020x}@mail.{domain}"
            theirs = [identifier for identifier, direction in before if direction != mail.direction]
            mail.in_reply_to = "".join(theirs[-1:])
            mail.references = " ".join(identifier for identifier, _ in before)
            before.append((mail.message_id, mail.direction))
        Message.objects.for_workspace(self.workspace).bulk_update(mails, ["message_id", "in_reply_to", "references"])
        MessageId.objects.bulk_create(
            MessageId(workspace=self.workspace, digest=messageids.digest(mail.message_id), message=mail)
            for mail in mails
        )
        for message, step in self.messages:
            for name in step.files:
                content_type, content = files.make(name, self.told["file"], self.random)
                attachments.attach(message, content, name, content_type)
