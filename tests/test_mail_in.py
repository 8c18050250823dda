"""Mail comes in by processes as an operator runs them, while the database is stopped under them."""

import os
import signal
import smtplib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings

from tests.installation import PATIENCE, Installation, Use, free_port, postmaster, wait_until
from tests.tickets.doorways import by_lmtp, signed
from tests.tickets.mails import mail

ADDRESS = "support@acme.example"


class MailServer:
    """An installation's doors, on a database server that doesn't come back by itself."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.use = Use(installation.data)
        self.socket = self.use.socket
        self.lmtp_port, self.web_port = free_port(), free_port()
        self.environment = {
            **installation.environment, "DATABASE_URL": f"postgres://gopimi_app@/{self.socket}/gopimi",
            "GOPIMI_HTTPS": "false",
        }  # fmt: skip
        self.lmtp = self.start("manage.py", "lmtp", f"--listen=127.0.0.1:{self.lmtp_port}")
        bind = f"--bind=127.0.0.1:{self.web_port}"
        self.web = self.start("-m", "gunicorn", "gopimi.wsgi", bind, "--threads=4", "--no-control-socket")
        self.secret = ""

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, *arguments], cwd=settings.BASE_DIR, env=self.environment)

    def is_ready(self) -> bool:
        try:
            smtplib.LMTP("127.0.0.1", self.lmtp_port).close()
            return urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/healthz").status == 200
        except OSError:
            return False

    def stop_database(self) -> None:
        os.kill(postmaster(self.installation.data), signal.SIGQUIT)  # at once, as in a crash
        self.use.die()

    def start_database(self) -> None:
        self.use = Use(self.installation.data)

    def end(self) -> None:
        for process in (self.lmtp, self.web):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in (self.lmtp, self.web)] == [0, 0]
        self.use.leave()

    def query(self, statement: str) -> Any:
        with self.connection() as connection:
            return connection.execute(statement).fetchone()[0]  # type: ignore[index]

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        connection = psycopg.connect(host=self.socket, user="postgres", dbname="gopimi")
        try:
            yield connection
        finally:
            connection.close()

    # The doors

    def pipe(self, raw: bytes) -> int:
        command = [sys.executable, "manage.py", "receive_email", f"--recipient={ADDRESS}"]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, input=raw, capture_output=True, check=False
        )
        return done.returncode

    def to_listener(self, raw: bytes) -> int:
        return by_lmtp(self.lmtp_port, raw, ADDRESS)

    def to_hook(self, raw: bytes) -> int:
        post = signed(self.secret, raw)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.web_port}/hooks/mail/mailgun/{ADDRESS}/mime", post["data"],
            {"Content-Type": post["content_type"]},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def deliver(self, raw: bytes, meanwhile: Callable[[], None] = lambda: None) -> list[int]:
        """The same mail by all doors at once."""
        with ThreadPoolExecutor(3) as pool:
            deliveries = [pool.submit(door, raw) for door in (self.pipe, self.to_listener, self.to_hook)]
            meanwhile()
            return [delivery.result() for delivery in deliveries]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    installation = Installation(tmp_path_factory.mktemp("doors"))  # of its own: its database is killed
    installation.manage("migrate", "--verbosity=0")
    installation.manage(
        "createworkspace", "Acme", "--slug=acme", "--admin-email=a@acme.example", "--admin-password=password"
    )
    installation.manage("createmailbox", "--workspace=acme", f"--address={ADDRESS}", "--purpose=ticket")
    server = MailServer(installation)
    try:
        wait_until(server.is_ready)
        server.secret = server.query("SELECT webhook_secret FROM tickets_mailbox")
        yield server
    finally:
        server.end()


def test_a_mail_whose_delivery_the_database_cut_off_comes_again_and_is_there_once(server: MailServer) -> None:
    again, stored = [75, 451, 503], [0, 250, 200]
    raw = mail("Is it there?")

    def stop_in_mid_delivery() -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: server.query(waiting) == 3)
        assert server.query("SELECT count(*) FROM tickets_rawmail") == 1
        server.stop_database()

    with server.connection() as lock:
        lock.execute("SELECT FROM workspaces_workspace FOR NO KEY UPDATE")  # mails can be kept, but no more
        assert server.deliver(raw, stop_in_mid_delivery) == again
    assert server.deliver(raw) == again
    server.start_database()
    assert server.deliver(raw) == stored
    assert server.deliver(raw) == stored
    for table in ("contacts_contact", "tickets_ticket", "tickets_message", "tickets_rawmail"):
        assert server.query(f"SELECT count(*) FROM {table}") == 1
