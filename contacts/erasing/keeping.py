"""Where contacts, imports, views and kept answers have traces of people."""

import codecs
import re
from collections.abc import Sequence
from datetime import datetime

import orjson
from django.core.files.storage import default_storage
from django.db.models import F, Func, Q, TextField, Value
from django.http import QueryDict

from contacts.bulkedits.records import BulkEdit
from contacts.erasing.traces import MARK, Bytes, People, Stop, mentions, pieces, windows
from contacts.history import Change
from contacts.importing.records import ACTIVE, Import, ImportRow
from contacts.models import Contact, ContactSearch, ContactTag, View
from customfields import values as field_values
from customfields.models import FieldValue
from gopimi.lib.counting import counted
from gopimi.lib.reference import LONGEST_KEY
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import KeptAnswer

BLOCK = 1 << 20  # bytes of a file that are read at once
LONGEST = 1_000  # characters of what may be an address
GONE = {
    "type": "about:blank",
    "title": "Erased",
    "status": 410,
    "detail": "This request was done, and the person that it was about was erased since then.",
}


class Contacts:
    """A `Keeper`."""

    def told(self, contact: Contact) -> tuple[list[str], list[str]]:
        own = {"contact_id": contact.pk}
        values = FieldValue.objects.for_workspace(contact.workspace_id).filter(**own)
        changes = Change.objects.for_workspace(contact.workspace_id).filter(**own)
        return [
            "Name, address, organization and tags",
            f"{counted(values.values('field').distinct().count(), 'value')} of custom fields",
            f"The history: {counted(changes.count() + 1, 'entry', 'entries')}",
            "Rows of imports that failed, and uploaded CSV files, that have the address in them",
        ], []

    def needed(self, workspace_id: int, ids: Sequence[int]) -> set[int]:
        return set()

    def forget(self, workspace_id: int, ids: Sequence[int]) -> None:
        field_values.hold_all(workspace_id)
        for model in (Change, ContactTag, ContactSearch, FieldValue):
            model.objects.for_workspace(workspace_id).filter(contact_id__in=ids).delete()

    def sweep(self, people: People, must_stop: Stop) -> bool:
        finished = [_imports(people, must_stop), _answers(people, must_stop)]
        with workspace(people.workspace_id):
            _bulk_edits(people)
            _views(people)
        return all(finished)


def _imports(people: People, must_stop: Stop) -> bool:
    """Rows that failed, and files that are kept. One that is being read stays until its import has ended."""
    with workspace(people.workspace_id):
        runs = list(Import.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest))
    finished = True
    for run in runs:
        if must_stop():
            return False
        if run.is_active:
            finished = False
            continue
        with workspace(people.workspace_id):
            rows = ImportRow.objects.for_workspace(people.workspace_id).filter(run=run)
            cells = Func(F("cells"), Value(" "), function="array_to_string", output_field=TextField())
            found = rows.filter(Q(email_key__in=_keys(people)) | Q(mentions(people, cells)))
            gone = [
                row.row
                for row in found
                if people.in_text(f"{row.email_key or ''} {' '.join(row.cells)}", run.created_at)
            ]
            rows.filter(row__in=gone).delete()
            finished = finished and not (run.file and _file_mentions(people, run) and not _drop_file(run))
    return finished


def _drop_file(run: Import) -> bool:
    """First the file, then its name, which would find it again; False where its import was started meanwhile."""
    runs = Import.objects.for_workspace(run.workspace_id).filter(pk=run.pk).exclude(status__in=ACTIVE)
    if not runs.select_for_update(no_key=True).exists():
        return False
    default_storage.delete(run.file)
    return bool(runs.update(file=""))


def _keys(people: People) -> list[str]:
    return sorted({email for person in people.everybody for email in person.emails})


def _file_mentions(people: People, run: Import) -> bool:
    """Whether an uploaded file, read as its import reads it, has one of the addresses in it."""
    wanted = set(people.pieces)
    decoder = codecs.getincrementaldecoder(run.encoding)(errors="replace")
    rest = ""
    try:
        file = default_storage.open(run.file, "rb")
    except FileNotFoundError:
        return False
    with file:
        while block := file.read(BLOCK):
            text = rest + decoder.decode(block)
            if wanted & pieces(text) and people.in_text(text, run.created_at):
                return True
            rest = text[-LONGEST:]
    return False


def _answers(people: People, must_stop: Stop) -> bool:
    """The answers kept for a request that is sent again: it gets to know that the person was erased."""
    rows = KeptAnswer.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    for window in windows(people, rows, must_stop):
        if window is None:
            return False
        told = mentions(people, Bytes("body"), "headers")
        for answer in window.filter(Q(told) | Q(key__contains="@")).select_for_update():
            text = f"{bytes(answer.body).decode(errors='replace')} {answer.headers}"
            key = _without_any(people, answer.key, answer.created_at)
            if people.in_text(text, answer.created_at) or key != answer.key:
                headers = {"Content-Type": "application/problem+json"}
                rows.filter(pk=answer.pk).update(key=key, status=410, headers=headers, body=orjson.dumps(GONE))
    return True


def _without_any(people: People, key: str, at: datetime) -> str:
    """A program's own key without addresses, even in the middle of a word: "contact-dana@acme.example"."""
    for person in people.everybody:
        for email in sorted(person.emails, key=len, reverse=True):
            if at < person.at and email.lower() in key.lower():
                key = re.sub(re.escape(email), MARK, key, flags=re.IGNORECASE)
    return key[:LONGEST_KEY]


def _bulk_edits(people: People) -> None:
    edits = BulkEdit.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    for one in edits.filter(mentions(people, "value")).defer("contact_ids"):
        if one.created_at and people.in_text(one.value, one.created_at):
            edits.filter(pk=one.pk).update(value=MARK)


def _views(people: People) -> None:
    """Saved filters by a person's address: without that filter."""
    views = View.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    for view in views.exclude(query=""):
        query = QueryDict(view.query, mutable=True)
        for name, values in list(query.lists()):
            query.setlist(name, [value for value in values if not people.in_text(value, view.created_at)])
        name = people.without_addresses(view.name, view.created_at)[:100]
        if (query.urlencode(), name) != (QueryDict(view.query).urlencode(), view.name):
            views.filter(pk=view.pk).update(query=query.urlencode(), name=name)
