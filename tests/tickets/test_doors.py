"""All doors together: one mail is one message, whichever way it comes and however often."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest
from django.db import connection

from contacts.models import Contact
from gopimi.embedded import EmbeddedError
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.doorways import Doorways
from tests.tickets.mails import mail
from tickets import doors, mailboxes
from tickets.models import Mailbox, Message, RawMail, Ticket

GOOD = {0, 250, 200}


@pytest.fixture
def doorways(transactional_db: None) -> Iterator[Doorways]:
    with Doorways() as doorways:
        yield doorways


@pytest.fixture
def support(transactional_db: None, acme: Workspace) -> Mailbox:
    return mailboxes.create(acme, "support@acme.example", "ticket")


def deliver(doorways: Doorways, support: Mailbox, mails: list[bytes], at_once: int) -> set[int]:
    """Deliver the mails by one door after the other, so many at once; answers with the codes that there were."""

    def one(door: str, raw: bytes) -> int:
        try:
            return doorways.doors[door](raw, support)
        finally:
            connection.close()

    with ThreadPoolExecutor(at_once) as pool:
        return set(pool.map(one, islice(cycle(doorways.doors), len(mails)), mails))


def test_the_same_mail_by_all_doors_at_once_is_one_message(
    doorways: Doorways, acme: Workspace, support: Mailbox
) -> None:
    assert deliver(doorways, support, [mail()] * 100, at_once=20) == GOOD
    with workspace(acme):
        assert [model.objects.for_workspace(acme).count() for model in (Contact, Ticket, Message, RawMail)] == [1] * 4


def test_many_mails_of_a_new_sender_by_all_doors_are_of_one_contact(
    doorways: Doorways, acme: Workspace, support: Mailbox
) -> None:
    mails = [mail(message_id=f"<{number}@example.com>") for number in range(200)]
    assert deliver(doorways, support, mails, at_once=20) == GOOD
    with workspace(acme):
        assert Contact.objects.for_workspace(acme).count() == 1
        assert Message.objects.for_workspace(acme).count() == 200
        numbers = Ticket.objects.for_workspace(acme).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 201))


def test_an_embedded_server_that_does_not_start_is_no_refusal(
    acme: Workspace, support: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise EmbeddedError("The disk is full.")

    monkeypatch.setattr("tickets.mailboxes.key_of", away)
    for answer in (doors.knock(support.address), doors.deliver(mail(), support.address)):
        assert answer.outcome is doors.Outcome.TRY_AGAIN


def test_a_mail_that_is_too_large_is_refused(acme: Workspace, support: Mailbox, settings: object) -> None:
    settings.MAIL_MAX_BYTES = 100  # type: ignore[attr-defined]
    assert doors.deliver(mail(), support.address).outcome is doors.Outcome.TOO_LARGE
