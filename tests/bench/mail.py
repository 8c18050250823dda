"""Inbound mail through `inbound.receive`, beside the raw floor and beside django-helpdesk's `process_queue`.

Every mail is of a new sender and opens a ticket: the most that a mail can cost. The floor parses it with the standard
library and writes the same rows by psycopg in one commit, with search and attachment; it makes no HTML safe, finds no
thread, refuses nothing.
"""

import base64
import itertools
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from tests.bench.clock import in_turns
from tests.bench.desk import ROOT, analyze, raw
from tests.bench.tables import Measured

ADDRESS = "support@bench.example"
ROUNDS, EACH = 12, 25
WORDS = ["order", "invoice", "webhook", "printer", "export", "please", "thanks", "since", "yesterday", "account", "the"]


@dataclass(frozen=True)
class Kind:
    title: str
    make: Callable[[int], bytes]
    of_floor: float  # of the floor's messages per second that are wanted
    of_peer: float


def words(number: int, seed: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=number))


def header(n: int) -> str:
    return (
        f"Received: from mx{n % 7}.bench.example by mail.bench.example; Fri, 27 Nov 2026 10:00:00 +0000\r\n"
        f'From: "Firstname{n % 313} Lastname{n}" <person.{n}@d{n % 977}.example>\r\nTo: <{ADDRESS}>\r\n'
        f"Subject: {words(5, n)}\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{n}.{secrets.token_hex(8)}@d{n % 977}.example>\r\nMIME-Version: 1.0\r\n"
    )


def text(n: int) -> bytes:
    """2 KB of plain text."""
    lines = "\r\n".join(words(10, n + line) for line in range(24))
    return f'{header(n)}Content-Type: text/plain; charset="utf-8"\r\n\r\n{lines}\r\n'.encode()


def html(n: int) -> bytes:
    """200 KB of HTML, with a tag for every 45 bytes as newsletters have it, and a file of 50 KB."""
    style = "padding: 0 18px 9px; font-family: Helvetica, sans-serif; font-size: 14px; line-height: 150%; color: #333"
    rows = "".join(
        f'<tr><td align="center" valign="top" style="{style}"><p style="{style}">{words(12, n + row)}</p></td>'
        f'<td><a href="https://shop.example/{row}">{words(3, row)}</a></td></tr>'
        for row in range(445)
    )
    page = f"<html><head><style>td {{ border: 0 }}</style></head><body><table>{rows}</table></body></html>"
    body = base64.encodebytes(page.encode()).decode().replace("\n", "\r\n")
    file = base64.encodebytes(random.Random(n).randbytes(50_000)).decode().replace("\n", "\r\n")
    return (
        f'{header(n)}Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n'
        f'--b{n}\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}'
        f'--b{n}\r\nContent-Type: application/pdf; name="file.pdf"\r\nContent-Disposition: attachment; '
        f'filename="file.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}--b{n}--\r\n'
    ).encode()


KINDS = [Kind("text of 2 KB", text, 0.45, 4), Kind("HTML of 200 KB and a file", html, 0.7, 2.5)]


def measure() -> Iterator[Measured]:
    from gopimi.workspaces.models import Workspace
    from tickets import mailboxes
    from tickets.inbound import receive
    from tickets.models import Mailbox

    target = Workspace.objects.create(name="Bench", slug="benchmail")
    mailbox = mailboxes.create(target, ADDRESS, Mailbox.Purpose.TICKET)
    numbers = itertools.count(1)
    with raw(target.pk) as cursor, tempfile.TemporaryDirectory() as folder, peer(folder) as helpdesk:
        cursor.connection.commit()
        floor = Floor(cursor, target.pk, mailbox.pk, Path(folder))
        for kind in KINDS:
            # Made before, in the order of the turns: what is timed is what becomes of a mail.
            mails = iter([kind.make(next(numbers)) for _ in range(2 * EACH * (ROUNDS + 1))])
            queues = iter([_queue(folder, kind, numbers) for _ in range(ROUNDS + 1)])
            ways = {
                "GoPimi": lambda mails=mails: [receive(mail, ADDRESS) for mail in itertools.islice(mails, EACH)],
                "floor": lambda mails=mails: [floor.receive(mail) for mail in itertools.islice(mails, EACH)],
                "django-helpdesk": lambda queues=queues: helpdesk(next(queues)),
            }
            times = {name: seconds / EACH for name, seconds in in_turns(ways, ROUNDS).items()}
            ours = times["GoPimi"]
            analyze()
            yield Measured(
                f"Receive a mail: {kind.title}",
                times,
                {
                    f"of the floor's messages per second (at least {kind.of_floor})": times["floor"] / ours,
                    f"times those of django-helpdesk (at least {kind.of_peer})": times["django-helpdesk"] / ours,
                },
                {"messages per second": f"{1 / ours:,.0f}"},
            )


