"""The demo workspaces: complete, consistent, and for the embedded database alone."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from contacts import searching
from contacts.models import Change, Contact
from customfields.models import Field, FieldValue
from customfields.types import Kind
from gopimi.lib.addresses import email_key
from gopimi.lib.tenancy import tenant_models, workspace
from gopimi.workspaces.models import Workspace
from organizations.models import Organization
from tickets import inbound, messageids
from tickets.demo import loading
from tickets.models import Attachment, Conversation, Event, Message, MessageId, Ticket

FILLED = {
    "Organization", "Domain", "Field", "Option", "FieldValue", "Contact", "ContactSearch", "Tag", "ContactTag",
    "Change", "Mailbox", "Ticket", "TicketTag", "Conversation", "Message", "MessageId", "Attachment", "Event",
    "View",
}  # fmt: skip


def loaddemo() -> str:
    printed = StringIO()
    call_command("loaddemo", stdout=printed)
    return printed.getvalue()


@pytest.fixture
def demo(embedded: None) -> Workspace:
    loaddemo()
    return Workspace.objects.get(slug="acmedemo")


@pytest.fixture
def embedded(db: None, settings: Any) -> None:
    settings.EMBEDDED = True


def test_it_prints_the_log_ins_and_does_nothing_the_second_time(embedded: None) -> None:
    first = loaddemo()
    assert "dana@acme.example" in first
    assert "gopimi-demo" in first
    before = list(Workspace.objects.order_by("id").values())
    assert "nothing was done" in loaddemo()
    assert list(Workspace.objects.order_by("id").values()) == before


def test_it_refuses_any_other_database(db: None, settings: Any) -> None:
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="DATABASE_URL"):
        loaddemo()
    assert not Workspace.objects.exists()


def test_the_log_ins_work(demo: Workspace) -> None:
    members = demo.members.all()
    assert len(members) == 6
    assert all(member.check_password("gopimi-demo") for member in members)


def test_it_has_what_a_workspace_in_use_has(demo: Workspace) -> None:
    with workspace(demo):
        contacts = Contact.objects.for_workspace(demo)
        assert contacts.alive().count() == demo.contact_count == 300
        assert contacts.trashed().count() == 6
        assert Organization.objects.for_workspace(demo).count() == 40
        fields = Field.objects.for_workspace(demo)
        assert fields.count() == 9
        assert set(fields.values_list("kind", flat=True)) == set(Kind.values)
        assert set(FieldValue.objects.for_workspace(demo).values_list("kind", flat=True)) == set(Kind.values)
        numbers = Ticket.objects.for_workspace(demo).order_by("created_at").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 61))
        assert demo.next_ticket_number() == 61
        conversations = Conversation.objects.for_workspace(demo)
        assert conversations.count() == 20
        assert conversations.filter(contact=None).exclude(from_email="").count() == 3


def test_all_rows_belong_to_one_of_the_two_workspaces(demo: Workspace) -> None:
    assert set(Workspace.objects.values_list("slug", flat=True)) == {"acmedemo", "acmetest"}
    for each in Workspace.objects.all():
        with workspace(each):
            filled = {model.__name__ for model in tenant_models() if model.objects.for_workspace(each).exists()}
        assert filled >= FILLED


def test_contacts_keep_the_rules_of_contacts(demo: Workspace) -> None:
    with workspace(demo):
        contacts = Contact.objects.for_workspace(demo)
        assert all(contact.email_key == email_key(contact.email) for contact in contacts)
        assert [contact.name for contact in searching.search(contacts, demo, "lindqvist northvane")] == [
            "Maya Lindqvist"
        ]
        by_agents = contacts.filter(source="manual")
        assert by_agents.filter(creator_kind="agent", creator_id__isnull=False).count() == by_agents.count() > 0
        assert not Change.objects.for_workspace(demo).filter(at__lt=F("contact__created_at")).exists()
        edits = Change.objects.for_workspace(demo).filter(what="field").select_related("field")
        assert edits
        assert all(edit.field.type.parse_text(edit.field, edit.new) is not None for edit in edits)
        required = Field.objects.for_workspace(demo).filter(required=True)
        missing = contacts.filter(organization__isnull=False).exclude(field_values__field__in=required)
        assert not missing.exists()


def test_counters_agree_with_the_tickets(demo: Workspace) -> None:
    with workspace(demo):
        waiting = Ticket.objects.for_workspace(demo).filter(status__in=["open", "pending"])
        by_organization = Organization.objects.for_workspace(demo).values_list("open_ticket_count", flat=True)
        assert sum(by_organization) == waiting.filter(contact__organization__isnull=False).count()


def test_threads_are_what_their_events_say(demo: Workspace) -> None:
    with workspace(demo):
        for ticket in Ticket.objects.for_workspace(demo).prefetch_related("events", "messages"):
            events = sorted(ticket.events.all(), key=lambda event: event.created_at)
            last = {event.what: event.new for event in events}
            assert ticket.status == last.get("status", "open")
            assert str(ticket.assignee_id or "") == last.get("assignee", "")
            assert str(ticket.priority) == last.get("priority", "2")
            first = min(ticket.messages.all(), key=lambda message: message.created_at)
            assert (first.direction, first.created_at) == ("inbound", ticket.created_at)
        assert Event.objects.for_workspace(demo).filter(actor_kind="email", what="status", new="open").exists()


def test_mails_are_threaded_and_none_waits_to_be_sent(demo: Workspace) -> None:
    with workspace(demo):
        messages = Message.objects.for_workspace(demo)
        assert set(messages.values_list("state", flat=True)) == {"received", "sent"}
        mails = messages.exclude(direction="note")
        assert MessageId.objects.for_workspace(demo).count() == mails.count()
        known = set(mails.values_list("message_id", flat=True))
        assert set(mails.exclude(in_reply_to="").values_list("in_reply_to", flat=True)) < known
        for reply in mails.filter(direction="outbound"):
            assert messageids.is_ours(reply.message_id, demo.pk, reply.pk)


def test_attachments_can_be_read(demo: Workspace) -> None:
    with workspace(demo):
        attachments = list(Attachment.objects.for_workspace(demo))
        assert {attachment.content_type for attachment in attachments} == {"text/plain", "text/csv", "image/png"}
        for attachment in attachments:
            with attachment.file.open() as file:
                assert len(file.read()) == attachment.size > 100


def test_a_reply_to_a_thread_of_the_demo_continues_it(demo: Workspace) -> None:
    with workspace(demo):
        ours = Message.objects.for_workspace(demo).filter(direction="outbound", ticket__status="resolved").first()
    mail = f"From: {ours.to}\nIn-Reply-To: <{ours.message_id}>\nMessage-ID: <again@their.example>\n\nIt is back."
    result = inbound.receive(mail.encode(), "support@acme.example")
    with workspace(demo):
        assert (result.result, result.ticket) == ("ticket_appended", ours.ticket.number)
        assert Ticket.objects.for_workspace(demo).get(pk=ours.ticket_id).status == "open"


def test_every_load_is_the_same_but_for_its_times(embedded: None) -> None:
    now, seen = timezone.now(), []
    for _ in range(2):
        with transaction.atomic():
            demo = loading.load(now)[0]
            with workspace(demo):
                contacts = Contact.objects.for_workspace(demo).order_by("id")
                messages = Message.objects.for_workspace(demo).order_by("id")
                values = FieldValue.objects.for_workspace(demo).order_by(
                    "contact_id", "field__position", "option__position"
                )
                seen.append(
                    [
                        list(contacts.values_list("name", "email", "source", "created_at", "updated_at")),
                        list(messages.values_list("author_name", "body_text", "created_at")),
                        list(values.values_list("contact__email", "text_value", "number_value", "option__label")),
                    ]
                )
            transaction.set_rollback(True)
    assert seen[0] == seen[1]
