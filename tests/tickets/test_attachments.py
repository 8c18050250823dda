"""Files of messages are given to members alone, and never run in the browser."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.factories import ContactFactory, MessageFactory, TicketFactory
from tickets.attachments import attach
from tickets.models import Attachment


@pytest.fixture
def page(acme: Workspace) -> Attachment:
    """A file that would like to be a page of ours."""
    with workspace(acme):
        ticket = TicketFactory(workspace=acme, contact=ContactFactory(workspace=acme))
        message = MessageFactory(workspace=acme, ticket=ticket)
        return attach(message, ContentFile(b"<script>alert(1)</script>"), 'Lösung "1".html', "text/html")


def test_a_file_is_saved_and_never_shown(as_bob: Client, acme: Workspace, page: Attachment) -> None:
    answer: Any = as_bob.get(acme.url("tickets:attachment", page.pk))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''L%C3%B6sung")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in answer["Cache-Control"]


def test_it_is_for_members_alone(
    client: Client, as_charlie: Client, acme: Workspace, globex: Workspace, page: Attachment
) -> None:
    assert client.get(acme.url("tickets:attachment", page.pk)).status_code == 302
    assert as_charlie.get(acme.url("tickets:attachment", page.pk)).status_code == 404
    assert as_charlie.get(globex.url("tickets:attachment", page.pk)).status_code == 404


def test_a_file_that_is_gone(as_bob: Client, acme: Workspace, page: Attachment) -> None:
    default_storage.delete(page.file.name)
    assert as_bob.get(acme.url("tickets:attachment", page.pk)).status_code == 404
