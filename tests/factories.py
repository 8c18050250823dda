"""Rows for tests, with sensible defaults. Use them inside `workspace(…)`, and say which one they are of."""

import factory
from factory.django import DjangoModelFactory

from contacts.models import Contact
from customfields.models import Field, Kind, Option
from organizations.models import Organization
from tickets.models import Conversation, Mailbox, Message, Ticket


class OrganizationFactory(DjangoModelFactory):
    name = factory.Sequence(lambda n: f"Organization {n}")

    class Meta:
        model = Organization


class ContactFactory(DjangoModelFactory):
    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    email_key = factory.LazyAttribute(lambda contact: contact.email.lower())

    class Meta:
        model = Contact


class FieldFactory(DjangoModelFactory):
    kind = Kind.TEXT
    key = factory.Sequence(lambda n: f"field_{n}")
    label = factory.Sequence(lambda n: f"Field {n}")
    position = factory.Sequence(int)

    class Meta:
        model = Field


class OptionFactory(DjangoModelFactory):
    label = factory.Sequence(lambda n: f"Option {n}")
    position = factory.Sequence(int)
    workspace = factory.SelfAttribute("field.workspace")

    class Meta:
        model = Option


class MailboxFactory(DjangoModelFactory):
    address = factory.Sequence(lambda n: f"support{n}@acme.example")
    purpose = "ticket"

    class Meta:
        model = Mailbox


class TicketFactory(DjangoModelFactory):
    subject = factory.Sequence(lambda n: f"Ticket {n}")
    number = factory.LazyAttribute(lambda ticket: ticket.workspace.next_ticket_number())

    class Meta:
        model = Ticket


class ConversationFactory(DjangoModelFactory):
    subject = factory.Sequence(lambda n: f"Conversation {n}")

    class Meta:
        model = Conversation


class MessageFactory(DjangoModelFactory):
    direction = "inbound"
    state = "received"
    author_type = "contact"
    body_text = "Hello"

    class Meta:
        model = Message
