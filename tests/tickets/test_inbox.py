"""The inbox: conversations, and the contact that one chooses for them."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, FieldFactory, MailboxFactory, MessageFactory
from tickets.models import Conversation

LIST = {"HX-Request": "true", "HX-Target": "threads"}
DETAILS = {"HX-Request": "true", "HX-Target": "details"}


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    with workspace(acme):
        mailbox = MailboxFactory(workspace=acme, address="hello@acme.example", purpose="inbox")
        conversation = ConversationFactory(
            workspace=acme,
            subject="Annual billing",
            mailbox=mailbox,
            from_email="Lena@hollowfern.example",
            from_name="Lena Hartmann",
        )
        MessageFactory(workspace=acme, conversation=conversation, body_text="Is there a discount?")
    return conversation


@pytest.fixture
def url(acme: Workspace, conversation: Conversation) -> str:
    return acme.url("tickets:conversation", conversation.pk)


def shown(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def contact_of(acme: Workspace, conversation: Conversation) -> Contact | None:
    with workspace(acme):
        return Conversation.objects.for_workspace(acme).select_related("contact").get(pk=conversation.pk).contact


def test_the_list(as_bob: Client, acme: Workspace, conversation: Conversation) -> None:
    text = shown(as_bob, acme.url("tickets:inbox"))
    for words in ("Annual billing", "Lena Hartmann", "hello@acme.example", "Is there a discount?", "1 open"):
        assert words in text
    assert 'aria-current="page">Open' in text


def test_open_ones_first_and_closed_ones_by_their_tab(
    as_bob: Client, acme: Workspace, conversation: Conversation
) -> None:
    with workspace(acme):
        ConversationFactory(workspace=acme, subject="Long settled", status="closed")
    inbox = acme.url("tickets:inbox")
    assert "Long settled" not in shown(as_bob, inbox)
    assert "Long settled" in shown(as_bob, f"{inbox}?status=closed", headers=LIST)
    assert "Long settled" in shown(as_bob, f"{inbox}?q=settled", headers=LIST)
    assert "No conversation matches" in shown(as_bob, f"{inbox}?q=nothing&status=open", headers=LIST)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=lena", True),
        ("q=hollowfern", True),
        ("contact=none", True),
        ("assignee=none", True),
        ("status=closed", False),
    ],
)
def test_search_and_filters(
    as_bob: Client, acme: Workspace, conversation: Conversation, query: str, found: bool
) -> None:
    assert ("Annual billing" in shown(as_bob, f"{acme.url('tickets:inbox')}?{query}", headers=LIST)) is found


def test_a_conversation_without_a_contact(as_bob: Client, url: str) -> None:
    text = shown(as_bob, url)
    assert "Written from" in text
    assert 'aria-label="Select contact"' in text
    assert 'data-create="Lena@hollowfern.example"' in text
    assert "To Lena@hollowfern.example" in text


def test_a_contact_is_chosen_changed_and_cleared(
    as_bob: Client, acme: Workspace, conversation: Conversation, url: str
) -> None:
    with workspace(acme):
        FieldFactory(workspace=acme, label="Account ID", featured=True)
        fischer, marques = ContactFactory(workspace=acme, name="Lena Fischer"), ContactFactory(workspace=acme)
    chosen = as_bob.post(f"{url}change/", {"contact": fischer.pk}, headers=DETAILS)
    assert chosen.status_code == 200
    assert "thread-changed" in chosen["HX-Trigger"]
    text = chosen.content.decode()
    assert "Lena Fischer" in text
    assert "Account ID" in text
    assert contact_of(acme, conversation) == fischer
    as_bob.post(f"{url}change/", {"contact": marques.pk}, headers=DETAILS)
    assert contact_of(acme, conversation) == marques
    cleared = as_bob.post(f"{url}change/", {"contact": ""}, headers=DETAILS)
    assert "No contact yet" in cleared.content.decode()
    assert contact_of(acme, conversation) is None


def test_a_contact_is_created_on_the_spot(
    as_bob: Client, acme: Workspace, conversation: Conversation, url: str
) -> None:
    answer = as_bob.post(f"{url}change/", {"contact": "new:Lena@hollowfern.example"}, headers=DETAILS)
    assert "Lena Hartmann" in answer.content.decode()
    contact = contact_of(acme, conversation)
    assert contact is not None
    assert (contact.email, contact.name, contact.source) == ("Lena@hollowfern.example", "Lena Hartmann", "manual")


def test_the_quota_is_said_where_the_contact_is_chosen(
    as_bob: Client, acme: Workspace, conversation: Conversation, url: str
) -> None:
    Workspace.objects.filter(pk=acme.pk).update(contact_quota=0)
    answer = as_bob.post(f"{url}change/", {"contact": "new:frank@example.com"}, headers=DETAILS)
    assert answer.status_code == 422
    assert "has room for 0 contacts" in answer.content.decode()


def test_status_and_assignee_but_no_priority(
    as_bob: Client, acme: Workspace, bob: User, conversation: Conversation, url: str
) -> None:
    as_bob.post(f"{url}change/", {"status": "closed"})
    as_bob.post(f"{url}change/", {"assignee": bob.pk})
    as_bob.post(f"{url}change/", {"priority": "4", "tags": "x"})
    with workspace(acme):
        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == ("closed", bob)
        assert [event.what for event in conversation.events.order_by("id")] == ["status", "assignee"]


def test_a_reply_goes_to_who_wrote(as_bob: Client, acme: Workspace, conversation: Conversation, url: str) -> None:
    as_bob.post(f"{url}reply/", {"kind": "reply", "body": "Two months are free."})
    with workspace(acme):
        assert conversation.messages.get(direction="outbound").to == "Lena@hollowfern.example"


def test_it_is_nobody_elses(as_charlie: Client, globex: Workspace, conversation: Conversation, url: str) -> None:
    assert as_charlie.get(url).status_code == 404
    assert as_charlie.get(globex.url("tickets:conversation", conversation.pk)).status_code == 404


def test_an_empty_inbox_says_why(as_alice: Client, as_bob: Client, acme: Workspace, conversation: Conversation) -> None:
    inbox = acme.url("tickets:inbox")
    assert "No conversation matches" in shown(as_bob, f"{inbox}?assignee=me&status=open")
    with workspace(acme):
        Conversation.objects.for_workspace(acme).update(status="closed")
    assert "No open conversations" in shown(as_bob, inbox)
    with workspace(acme):
        Conversation.objects.for_workspace(acme).delete()
    assert "No conversations yet" in shown(as_bob, inbox)
    assert acme.url("settings:mailboxes") not in shown(as_bob, inbox)
    assert acme.url("settings:mailboxes") in shown(as_alice, inbox)
