"""Many mails at once are as many messages, and the same one is one."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from contacts.models import Contact
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import mailboxes
from tickets.inbound import Result, receive
from tickets.models import Message, RawMail

SUPPORT = "support@acme.example"


@pytest.fixture
def boxes(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    return acme


def count(model: Any, acme: Workspace) -> int:
    with workspace(acme):
        return model.objects.for_workspace(acme).count()


@pytest.mark.django_db(transaction=True)
def test_the_same_mail_in_parallel_is_one_message(boxes: Workspace) -> None:
    results = in_parallel([mail()] * 100)
    assert sorted(result.result for result in results) == ["duplicate"] * 99 + ["ticket_created"]
    assert len({result.message_id for result in results}) == 1
    assert (count(Contact, boxes), count(Message, boxes), count(RawMail, boxes)) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_mails_of_one_sender_at_once_are_one_contact(boxes: Workspace) -> None:
    results = in_parallel([mail(message_id=f"<{number}@example.com>") for number in range(20)])
    assert sorted(result.ticket or 0 for result in results) == list(range(1, 21))
    assert len({result.contact_id for result in results}) == 1


def in_parallel(mails: list[bytes]) -> list[Result]:
    def deliver(raw: bytes) -> Result:
        try:
            return receive(raw, SUPPORT)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(deliver, mails))
