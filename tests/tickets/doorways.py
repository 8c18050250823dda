"""The doors of inbound mail, to deliver through from outside."""

import asyncio
import hashlib
import hmac
import io
import smtplib
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote_from_bytes

from django.core.management import CommandError, call_command
from django.test import Client

from tests.installation import PATIENCE
from tests.tickets.wire import in_lines
from tickets import lmtp, webhooks
from tickets.models import Mailbox

SENDER = "dana@example.com"  # of the envelope


class Listener:
    """The listener on a thread of its own."""

    def __init__(self, where: tuple[str, int] | str) -> None:
        self.where = where
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        async with lmtp.listening(self.where) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.end.wait()

    def __enter__(self) -> "Listener":
        self.thread.start()
        assert self.ready.wait(30)
        return self

    def stop(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.end.set)

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def is_closed(self) -> bool:
        with socket.socket() as peer:
            return peer.connect_ex(("127.0.0.1", self.port)) != 0

    def client(self) -> smtplib.LMTP:
        return smtplib.LMTP("127.0.0.1", self.port, timeout=30)


def multipart(fields: dict[str, bytes]) -> dict[str, Any]:
    parts = [
        b'--cut-here\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    ]
    return {
        "data": b"".join(parts) + b"--cut-here--\r\n",
        "content_type": "multipart/form-data; boundary=cut-here",
    }


def urlencoded(fields: dict[str, bytes]) -> dict[str, Any]:
    data = b"&".join(b"%s=%s" % (name.encode(), quote_from_bytes(value).encode()) for name, value in fields.items())
    return {"data": data, "content_type": "application/x-www-form-urlencoded"}


def signed(key: str, raw: bytes | None, token: bytes = b"t" * 50, form: Any = urlencoded) -> dict[str, Any]:
    """What Mailgun sends for a route that forwards raw mail."""
    timestamp = b"1767225600"
    signature = hmac.new(key.encode(), timestamp + token, hashlib.sha256).hexdigest().encode()
    fields = {"timestamp": timestamp, "token": token, "signature": signature}
    return form(fields | ({"body-mime": raw} if raw is not None else {}))


def path_of(provider: str, mailbox: Mailbox) -> str:
    return next(one.path for one in webhooks.addresses(mailbox) if one.provider == provider)


def by_lmtp(port: int, raw: bytes, recipient: str) -> int:
    """Deliver over a connection of its own; answers with the listener's code."""
    with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        try:
            client.sendmail(SENDER, [recipient], in_lines(raw))
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients[recipient][0]
        except smtplib.SMTPDataError as error:
            return error.smtp_code
    return 250


class Doorways(AbstractContextManager["Doorways"]):
    """Each door as a function of a mail and a mailbox, which answers with the door's own code."""

    def __enter__(self) -> "Doorways":
        self.listener = Listener(("127.0.0.1", 0)).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.__exit__(*error)

    @property
    def doors(self) -> dict[str, Callable[[bytes, Mailbox], int]]:
        """The good answers are 0, 250 and 200."""
        return {"pipe": self.pipe, "lmtp": self.lmtp, "mailgun": self.mailgun}

    def pipe(self, raw: bytes, mailbox: Mailbox) -> int:
        try:
            call_command("receive_email", recipient=mailbox.address, stdin=io.BytesIO(raw), stdout=io.StringIO())
        except CommandError as error:
            return error.returncode
        return 0

    def lmtp(self, raw: bytes, mailbox: Mailbox) -> int:
        return by_lmtp(self.listener.port, raw, mailbox.address)

    def mailgun(self, raw: bytes, mailbox: Mailbox) -> int:
        client = Client(headers={"host": "localhost"})
        return client.post(path_of("Mailgun", mailbox), **signed(mailbox.webhook_secret, raw)).status_code
