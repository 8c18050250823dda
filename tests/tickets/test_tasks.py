"""The jobs that look after raw mail, as the worker runs them."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import mailboxes, tasks
from tickets.inbound import receive
from tickets.models import RawMail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(acme: Workspace, globex: Workspace) -> list[Workspace]:
    """Two workspaces, each with a mail that came long ago."""
    for target in (acme, globex):
        mailboxes.create(target, f"support@{target.slug}.example", "ticket")
        receive(mail(), f"support@{target.slug}.example")
        with workspace(target):
            RawMail.objects.for_workspace(target).update(received_at=timezone.now() - timedelta(days=91))
    return [acme, globex]


def states(both: list[Workspace]) -> list[tuple[str, bool]]:
    found = []
    for target in both:
        with workspace(target):
            raw_mail = RawMail.objects.for_workspace(target).get()
        found.append((raw_mail.state, raw_mail.data is None))
    return found


def test_old_bytes_are_forgotten_in_every_workspace(both: list[Workspace]) -> None:
    tasks.forget_raw_mail(SimpleNamespace(should_abort=lambda: False), 0)
    assert states(both) == [("done", True), ("done", True)]


def test_it_stops_when_the_worker_does(both: list[Workspace]) -> None:
    tasks.forget_raw_mail(SimpleNamespace(should_abort=lambda: True), 0)
    assert states(both) == [("done", False), ("done", False)]


def test_what_was_left_is_taken_up_in_every_workspace(both: list[Workspace]) -> None:
    for target in both:
        with workspace(target):
            RawMail.objects.for_workspace(target).update(state="received", fingerprint=b"x" * 32)
            RawMail.objects.for_workspace(target).get().messages.for_workspace(target).update(raw_mail=None)
    tasks.take_up_mail(0)
    assert states(both) == [("done", False), ("done", False)]


def test_what_is_held_is_tried_again(both: list[Workspace]) -> None:
    acme, _ = both
    with workspace(acme):
        RawMail.objects.for_workspace(acme).get().messages.for_workspace(acme).update(raw_mail=None)
        RawMail.objects.for_workspace(acme).update(state="held")
    tasks.try_all_held_again(acme.pk)
    assert states(both) == [("done", False), ("done", False)]
