"""Purging and erasing: first the contact with all that leads to it, in one short transaction, then its traces.

The first makes the person unknown at once; a mail that comes then makes a new contact. The second reads whole tables,
in windows and without holding anybody up, and may be done twice: what is still to be done is kept as an `Erasure`,
which goes last.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import DateTimeField, F
from django.db.models.functions import Coalesce, Now
from procrastinate.contrib.django import app as jobs

from contacts.erasing.records import Erasure
from contacts.erasing.traces import KEEPERS, People, Stop
from contacts.history import Change
from contacts.importing.starting import QUEUE
from contacts.models import Contact
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import Workspace

KEPT = timedelta(days=30)  # in the trash
AT_ONCE = 1_000  # contacts; more are purged in the background
BATCH = 200  # contacts in one transaction
PEOPLE = 500  # who are swept together
PATIENCE = 1.0  # seconds that a request sweeps before it leaves the rest to a job
PURGE, SWEEP = "contacts.purge_trash", "contacts.sweep"


def purge(workspace_id: int, until: datetime, must_stop: Stop = lambda: False) -> bool:
    """Purge what was put into the trash until then, in batches; False where `must_stop` said so."""
    while not must_stop():
        with workspace(workspace_id):
            trashed = Contact.objects.for_workspace(workspace_id).trashed().filter(deleted_at__lte=until)
            ids = list(trashed.order_by("deleted_at", "pk").values_list("pk", flat=True)[:BATCH])
            purge_some(workspace_id, ids)
        if len(ids) < BATCH:
            return True
    return False


def purge_some(workspace_id: int, ids: Sequence[int]) -> int:
    """Purge these, as far as they are in the trash, and say how many that was. Their traces are left to `sweep`."""
    Workspace(pk=workspace_id).lock()
    trashed = Contact.objects.for_workspace(workspace_id).trashed().filter(pk__in=ids)
    contacts = list(trashed.order_by("pk").select_for_update())
    _forget(workspace_id, contacts, keep_rows=False)
    return len(contacts)


def erase(contact: Contact) -> bool:
    """Erase a person on request, in the trash or not; False where somebody else has done so meanwhile."""
    Workspace(pk=contact.workspace_id).lock()
    known = Contact.objects.for_workspace(contact.workspace_id).filter(pk=contact.pk, erased_at__isnull=True)
    contacts = list(known.select_for_update())
    _forget(contact.workspace_id, contacts, keep_rows=True)
    return bool(contacts)


def _forget(workspace_id: int, contacts: Sequence[Contact], *, keep_rows: bool) -> None:
    """The contacts' rows are locked, and so is the workspace: no mail makes one of them write meanwhile."""
    if not contacts:
        return
    ids = [contact.pk for contact in contacts]
    Erasure.objects.for_workspace(workspace_id).bulk_create(_erasures(workspace_id, contacts))
    for keeper in KEEPERS:
        keeper.forget(workspace_id, ids)
    needed = set(ids) if keep_rows else {pk for keeper in KEEPERS for pk in keeper.needed(workspace_id, ids)}
    rows = Contact.objects.for_workspace(workspace_id)
    rows.filter(pk__in=set(ids) - needed).delete()
    rows.filter(pk__in=needed).update(
        name="", email=None, email_key=None, organization=None, erased_at=Now(), updated_at=Now(),
        deleted_at=Coalesce(F("deleted_at"), Now(), output_field=DateTimeField()), deleted_by=None, deletion=None,
    )  # fmt: skip


def _erasures(workspace_id: int, contacts: Sequence[Contact]) -> list[Erasure]:
    """What each was ever called, but for addresses that are somebody else's by now."""
    names = {contact.pk: {contact.name} for contact in contacts}
    emails = {contact.pk: {contact.email or "", contact.email_key or ""} for contact in contacts}
    former = Change.objects.for_workspace(workspace_id).filter(contact_id__in=names, what__in=["name", "email"])
    for contact_id, what, old, new in former.values_list("contact_id", "what", "old", "new"):
        (names if what == "name" else emails)[contact_id] |= {old or "", new or ""}
    keys = {lower(email) for given in emails.values() for email in given}
    others = Contact.objects.for_workspace(workspace_id).filter(email_key__in=keys).exclude(pk__in=names)
    taken = set(others.values_list("email_key", flat=True))
    return [
        Erasure(
            workspace_id=workspace_id,
            contact_id=pk,
            names=sorted(names[pk] - {""}),
            emails=sorted(email for email in emails[pk] - {""} if lower(email) not in taken),
        )
        for pk in names
    ]


def sweep(workspace_id: int, must_stop: Stop = lambda: False) -> bool:
    """Look for the traces of everybody who was erased; False where it was stopped, or some can't be removed yet."""
    after = 0
    finished = True
    while not must_stop():
        with workspace(workspace_id):
            waiting = Erasure.objects.for_workspace(workspace_id).filter(pk__gt=after).order_by("pk")
            erasures = list(waiting[:PEOPLE])
        if not erasures:
            return finished
        people = People(workspace_id, erasures)
        results = [keeper.sweep(people, must_stop) for keeper in KEEPERS]
        if all(results):
            with workspace(workspace_id):
                Erasure.objects.for_workspace(workspace_id).filter(pk__in=[one.pk for one in erasures]).delete()
        else:
            finished = False
        after = erasures[-1].pk
    return False


def sweep_soon(workspace_id: int) -> None:
    """Sweep for a moment, and leave what isn't done by then to a job."""
    until = time.monotonic() + PATIENCE
    if not sweep(workspace_id, lambda: time.monotonic() > until):
        jobs.configure_task(SWEEP, queue=QUEUE, lock=f"sweep-{workspace_id}").defer(workspace_id=workspace_id)


def purge_soon(workspace_id: int, until: datetime) -> None:
    """Purge what was put into the trash until then, in the background."""
    task = jobs.configure_task(PURGE, queue=QUEUE, lock=f"sweep-{workspace_id}")
    task.defer(workspace_id=workspace_id, until=until.isoformat())
