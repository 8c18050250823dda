"""The LMTP listener (RFC 2033): its decisions without sockets, then what a mail server sees."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.installation import wait_until
from tests.tickets.doorways import Listener
from tests.tickets.mails import mail
from tickets import doors, inbound, lmtp, mailboxes
from tickets.doors import Outcome
from tickets.models import Message, RawMail

SUPPORT, HELLO, SENDER = "support@acme.example", "hello@acme.example", "dana@example.com"


def away(*args: Any) -> None:
    raise OperationalError("connection to the server at db.internal failed\nIs it running?")


def broken(*args: Any) -> None:
    raise ZeroDivisionError


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    mailboxes.create(acme, HELLO, "inbox")
    return acme


# Decisions


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("127.0.0.1:8024", ("127.0.0.1", 8024)),
        ("mail.internal:24", ("mail.internal", 24)),
        ("[::1]:24", ("::1", 24)),
        ("/run/gopimi/lmtp", "/run/gopimi/lmtp"),
        ("unix:/run/gopimi/lmtp", "/run/gopimi/lmtp"),
    ],
)
def test_where_to_listen(text: str, where: tuple[str, int] | str) -> None:
    assert lmtp.listen_address(text) == where


@pytest.mark.parametrize("text", ["", "8024", ":8024", "localhost", "localhost:", "::1:24", "localhost:70000"])
def test_nowhere_to_listen(text: str) -> None:
    with pytest.raises(ValueError, match="Give HOST:PORT"):
        lmtp.listen_address(text)


def test_a_known_address_is_welcome(boxes: Workspace) -> None:
    assert doors.knock("Support@ACME.example").outcome is Outcome.STORED
    assert doors.knock("nobody@acme.example").outcome is Outcome.UNKNOWN


def test_each_recipient_has_an_answer_of_its_own(boxes: Workspace) -> None:
    replies = lmtp.take(mail(), SENDER, [SUPPORT, "nobody@acme.example", HELLO])
    assert [reply[:9] for reply in replies] == ["250 2.6.0", "550 5.1.1", "250 2.6.0"]


def test_what_is_too_large_is_refused_for_each_recipient(boxes: Workspace) -> None:
    assert [reply[:9] for reply in lmtp.take(None, SENDER, [SUPPORT, HELLO])] == ["552 5.3.4"] * 2


@pytest.mark.parametrize("fault", [away, broken])
@pytest.mark.parametrize("where", ["tickets.mailboxes.key_of", "tickets.filing.keep"])
def test_a_fault_of_ours_is_no_refusal(
    boxes: Workspace, monkeypatch: pytest.MonkeyPatch, where: str, fault: Callable[..., Any]
) -> None:
    monkeypatch.setattr(where, fault)
    [reply] = lmtp.take(mail(), SENDER, [SUPPORT])
    assert reply.startswith("451 4.3.0")
    assert "db.internal" not in reply


def test_a_mail_without_return_path_is_marked_as_a_report(boxes: Workspace) -> None:
    lmtp.take(mail(), "<>", [SUPPORT])
    with workspace(boxes):
        kept = RawMail.objects.for_workspace(boxes).get()
    assert bytes(kept.data) == b"Return-Path: <>\r\n" + mail()
    assert kept.state == RawMail.State.AUTOMATIC


# Over a socket


@pytest.fixture
def listener(transactional_db: None) -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0)) as listener:
        yield listener


def kept(acme: Workspace) -> list[bytes]:
    with workspace(acme):
        return [
            bytes(data) for data in RawMail.objects.for_workspace(acme).order_by("pk").values_list("data", flat=True)
        ]


def replies(client: smtplib.LMTP, count: int) -> list[int]:
    return [client.getreply()[0] for _ in range(count)]


def begin(client: smtplib.LMTP, *recipients: str) -> None:
    client.ehlo_or_helo_if_needed()
    assert client.mail(SENDER)[0] == 250
    assert {client.rcpt(one)[0] for one in recipients} == {250}
    client.putcmd("data")
    assert client.getreply()[0] == 354


def test_what_is_offered(listener: Listener) -> None:
    with listener.client() as client:
        client.ehlo()
        assert {"8bitmime", "smtputf8", "pipelining"} <= set(client.esmtp_features)
        assert client.esmtp_features["size"] == str(50 * 1024**2)


def test_a_mail_is_stored_byte_for_byte(listener: Listener, boxes: Workspace) -> None:
    raw = mail(".\n..\n.dots\nGr\udcfc\udcdfe\nbare\rreturn" + "x" * 100_000, x="y" * 5000).replace(b"\n", b"\r\n")
    with listener.client() as client:
        assert client.sendmail(SENDER, [SUPPORT], raw) == {}
    assert kept(boxes) == [raw]


def test_an_unknown_recipient_is_refused_when_it_is_named(listener: Listener, boxes: Workspace) -> None:
    with listener.client() as client:
        refused = client.sendmail(SENDER, ["nobody@acme.example", SUPPORT], mail())
        assert refused["nobody@acme.example"][0] == 550
        client.mail(SENDER)
        assert client.rcpt("nobody@acme.example")[0] == 550
        assert client.docmd("data")[0] == 503
    assert len(kept(boxes)) == 1


def test_a_reply_for_each_recipient_comes_after_the_mail(listener: Listener, boxes: Workspace) -> None:
    with listener.client() as client:
        begin(client, SUPPORT, HELLO)
        client.send(mail().replace(b"\n", b"\r\n") + b".\r\n")
        assert replies(client, 2) == [250, 250]
        assert client.noop()[0] == 250
    assert len(kept(boxes)) == 2


def test_a_reply_for_each_recipient_of_what_is_too_large(listener: Listener, boxes: Workspace, settings: Any) -> None:
    settings.MAIL_MAX_BYTES = 3000
    with listener.client() as client:
        begin(client, SUPPORT, HELLO)
        client.send(b"x" * 2000 + b"\r\n" + b"y" * 2000 + b"\r\n.\r\n")
        assert replies(client, 2) == [552, 552]
        assert client.sendmail(SENDER, [SUPPORT], mail()) == {}
        assert client.docmd("MAIL", "FROM:<a@x.example> SIZE=999999999")[0] == 552
    assert len(kept(boxes)) == 1


def test_an_empty_mail(listener: Listener, boxes: Workspace) -> None:
    with listener.client() as client:
        begin(client, SUPPORT)
        client.send(b".\r\n")
        assert replies(client, 1) == [250]
    assert kept(boxes) == [b""]


def test_commands_in_one_packet(listener: Listener, boxes: Workspace) -> None:
    raw = mail().replace(b"\n", b"\r\n")
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as peer:
        peer.sendall(
            b"LHLO x\r\nMAIL FROM:<a@x.example> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<support@acme.example>\r\n"
            b"RCPT TO:<nobody@acme.example>\r\nDATA\r\n" + raw + b".\r\nQUIT\r\n"
        )
        spoken = peer.makefile("rb").read().decode()
    codes = [line[:3] for line in spoken.splitlines() if line[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "550", "354", "250", "221"]
    assert kept(boxes) == [raw]


def test_an_address_in_utf_8(listener: Listener, acme: Workspace) -> None:
    mailboxes.create(acme, "grüße@acme.example", "ticket")
    with listener.client() as client:
        client.ehlo()
        client.command_encoding = "utf-8"
        client.mail("jörn@example.com", ["SMTPUTF8"])
        assert client.rcpt("grüße@acme.example")[0] == 250
        assert client.data(mail())[0] == 250


def test_a_mail_server_on_a_unix_socket(transactional_db: None, boxes: Workspace, tmp_path: Path) -> None:
    with Listener(str(tmp_path / "lmtp")), smtplib.LMTP(str(tmp_path / "lmtp")) as client:
        assert client.sendmail(SENDER, [SUPPORT], mail()) == {}
    assert len(kept(boxes)) == 1


def test_the_database_goes_away_and_comes_back(
    listener: Listener, boxes: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listener.client() as client:
        with monkeypatch.context() as patch:
            patch.setattr("tickets.mailboxes.find", away)
            client.ehlo()
            client.mail(SENDER)
            assert client.rcpt(SUPPORT)[0] == 451
            client.rset()
        with monkeypatch.context() as patch:
            patch.setattr("tickets.inbound._file", away)
            begin(client, SUPPORT)
            client.send(mail().replace(b"\n", b"\r\n") + b".\r\n")
            assert replies(client, 1) == [451]
        assert client.sendmail(SENDER, [SUPPORT], mail()) == {}
    with workspace(boxes):
        assert Message.objects.for_workspace(boxes).count() == 1


def test_many_connections_at_once(listener: Listener, boxes: Workspace) -> None:
    def deliver(number: int) -> dict[str, Any]:
        with listener.client() as client:
            return client.sendmail(SENDER, [SUPPORT], mail(message_id=f"<{number}@example.com>"))

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(deliver, range(40))) == [{}] * 40
    assert len(kept(boxes)) == 40


def test_a_mail_in_hand_is_answered_before_the_end(boxes: Workspace, transactional_db: None) -> None:
    begun, go = threading.Event(), threading.Event()
    receive = inbound.receive

    def slowly(raw: bytes, recipient: str) -> inbound.Result:
        begun.set()
        assert go.wait(30)
        return receive(raw, recipient)

    with pytest.MonkeyPatch.context() as patch, Listener(("127.0.0.1", 0)) as listener, listener.client() as client:
        patch.setattr(inbound, "receive", slowly)
        late = listener.client()
        begin(late, HELLO)
        begin(client, SUPPORT)
        client.send(mail().replace(b"\n", b"\r\n") + b".\r\n")
        assert begun.wait(30)
        listener.stop()
        wait_until(listener.is_closed)
        late.send(mail().replace(b"\n", b"\r\n") + b".\r\n")
        assert replies(late, 1) == [421]
        late.close()
        go.set()
        assert replies(client, 1) == [250]
    assert len(kept(boxes)) == 1