def _queue(folder: str, kind: Kind, numbers: Iterator[int]) -> Path:
    """A folder with as many mails as a turn has."""
    queue = Path(tempfile.mkdtemp(dir=folder))
    for n in itertools.islice(numbers, EACH):
        (queue / f"{n}.eml").write_bytes(kind.make(n))
    return queue


@contextmanager
def peer(folder: str) -> Iterator[Callable[[Path], None]]:
    """django-helpdesk in a process of its own; gives what has it receive the mails of a folder."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.peers.helpdesk"],
        cwd=ROOT, env={**os.environ, "BENCH_MEDIA": folder}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def receive(queue: Path) -> None:
        print(queue, file=process.stdin, flush=True)
        if process.stdout.readline().strip() != str(EACH):
            raise RuntimeError("django-helpdesk didn't make a ticket of each mail.")

    with process:
        process.stdout.readline()  # it is ready
        try:
            yield receive
        finally:
            process.stdin.close()


class Floor:
    """The standard library's parser, and the rows that `receive` writes, by psycopg in one commit."""

    def __init__(self, cursor: Any, workspace_id: int, mailbox_id: int, folder: Path) -> None:
        self.cursor, self.workspace_id, self.mailbox_id, self.folder = cursor, workspace_id, mailbox_id, folder

    def receive(self, data: bytes) -> None:
        message = message_from_bytes(data, policy=policy.default)
        body = message.get_body(("html", "plain"))
        content = body.get_content() if body else ""
        kind = body.get_content_subtype() if body else "plain"
        files = [
            (part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()
        ]
        name, email = parseaddr(str(message["From"]))
        self._write(
            data, name, email, str(message["Subject"]), str(message["Message-ID"])[1:-1], {kind: content}, files
        )
        self.cursor.connection.commit()

    def _write(self, data: bytes, name: str, email: str, subject: str, message_id: str, body: Any, files: Any) -> None:
        from contacts.searching import grams
        from tickets.messageids import digest

        own, plain, page = self.workspace_id, body.get("plain", ""), body.get("html", "")
        raw_mail = self._insert(
            "tickets_rawmail", mailbox_id=self.mailbox_id, recipient=ADDRESS, data=data, state="done", reason="",
            fingerprint=secrets.token_bytes(32), sender=email, subject=subject,
        )  # fmt: skip
        contact = self._insert(
            "contacts_contact", name=name, email=email, email_key=email, source="email", creator_kind="email"
        )
        pieces = {"contact_id": contact, "grams": grams(own, name, email)}
        self._insert("contacts_contactsearch", "contact_id", **pieces)
        self.cursor.execute(
            "UPDATE workspaces_workspace SET last_ticket_number = last_ticket_number + 1 WHERE id = %s "
            "RETURNING last_ticket_number",
            [own],
        )
        (number,) = self.cursor.fetchone()
        ticket = self._insert(
            "tickets_ticket", number=number, subject=subject, status="open", priority=2, contact_id=contact,
            mailbox_id=self.mailbox_id,
        )  # fmt: skip
        self._insert("tickets_event", ticket_id=ticket, what="opened", old="", new="", actor_kind="email")
        written = self._insert(
            "tickets_message", ticket_id=ticket, direction="inbound", state="received", failure="",
            author_type="contact", author_contact_id=contact, author_name=name, author_email=email, to=ADDRESS, cc="",
            bcc="", tries=0,
            body_text=plain or "text", body_html=page, message_id=message_id, in_reply_to="", references="",
            attribution=f"From: {email}", raw_mail_id=raw_mail, mailbox_id=self.mailbox_id,
        )  # fmt: skip
        self._insert("tickets_messageid", "message_id", digest=digest(message_id), message_id=written)
        for filename, content_type, content in files:
            path = self.folder / secrets.token_urlsafe(32)
            path.write_bytes(content)
            self._insert(
                "tickets_attachment", message_id=written, filename=filename, content_type=content_type,
                size=len(content), content_id="", file=str(path),
            )  # fmt: skip

    def _insert(self, table: str, returning: str = "id", **row: Any) -> int:
        names = ", ".join(f'"{name}"' for name in row)
        self.cursor.execute(
            f"INSERT INTO {table} (workspace_id, {names}) VALUES (%s{', %s' * len(row)}) RETURNING {returning}",
            [self.workspace_id, *row.values()],
        )
        (made,) = self.cursor.fetchone()
        return made  # type: ignore[no-any-return]
