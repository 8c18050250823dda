"""A worker that is killed while a mail is being sent, as an operator's machine may do it."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings

from tests.installation import PATIENCE, Installation, wait_until
from tests.tickets.smtpserver import mail_server
from tickets.sending import NOT_KNOWN

WRITE = """
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor
from gopimi.workspaces.models import User, Workspace
from tickets import mailboxes, outbound
from tickets.inbound import receive
from tickets.models import Ticket
acme = Workspace.objects.get(slug="acme")
mailboxes.create(acme, "replies@acme.example", "ticket")
mail = b"From: dana@example.com\\nMessage-ID: <1@example.com>\\n\\nWhere is it?"
number = receive(mail, "replies@acme.example").ticket
with workspace(acme):
    ticket = Ticket.objects.for_workspace(acme).get(number=number)
    message = outbound.reply(ticket, Actor.agent(User.objects.get(email="alice@acme.example")), "Here.")
    print("written", message.pk)
"""
READ = """
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tickets import outbound
from tickets.models import Message
acme = Workspace.objects.get(slug="acme")
with workspace(acme):
    message = Message.objects.for_workspace(acme).get(pk=PK)
    RETRY
    print("state:", message.state, message.failure)
"""


def test_it_is_not_sent_again_by_itself(installation: Installation) -> None:
    def shell(script: str) -> str:
        return installation.manage("shell", "--no-imports", "-c", script)

    def state(retry: str = "") -> str:
        return shell(READ.replace("PK", pk).replace("RETRY", retry)).partition("state:")[2].strip()

    with mail_server(release=threading.Event()) as server:
        environment = {**installation.environment, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}"}
        start: Callable[[], Any] = lambda: subprocess.Popen(  # noqa: E731
            [sys.executable, "manage.py", "worker"], cwd=settings.BASE_DIR, env=environment
        )
        pk = shell(WRITE).partition("written")[2].strip()
        first = start()
        assert server.holding.wait(PATIENCE), "the mail is there, and the server hasn't answered"
        assert state() == "queued"
        first.kill()
        first.wait()
        second = start()
        try:
            wait_until(lambda: state() == f"unknown {NOT_KNOWN}")
            assert len(server.mails) == 1
            assert server.release
            server.release.set()
            assert state("outbound.retry(message)").startswith("queued")
            wait_until(lambda: state() == "sent")
        finally:
            second.terminate()
            assert second.wait(PATIENCE) == 0
    ids = [[line for line in raw.splitlines() if line.startswith(b"Message-ID:")] for _, raw in server.mails]
    assert len(ids) == 2
    assert ids[0] == ids[1]
