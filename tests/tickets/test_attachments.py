"""Files of messages are given to members alone, and never run in the browser."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.signing import Signer
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, MessageFactory, TicketFactory
from tickets.attachments import attach
from tickets.models import Attachment, Message


@pytest.fixture
def page(acme: Workspace) -> Attachment:
    """A file that would like to be a page of ours."""
    with workspace(acme):
        ticket = TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme))
        message = MessageFactory(workspace=acme, ticket=ticket)
        return attached(message, b"<script>alert(1)</script>", 'Lösung "1".html', "text/html")


def attached(message: Message, data: bytes, name: str, content_type: str) -> Attachment:
    path = attach(message, ContentFile(data), name, content_type)
    return Attachment.objects.for_workspace(message.workspace_id).get(file=path)


def test_a_file_is_saved_and_never_shown(as_bob: Client, acme: Workspace, page: Attachment) -> None:
    answer: Any = as_bob.get(acme.url("tickets:attachment", page.signed))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''L%C3%B6sung")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in answer["Cache-Control"]


def test_it_is_for_members_alone(
    client: Client, as_charlie: Client, acme: Workspace, globex: Workspace, page: Attachment
) -> None:
    assert client.get(acme.url("tickets:attachment", page.signed)).status_code == 302
    assert as_charlie.get(acme.url("tickets:attachment", page.signed)).status_code == 404
    assert as_charlie.get(globex.url("tickets:attachment", page.signed)).status_code == 404


def test_its_address_cannot_be_guessed(as_bob: Client, acme: Workspace, page: Attachment) -> None:
    for guess in (str(page.pk), f"{page.pk}:", f"{page.pk}:x", Signer().sign(str(page.pk))):
        assert as_bob.get(acme.url("tickets:attachment", guess)).status_code == 404


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ('a"b\r\nSet-Cookie: x.txt', 'attachment; filename="a_b Set-Cookie_ x.txt"'),
        ("invoice\u202egpj.exe", 'attachment; filename="invoicegpj.exe"'),
        ("🔥 plan.pdf", "attachment; filename*=utf-8''%F0%9F%94%A5%20plan.pdf"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
    ],
)
def test_names_are_harmless(as_bob: Client, acme: Workspace, page: Attachment, name: str, disposition: str) -> None:
    with workspace(acme):
        row = attached(page.message, b"x", name, "text/plain")
    answer = as_bob.get(acme.url("tickets:attachment", row.signed))
    assert answer["Content-Disposition"] == disposition
    answer.close()


def test_a_file_that_is_gone(as_bob: Client, acme: Workspace, page: Attachment) -> None:
    default_storage.delete(page.file.name)
    answer = as_bob.get(acme.url("tickets:attachment", page.signed))
    assert answer.status_code == 404
    assert "isn&#x27;t in the storage any more" in answer.content.decode()
