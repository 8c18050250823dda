"""Traces of people in other contacts: in their values and in what those were before."""

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from contacts.erasing import tags
from contacts.erasing.traces import WINDOW, People, Stop, mentions, windows
from contacts.history import Change
from contacts.models import Contact
from customfields import values as field_values
from customfields.models import Field, FieldValue
from customfields.parsing import InvalidValue
from gopimi.lib.tenancy import workspace


def histories(people: People, must_stop: Stop) -> bool:
    """Addresses in what was changed, and tags that were called by them."""
    changes = Change.objects.for_workspace(people.workspace_id).filter(at__lt=people.latest)
    for window in windows(people, changes, must_stop):
        if window is None:
            return False
        for change in window.filter(mentions(people, "old", "new")):
            new = {name: people.without_addresses(getattr(change, name) or "", change.at) for name in ("old", "new")}
            changes.filter(pk=change.pk).update(**{name: text or None for name, text in new.items()})
        if people.names:
            for change in window.filter(what="tags"):
                new = {name: tags.without(people, getattr(change, name) or "", change.at) for name in ("old", "new")}
                if (new["old"], new["new"]) != (change.old or "", change.new or ""):
                    changes.filter(pk=change.pk).update(**new)
    return True


def values(people: People, must_stop: Stop) -> bool:
    """Values of text, URL and email fields with an address in them: without it, or gone where that can't be a value."""
    with workspace(people.workspace_id):
        known = Field.objects.for_workspace(people.workspace_id).filter(deleted_at__isnull=True)
        fields = {field.pk: field for field in known if field.type.column == "text_value"}
    after = 0
    while fields:
        if must_stop():
            return False
        with workspace(people.workspace_id):
            rows = FieldValue.objects.for_workspace(people.workspace_id).filter(text_value__isnull=False)
            ids = list(
                rows.filter(contact_id__gt=after).order_by("contact_id").values_list("contact_id", flat=True)[:WINDOW]
            )
            if not ids:
                break
            held = rows.filter(contact_id__gte=ids[0], contact_id__lte=ids[-1], field_id__in=fields)
            _take_out(people, held.filter(mentions(people, "text_value")), fields)
        after = ids[-1]
    return True


def _take_out(people: People, found: QuerySet, fields: dict[int, Field]) -> None:
    """No line in the history says so: it would keep what is to go. A contact that was made since may have the address
    for a reason of its own."""
    if not (ids := field_values.lock_contacts(people.workspace_id, list(found.values_list("contact_id", flat=True)))):
        return
    field_values.hold_all(people.workspace_id)
    contacts = Contact.objects.for_workspace(people.workspace_id).filter(pk__in=ids)
    ages = dict(contacts.values_list("pk", "created_at"))
    changes = [
        (pk, fields[field_id], text, _rest(fields[field_id], new))
        for pk, field_id, text in found.filter(contact_id__in=ids).values_list("contact_id", "field_id", "text_value")
        if text and (new := people.without_addresses(text, ages[pk])) != text
    ]
    field_values.store(people.workspace_id, changes)
    contacts.filter(pk__in=[pk for pk, *_ in changes]).update(updated_at=Now())


def _rest(field: Field, text: str) -> Any:
    try:
        return field.type.parse_text(field, text)
    except InvalidValue:
        return None
