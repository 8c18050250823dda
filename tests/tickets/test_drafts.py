"""What agents have begun to write is kept, for each of them and each thread."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, ConversationFactory, MailboxFactory, MessageFactory, TicketFactory
from tickets import drafts
from tickets.models import Draft, Message, Ticket

BEGUN = {
    "kind": "reply",
    "body": "Dear Dana,\r\n",
    "cc": "erin@",
    "bcc": "boss@acme.example",
    "others": "frank@example.com",
}


@pytest.fixture(params=["ticket", "conversation"])
def thread(request: pytest.FixtureRequest, acme: Workspace) -> Any:
    """Dana asked, and Frank, too."""
    with workspace(acme):
        MailboxFactory(workspace=acme, address="support@acme.example")
        dana = ContactFactory(workspace=acme, email="dana@example.com")
        factory = TicketFactory if request.param == "ticket" else ConversationFactory
        thread = factory(workspace=acme, contact=dana)
        of = {request.param: thread}
        MessageFactory(workspace=acme, author_contact=dana, **of)
        MessageFactory(workspace=acme, author_name="Frank", author_email="frank@example.com", **of)
    return thread


def url(thread: Any, name: str) -> str:
    if isinstance(thread, Ticket):
        return thread.workspace.url(f"tickets:{name}", thread.number)
    return thread.workspace.url(f"tickets:{'conversation' if name == 'detail' else f'conversation_{name}'}", thread.pk)


def post(client: Client, thread: Any, name: str, **values: Any) -> Any:
    return client.post(url(thread, name), values, headers={"HX-Request": "true", "HX-Target": "draft-state"})


def box(client: Client, thread: Any) -> dict[str, Any]:
    """What stands in the reply box."""
    form = client.get(url(thread, "detail")).context["page"].reply
    return {name: form[name].value() for name in ("kind", "others", "cc", "bcc", "body")}


def kept(thread: Any) -> int:
    with workspace(thread.workspace):
        return Draft.objects.for_workspace(thread.workspace).count()


def test_a_draft_is_there_again(as_bob: Client, thread: Any) -> None:
    answer = post(as_bob, thread, "draft", **BEGUN)
    assert "Draft saved" in answer.content.decode()
    assert box(as_bob, thread) == {
        "kind": "reply", "body": "Dear Dana,\r\n", "cc": "erin@", "bcc": "boss@acme.example",
        "others": ["frank@example.com"],
    }  # fmt: skip
    page = as_bob.get(url(thread, "detail")).content.decode()
    assert "Draft saved" in page
    assert '<details class="copies" open>' in page
    post(as_bob, thread, "draft", kind="note", body="Careful")
    assert box(as_bob, thread) == {"kind": "note", "body": "Careful", "cc": "", "bcc": "", "others": []}
    assert kept(thread) == 1


def test_it_is_nobody_elses(as_bob: Client, as_alice: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", **BEGUN)
    assert "Dear Dana" not in as_alice.get(url(thread, "detail")).content.decode()
    post(as_alice, thread, "draft", kind="reply", body="Hello Dana")
    post(as_alice, thread, "discard_draft")
    assert box(as_bob, thread)["body"] == "Dear Dana,\r\n"


def test_an_empty_one_is_none(as_bob: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", **BEGUN)
    answer = post(as_bob, thread, "draft", kind="note", body=" \n")
    assert "Draft saved" not in answer.content.decode()
    assert kept(thread) == 0


def test_one_that_was_sent_is_gone(as_bob: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", **BEGUN)
    refused = as_bob.post(url(thread, "reply"), BEGUN)
    assert refused.status_code == 422
    assert kept(thread) == 1
    as_bob.post(url(thread, "reply"), {"kind": "reply", "body": "Dear Dana, here it is."})
    with workspace(thread.workspace):
        assert Message.objects.for_workspace(thread.workspace).filter(direction="outbound").count() == 1
    assert kept(thread) == 0
    assert box(as_bob, thread)["body"] is None


def test_one_that_was_thrown_away_comes_back_by_undo(as_bob: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", **BEGUN)
    answer = post(as_bob, thread, "discard_draft")
    assert answer.status_code == 204
    assert url(thread, "restore_draft") in answer["HX-Trigger"]
    assert box(as_bob, thread)["body"] is None
    assert "draft-changed" in post(as_bob, thread, "restore_draft")["HX-Trigger"]
    assert box(as_bob, thread)["body"] == "Dear Dana,\r\n"


def test_what_is_written_after_that_stays(as_bob: Client, thread: Any) -> None:
    post(as_bob, thread, "draft", **BEGUN)
    post(as_bob, thread, "discard_draft")
    post(as_bob, thread, "draft", kind="reply", body="Another")
    post(as_bob, thread, "restore_draft")
    assert box(as_bob, thread)["body"] == "Another"


def test_what_cannot_be_kept_is_said(as_bob: Client, thread: Any) -> None:
    answer = post(as_bob, thread, "draft", kind="reply", body="x" * 1_000_001)
    assert "data-unsaved>Draft not saved" in answer.content.decode()
    assert kept(thread) == 0


def test_what_was_thrown_away_goes_for_good_later(in_acme: Workspace, thread: Any, bob: User, alice: User) -> None:
    for user in (bob, alice):
        drafts.save(thread, user, {"kind": "reply", "others": "", "cc": "", "bcc": "", "body": "Hello"})
    drafts.discard(thread, bob)
    Draft.objects.for_workspace(in_acme).update(updated_at=timezone.now() - timedelta(days=2))
    drafts.tidy(in_acme.pk)
    assert [draft.user for draft in Draft.objects.for_workspace(in_acme)] == [alice]
