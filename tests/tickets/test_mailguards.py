"""Mails that were made to hurt become a message or are held with a reason, and cost no more than a mail may."""

import time
from contextlib import suppress

import pytest

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.longer import LONGER
from tests.tickets.hostile import HOSTILE
from tests.tickets.mails import mail
from tickets import inbound, mailboxes, mailguards, mailparse
from tickets.models import Attachment, RawMail

SUPPORT = "support@acme.example"
PATIENCE = 30  # seconds of a processor: what hangs takes minutes
TRIED = [name for name in HOSTILE if LONGER > 1 or "50 MB" not in name]


@pytest.mark.parametrize("name", TRIED)
def test_it_is_a_message_or_held(name: str) -> None:
    raw = HOSTILE[name]()
    started = time.thread_time()
    inbound.fingerprint(raw)
    with suppress(mailguards.TooMuch):
        found = mailparse.parse(raw)
        assert len(found.text) + len(found.html) <= 10 * mailparse.LONGEST_TEXT
    assert time.thread_time() - started < PATIENCE


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a million header lines", "Its header has more than 2 MB."),
        ("10,000 files", "It has more than 1,000 parts."),
        ("an unknown charset", "Its Content-Type has more than 20,000 characters."),
        ("a part of a million headers", "It takes longer than 2 seconds to read."),
        ("carriage returns", "It has more than 1,500,000 lines."),
    ],
)
def test_what_is_too_much_is_kept_and_held(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    if "seconds" in reason:
        monkeypatch.setattr(mailguards.time, "thread_time", iter(range(10**9)).__next__)  # a slow processor
    raw = HOSTILE[name]()
    assert inbound.receive(raw, SUPPORT).result == "held"
    with workspace(acme):
        kept = RawMail.objects.for_workspace(acme).get()
    assert (kept.reason, bytes(kept.data) == raw) == (reason, True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", "x" * (mailparse.LONGEST_TEXT + 1)),
        ("text/html", "<b>x</b>" * mailguards.MOST_TAGS),
        ("text/html", "&lt;" * (mailguards.MOST_REFERENCES + 1)),
        ("text/html", f"<a {' '.join(f'a{number}' for number in range(mailguards.MOST_ATTRIBUTES + 1))}>x"),
    ],
)
def test_what_nobody_can_show_is_a_file(acme: Workspace, kind: str, body: str) -> None:
    mailboxes.create(acme, SUPPORT, "ticket")
    result = inbound.receive(mail(body, content_type=kind), SUPPORT)
    assert result.result == "ticket_created"
    with workspace(acme):
        file = Attachment.objects.for_workspace(acme).get(message_id=result.message_id)
        assert file.file.read().decode().strip() == body
    assert (file.content_type, file.filename) == (kind, "attachment.html" if kind == "text/html" else "attachment.txt")


def test_a_picture_in_its_address_is_cheap() -> None:
    source = f'<p>Hello</p><img src="data:image/png;base64,{"a/" * 500_000}" alt="x">'
    assert "Hello" in mailparse.parse(mail(source, content_type="text/html")).html
