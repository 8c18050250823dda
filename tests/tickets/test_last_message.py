"""When the last message of a thread was: a customer's or a reply; neither a note nor a change."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tests.factories import ContactFactory, MessageFactory
from tests.tickets.mails import mail
from tickets import mailboxes, outbound
from tickets.filters import ConversationFilter, TicketFilter
from tickets.inbound import receive
from tickets.models import Conversation, Ticket

LONG_AGO = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.fixture(params=["ticket", "inbox"])
def thread(request: pytest.FixtureRequest, acme: Workspace) -> Any:
    """One whose message came long ago."""
    mailboxes.create(acme, "support@acme.example", request.param)
    receive(mail("Hello"), "support@acme.example")
    with workspace(acme):
        rows = (Ticket if request.param == "ticket" else Conversation).objects.for_workspace(acme)
        rows.update(created_at=LONG_AGO, updated_at=LONG_AGO, last_message_at=LONG_AGO)
        return rows.get()


def found(thread: Any) -> bool:
    """Whether the thread is among those without a message since then."""
    kind = TicketFilter if isinstance(thread, Ticket) else ConversationFilter
    with workspace(thread.workspace_id):
        rows = type(thread).objects.for_workspace(thread.workspace_id)
        quiet = kind({"last_message_at__lte": "2026-01-05"}, thread.workspace).apply(rows).exists()
        assert kind({"last_message_at__gt": "2026-01-05"}, thread.workspace).apply(rows).exists() is not quiet
        return quiet


def test_a_mail_is_one(thread: Any) -> None:
    receive(mail("More", message_id="<two@example.com>", in_reply_to="<one@example.com>"), "support@acme.example")
    assert not found(thread)


def test_a_reply_is_one_and_a_note_is_none(thread: Any, alice: User) -> None:
    with workspace(thread.workspace_id):
        outbound.reply(thread, Actor.agent(alice), "Careful", note=True)
    assert found(thread)
    with workspace(thread.workspace_id):
        outbound.reply(thread, Actor.agent(alice), "Here it is")
    assert not found(thread)


def test_a_change_is_none(thread: Any, alice: User) -> None:
    with workspace(thread.workspace_id):
        assert thread.change(Actor.agent(alice), status="closed")
        thread.refresh_from_db()
        assert thread.updated_at > LONG_AGO
    assert found(thread)


def test_what_the_migration_says_of_those_that_are_there(thread: Any) -> None:
    since = import_module("tickets.migrations.0012_last_message").SINCE
    later = datetime(2026, 2, 6, tzinfo=UTC)
    with workspace(thread.workspace_id):
        thread.messages.update(created_at=LONG_AGO)
        of = {"workspace": thread.workspace, thread.called(): thread}
        reply, note = (MessageFactory(**of, direction=direction) for direction in ("outbound", "note"))
        thread.messages.filter(pk=reply.pk).update(created_at=later)
        thread.messages.filter(pk=note.pk).update(created_at=datetime(2026, 3, 7, tzinfo=UTC))
        silent = type(thread).objects.create(
            workspace=thread.workspace, subject="Nothing", contact=ContactFactory(workspace=thread.workspace),
            **({"number": 99} if isinstance(thread, Ticket) else {}),
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(since.format(kind=thread.called()))
        for one in (thread, silent):
            one.refresh_from_db()
        assert thread.last_message_at == later
        assert silent.last_message_at == silent.created_at
