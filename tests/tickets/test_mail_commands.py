"""The doors for operators and mail servers: what they print, and with which code they end."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import inbound, mailboxes
from tickets.models import Mailbox, RawMail

SUPPORT = "support@acme.example"


def run(name: str, *arguments: str) -> Any:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return json.loads(output.getvalue())


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    def given(raw: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return given


def test_createmailbox_prints_its_id_and_address(acme: Workspace) -> None:
    printed = run("createmailbox", "--workspace", "acme2345", "--address", SUPPORT, "--purpose", "ticket")
    with workspace(acme):
        mailbox = Mailbox.objects.for_workspace(acme).get()
    assert printed == {"id": mailbox.pk, "address": SUPPORT}


@pytest.mark.parametrize(
    ("slug", "address", "message"),
    [
        ("globex23", "SUPPORT@acme.example", "exists already"),
        ("acme2345", "nonsense", "@-sign"),
        ("nowhere2", "hello@acme.example", "no workspace"),
    ],
)
def test_createmailbox_refuses_in_words(
    acme: Workspace, globex: Workspace, slug: str, address: str, message: str
) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    with pytest.raises(CommandError, match=message) as refusal:
        run("createmailbox", "--workspace", slug, "--address", address, "--purpose", "inbox")
    assert refusal.value.returncode == 1


def test_receive_email_prints_what_became_of_a_mail(acme: Workspace, stdin: Any) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    stdin(mail())
    printed = run("receive_email", "--recipient", SUPPORT)
    assert printed == {
        "result": "ticket_created", "workspace": "acme2345", "contact_id": printed["contact_id"], "ticket": 1,
        "conversation": None, "message_id": printed["message_id"],
    }  # fmt: skip
    stdin(mail())
    assert run("receive_email", "--recipient", SUPPORT) == {**printed, "result": "duplicate"}


def test_receive_email_holds_empty_input(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    monkeypatch.setattr("sys.stdin", None)
    assert run("receive_email", "--recipient", SUPPORT)["result"] == "held"


def test_receive_email_refuses_an_unknown_recipient(acme: Workspace, stdin: Any) -> None:
    stdin(mail())
    with pytest.raises(CommandError, match="No mailbox has the address") as refusal:
        run("receive_email", "--recipient", SUPPORT)
    assert refusal.value.returncode == 67


@pytest.mark.parametrize("where", ["tickets.mailboxes.key_of", "tickets.filing.keep", "tickets.inbound._file"])
def test_receive_email_asks_to_try_again_while_the_database_is_away(
    acme: Workspace, stdin: Any, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused")

    mailboxes.create(acme, SUPPORT, "ticket")
    stdin(mail())
    monkeypatch.setattr(where, away)
    with pytest.raises(CommandError, match="connection refused") as refusal:
        run("receive_email", "--recipient", SUPPORT)
    assert refusal.value.returncode == 75


def test_receive_email_ends_well_where_a_mail_is_held(
    acme: Workspace, stdin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: bytes) -> None:
        raise RuntimeError("out of luck")

    mailboxes.create(acme, SUPPORT, "ticket")
    stdin(mail())
    monkeypatch.setattr(inbound.mailparse, "parse", broken)
    assert run("receive_email", "--recipient", SUPPORT)["result"] == "held"
    with workspace(acme):
        assert RawMail.objects.for_workspace(acme).get().reason == inbound.FAILED.format(
            error="RuntimeError: out of luck"
        )
