"""LMTP (RFC 2033): a mail server hands mails over, and gets an answer for each recipient.

aiosmtpd speaks the protocol, on one thread. What waits for the database or reads a mail runs on a few others.
"""

import asyncio
import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from django.conf import settings
from django.db import close_old_connections

from tickets import doors
from tickets.doors import Outcome

logger = logging.getLogger(__name__)
THREADS = 8  # mails and addresses in hand at once; more of them wait
TIMEOUT = 600  # seconds without a command, and until an answer is there (RFC 5321, 4.5.3.2.6)
END = b".\r\n"
# The mail server shows them to its users, so they tell nothing about us. One for the question, one for the mail.
QUESTION = {
    Outcome.STORED: "250 2.1.5 OK",
    Outcome.UNKNOWN: "550 5.1.1 No mailbox has this address",
    Outcome.TRY_AGAIN: "451 4.3.0 Mail can't be taken in now, try again later",
}
DELIVERY = {
    **QUESTION,
    Outcome.STORED: "250 2.6.0 Stored",
    Outcome.TOO_LARGE: "552 5.3.4 The mail is too large",
}
STOPPING = "421 4.3.2 GoPimi is being stopped, try again later"


def listen_address(text: str) -> tuple[str, int] | str:
    """Where to listen: "HOST:PORT", "[::1]:PORT", or the path of a Unix socket. Raises ValueError with what to do."""
    if "/" in text:
        return text.removeprefix("unix:")
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", text)
    if match is None or int(match[3]) > 65535:
        raise ValueError(f"{text!r} is no place to listen. Give HOST:PORT, as 127.0.0.1:8024, or a socket's path.")
    return match[1] or match[2], int(match[3])


def returned(raw: bytes, sender: str) -> bytes:
    """The mail with the return path that whoever delivers at last writes down (RFC 5321, 4.4), where it is empty: the
    mail is then a machine's report. Any other is left out, to keep the mail as it came."""
    return b"Return-Path: <>\r\n" + raw if sender == "<>" else raw


def take(raw: bytes | None, sender: str, recipients: list[str]) -> list[str]:
    """The reply for each recipient, in their order. A mail of None was too large to be read."""
    if raw is None:
        return [DELIVERY[Outcome.TOO_LARGE]] * len(recipients)
    return [DELIVERY[doors.deliver(returned(raw, sender), one).outcome] for one in recipients]


class Door:
    """What aiosmtpd asks for. One for all connections."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.threads = threads
        self.stopping = False
        self.idle = asyncio.Condition()
        self.in_hand = 0

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What the work returns, done on another thread. Threads keep their connection to the database, so one that
        broke or grew old is closed, as Django does around requests."""

        def connected() -> Any:
            close_old_connections()
            try:
                return work(*arguments)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self.threads, connected)

    async def stop(self) -> None:
        """Take no more mails, and wait until those in hand are answered."""
        self.stopping = True
        async with self.idle:
            await self.idle.wait_for(lambda: not self.in_hand)

    @asynccontextmanager
    async def delivery(self) -> AsyncIterator[None]:
        self.in_hand += 1
        try:
            yield
        finally:
            self.in_hand -= 1
            async with self.idle:
                self.idle.notify_all()

    async def handle_EHLO(
        self, server: LMTP, session: Session, envelope: Envelope, host: str, replies: list[str]
    ) -> list[str]:
        session.host_name = host
        return [*replies[:-1], "250-PIPELINING", replies[-1]]

    async def handle_RCPT(
        self, server: LMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.run(doors.knock, address)
        if answer.outcome is Outcome.STORED:
            envelope.rcpt_tos.append(address)
        return QUESTION[answer.outcome]

    async def handle_exception(self, error: Exception) -> str:
        logger.error("A fault of the LMTP listener", exc_info=error)
        return QUESTION[Outcome.TRY_AGAIN]  # never 5xx: a fault of ours is no refusal


class Connection(LMTP):
    """aiosmtpd's, but for DATA: it takes lines of any length, and answers for each recipient in every case."""

    event_handler: Door

    async def smtp_DATA(self, arg: str | None) -> None:
        envelope = self.envelope
        assert envelope is not None
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 DATA has no parameters")
            return
        if not envelope.rcpt_tos:
            await self.push("503 5.5.1 No valid recipients")
            return
        await self.push("354 End with a line that is a dot")
        raw = await self._content()
        if self.event_handler.stopping:
            await self.push("\r\n".join([STOPPING] * len(envelope.rcpt_tos)))
            return
        self._reset_timeout()
        async with self.event_handler.delivery():
            replies = await self.event_handler.run(take, raw, envelope.mail_from or "", envelope.rcpt_tos)
            self._set_post_data_state()
            await self.push("\r\n".join(replies))

    async def _content(self) -> bytes | None:
        """The mail up to the lone dot, without the dots that were added (RFC 5321, 4.5.2); None if it is too large."""
        content, begins, size = bytearray(), True, 0
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as longer:
                piece = await self._reader.read(longer.consumed)
            if begins and piece == END:
                return bytes(content) if size <= settings.MAIL_MAX_BYTES else None
            unstuffed = piece[1:] if begins and piece.startswith(b".") else piece
            size += len(unstuffed)
            if size <= settings.MAIL_MAX_BYTES:
                content += unstuffed
            begins = piece.endswith(b"\r\n")


@asynccontextmanager
async def listening(where: tuple[str, int] | str) -> AsyncIterator[asyncio.Server]:
    """Take mails in while the block runs; on leaving it, answer for those in hand. Raises OSError."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="lmtp") as threads:
        door = Door(threads)
        connection = partial(
            Connection, door, data_size_limit=settings.MAIL_MAX_BYTES, enable_SMTPUTF8=True, hostname=socket.getfqdn(),
            ident="GoPimi LMTP", timeout=TIMEOUT, loop=loop,
        )  # fmt: skip

        if isinstance(where, str):
            server = await loop.create_unix_server(connection, where)
            os.chmod(where, 0o666)  # noqa: S103 -- the folder says who may come here
        else:
            server = await loop.create_server(connection, *where)
        try:
            yield server
        finally:
            server.close()
            await door.stop()
