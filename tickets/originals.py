"""Mail as it came, byte for byte: shown as text, given to save, and forgotten after `RAW_MAIL_DAYS`."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Length, Substr
from django.utils import timezone

from gopimi.lib import charsets
from gopimi.lib.tenancy import workspace
from tickets import attachments
from tickets.models import RawMail

CONTENT_TYPE = "message/rfc822"
SHOWN = 64 * 1024  # bytes of a mail that a page shows
BATCH = 200  # mails, each of up to 50 MB
FORGOTTEN = (RawMail.State.DONE, RawMail.State.AUTOMATIC)  # what is held stays until somebody decides


def sized(rows: QuerySet) -> QuerySet:
    """The mails without their bytes, and with `size`: how many there are, None where they are forgotten."""
    return rows.defer("data").annotate(size=Length("data"))


def text(raw_mail: RawMail) -> str:
    """The beginning of a mail as lines to read, without control characters and what turns the direction of reading."""
    rows = RawMail.objects.for_workspace(raw_mail.workspace_id).filter(pk=raw_mail.pk)
    start = rows.values_list(Substr("data", 1, SHOWN, output_field=BinaryField()), flat=True).get()
    lines = charsets.decode(bytes(start or b"")).splitlines()
    return "\n".join(charsets.printable(line) for line in lines)


def file(raw_mail: RawMail) -> BytesIO:
    """The whole mail."""
    rows = RawMail.objects.for_workspace(raw_mail.workspace_id).filter(pk=raw_mail.pk)
    return BytesIO(bytes(rows.values_list("data", flat=True).get() or b""))


def filename(raw_mail: RawMail) -> str:
    """What a saved mail is called: by its subject."""
    subject = raw_mail.subject[:100].replace("/", "_").replace("\\", "_").strip(". ")
    return attachments.safe_name(f"{subject or 'mail'}.eml")


def forget(workspace_id: int, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Drop the bytes of what became of messages long ago, and say of how many mails.

    Their rows stay, so that the same mail again is still known. A batch is a transaction, and passes over what
    somebody has in hand.
    """
    if not settings.RAW_MAIL_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.RAW_MAIL_DAYS)
    old: dict[str, Any] = {"state__in": FORGOTTEN, "data__isnull": False, "received_at__lt": before}
    forgotten = 0
    while not should_stop():
        with workspace(workspace_id):
            rows = RawMail.objects.for_workspace(workspace_id)
            locked = rows.filter(**old).order_by("received_at").select_for_update(skip_locked=True, no_key=True)
            ids = list(locked.values_list("pk", flat=True)[:BATCH])
            rows.filter(pk__in=ids).update(data=None)
        forgotten += len(ids)
        if len(ids) < BATCH:
            break
    return forgotten
