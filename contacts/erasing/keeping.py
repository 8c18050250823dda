"""Where contacts, tags, views and kept answers have traces of people."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import orjson
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext

from contacts.bulkedits.records import Batched, BulkEdit
from contacts.erasing import imports, others, tags
from contacts.erasing.traces import MARK, Bytes, People, Stop, mentions, windows
from contacts.history import Change
from contacts.models import Contact, ContactSearch, ContactTag, View
from customfields import values as field_values
from customfields.models import FieldValue
from gopimi.lib.counting import counted
from gopimi.lib.reference import LONGEST_KEY
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import KeptAnswer

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
            gettext("Name, address, organization and tags"),
            counted(
                values.values("field").distinct().count(),
                "{number} value of custom fields",
                "{number} values of custom fields",
            ),
            counted(changes.count() + 1, "The history: {number} entry", "The history: {number} entries"),
            gettext(
                "Failed rows of imports and uploaded CSV files that have the address in them, or no other one but the "
                "name"
            ),
            gettext("The address in other contacts' values and histories, and a tag that is called by the full name"),
        ], [gettext("Other people's contacts, with names like this one")]

    def needed(self, workspace_id: int, ids: Sequence[int]) -> set[int]:
        return set()

    def forget(self, workspace_id: int, ids: Sequence[int]) -> None:
        field_values.hold_all(workspace_id)
        for model in (Change, ContactTag, ContactSearch, FieldValue):
            model.objects.for_workspace(workspace_id).filter(contact_id__in=ids).delete()

    def sweep(self, people: People, must_stop: Stop) -> bool:
        finished = [step(people, must_stop) for step in (imports.sweep, _answers, others.histories, others.values)]
        with workspace(people.workspace_id):
            forget_values(people, BulkEdit)
            _views(people)
            tags.sweep(people)
        return all(finished)


def _answers(people: People, must_stop: Stop) -> bool:
    """The answers kept for a request that is sent again: it gets to know that the person was erased."""
    rows = KeptAnswer.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    for window in windows(people, rows, must_stop):
        if window is None:
            return False
        told = mentions(people, Bytes("body"), "headers")
        for answer in window.filter(Q(told) | Q(key__contains="@") | Q(key__contains="%40")).select_for_update():
            text = f"{bytes(answer.body).decode(errors='replace')} {answer.headers}"
            key = _without_any(people, answer.key, answer.created_at)
            if people.in_text(text, answer.created_at) or key != answer.key:
                headers = {"Content-Type": "application/problem+json"}
                rows.filter(pk=answer.pk).update(key=key, status=410, headers=headers, body=orjson.dumps(GONE))
    return True


def _without_any(people: People, key: str, at: datetime) -> str:
    """A program's own key without addresses, even in the middle of a word: "contact-dana@acme.example"."""
    for person in people.everybody:
        for email in sorted({way for one in person.emails for way in (one, quote(one))}, key=len, reverse=True):
            if at < person.at and email.lower() in key.lower():
                key = re.sub(re.escape(email), MARK, key, flags=re.IGNORECASE)
    return key[:LONGEST_KEY]


def forget_values(people: People, model: type[Batched]) -> None:
    """Addresses in what bulk edits wrote, such as a tag's name."""
    edits = model.objects.for_workspace(people.workspace_id).filter(created_at__lt=people.latest)
    for one in edits.filter(mentions(people, "value")).defer(model.IDS):
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
