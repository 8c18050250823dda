"""A mail server for tests, in a thread: it takes what it is told to take, and can go silent or hang up."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

HANG_UP = ""  # instead of an answer: close the connection


@dataclass
class MailServer:
    """`answers` are by the command that they answer to, with its address ("RCPT dana@example.com") or without; "." is
    the end of a mail. The others are 250."""

    answers: dict[str, str] = field(default_factory=dict)
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)  # recipients, and the mail as it came
    holding: threading.Event = field(default_factory=threading.Event)  # a mail has come, and isn't answered
    release: threading.Event | None = None  # where it is set, a mail is answered once this is
    port: int = 0


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        mail_server: MailServer = self.server.mail_server  # type: ignore[attr-defined]
        self.say("220 tests")
        recipients: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            address = line.partition("<")[2].partition(">")[0]
            default = "221 Bye" if verb == "QUIT" else "354 Go on" if verb == "DATA" else "250 OK"
            answer = mail_server.answers.get(f"{verb} {address}", mail_server.answers.get(verb, default))
            if not self.say(answer) or verb == "QUIT":
                return
            if verb == "RCPT" and answer.startswith("250"):
                recipients.append(address)
            elif verb == "DATA" and answer.startswith("354"):
                mail = b"".join(iter(self.rfile.readline, b".\r\n"))
                mail_server.mails.append((recipients, mail))
                mail_server.holding.set()
                if mail_server.release:
                    mail_server.release.wait(60)
                if not self.say(mail_server.answers.get(".", "250 Taken")):
                    return
                recipients = []

    def say(self, answer: str) -> bool:
        if answer == HANG_UP:
            return False
        try:
            self.wfile.write(f"{answer}\r\n".encode())
        except OSError:
            return False
        return True


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no fault of a test."""


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """A mail server on a free port of this machine."""
    told = MailServer(**options)
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.mail_server = told  # type: ignore[attr-defined]
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
