"""Mail as it came: shown as harmless text, and forgotten in time without losing what it became."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace
from tests.tickets.mails import mail
from tickets import mailboxes, originals
from tickets.inbound import receive
from tickets.models import RawMail

SUPPORT = "support@acme.example"


@pytest.fixture
def support(acme: Workspace) -> Workspace:
    mailboxes.create(acme, SUPPORT, "ticket")
    return acme


def age(acme: Workspace, days: int) -> None:
    """Let everything that came in be this old."""
    with workspace(acme):
        RawMail.objects.for_workspace(acme).update(received_at=timezone.now() - timedelta(days=days))


def kept(acme: Workspace) -> dict[str, bool]:
    """Which states' mails still have their bytes."""
    with workspace(acme):
        return {row.state: row.data is not None for row in RawMail.objects.for_workspace(acme)}


def fill(acme: Workspace) -> None:
    receive(mail(), SUPPORT)
    receive(mail(auto_submitted="auto-replied", message_id="<2@example.com>"), SUPPORT)
    receive(mail(**{"from": "nobody", "message_id": "<3@example.com>"}), SUPPORT)


def test_old_mail_is_forgotten_and_held_mail_stays(support: Workspace) -> None:
    fill(support)
    age(support, 91)
    assert originals.forget(support.pk) == 2
    assert kept(support) == {"done": False, "automatic": False, "held": True}
    assert originals.forget(support.pk) == 0


def test_young_mail_stays(support: Workspace) -> None:
    fill(support)
    age(support, 89)
    assert originals.forget(support.pk) == 0
    assert kept(support) == {"done": True, "automatic": True, "held": True}


@pytest.mark.parametrize(("days", "forgotten"), [(0, 0), (3, 1)])
def test_the_setting_says_how_long(support: Workspace, settings: object, days: int, forgotten: int) -> None:
    settings.RAW_MAIL_DAYS = days  # type: ignore[attr-defined]
    receive(mail(), SUPPORT)
    age(support, 4)
    assert originals.forget(support.pk) == forgotten


def test_the_same_mail_is_still_known(support: Workspace) -> None:
    first = receive(mail(), SUPPORT)
    age(support, 91)
    originals.forget(support.pk)
    again = receive(mail(), SUPPORT)
    assert (again.result, again.message_id) == ("duplicate", first.message_id)


def test_it_goes_batch_by_batch_until_it_is_asked_to_stop(support: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "BATCH", 2)
    for number in range(5):
        receive(mail(message_id=f"<{number}@example.com>"), SUPPORT)
    age(support, 91)
    asked = iter([False, False, True])
    assert originals.forget(support.pk, lambda: next(asked)) == 4
    assert originals.forget(support.pk) == 1


def test_another_workspaces_mail_stays(support: Workspace, globex: Workspace) -> None:
    fill(support)
    age(support, 91)
    assert originals.forget(globex.pk) == 0


def test_an_index_leads_to_what_is_to_be_forgotten(support: Workspace) -> None:
    with workspace(support), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO off")
        rows = RawMail.objects.for_workspace(support).filter(
            state__in=originals.FORGOTTEN, data__isnull=False, received_at__lt=timezone.now()
        )
        assert "raw_mail_to_forget" in rows.order_by("received_at").explain()


def test_the_beginning_is_shown_as_text(support: Workspace) -> None:
    receive(mail("Grüße\x1b[31m\u202egnp.exe\x00 <b>\n" + "x" * originals.SHOWN), SUPPORT)
    with workspace(support):
        raw_mail = RawMail.objects.for_workspace(support).get()
        shown = originals.text(raw_mail)
    assert shown.startswith("From: Dana Scully <dana@example.com>\nTo: ")
    assert "\nGrüße[31mgnp.exe <b>\n" in shown
    assert len(shown.encode()) < originals.SHOWN
