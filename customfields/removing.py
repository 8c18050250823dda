"""Fields and options deleted for good, and options replaced by others: with all their values, in batches.

Everybody takes locks in this order, so that no two ever wait for each other: the workspace, contacts by their ids,
fields by theirs, options, values. A field that is deleted is hidden at once, and so is an option that nothing replaces.
One that is replaced stays, archived, with the contacts whose turn hasn't come yet: none of them is without a value
meanwhile.
"""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from procrastinate.contrib.django import app as jobs

from customfields import values
from customfields.following import FOLLOWERS
from customfields.keys import key_from
from gopimi.lib.refusals import refuse
from gopimi.workspaces.actor import Actor

if TYPE_CHECKING:
    from customfields.models import Field, Option

AT_ONCE = 1_000  # contacts with an option that goes; with more, the work goes on in the background
BATCH = 10_000  # contacts whose values of a field are deleted in one transaction
OPTION_BATCH = 5_000  # contacts from which an option is taken in one: their histories are written too
FIELD, OPTION = "customfields.erase_field", "customfields.erase_option"


@transaction.atomic
def delete_field(field: "Field") -> None:
    """Hidden at once; its values go in batches, and its key and label are free again. Raises ValidationError."""
    field.lock()
    field.close()
    taken = set(field.siblings.values_list("key", flat=True))
    field.hide(key_from(f"deleted {field.pk}", taken))
    erase_field(field)


def erase_field(field: "Field") -> None:
    """Delete a batch of a deleted field's values, then of what goes along, and leave the rest to a job; the field,
    which is locked, goes last."""
    tables = [model for follower in FOLLOWERS for model in follower.going_along]
    if _erase_values(field) and all(_erase_along(field, model) for model in tables):
        field.delete()
    else:
        jobs.configure_task(FIELD).defer(workspace_id=field.workspace_id, field_id=field.pk)


def _erase_values(field: "Field") -> bool:
    contacts = list(field.own_values.order_by("contact_id").values_list("contact_id", flat=True)[:BATCH])
    field.own_values.filter(contact_id__in=contacts).delete()
    return len(contacts) < BATCH


def _erase_along(field: "Field", model: Any) -> bool:
    rows = model.objects.for_workspace(field.workspace_id).filter(field=field)
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.filter(pk__in=ids).delete()
    return len(ids) < BATCH


@transaction.atomic
def delete_option(option: "Option", actor: Actor, replace_with: "Option | None" = None) -> bool:
    """Delete it for good: who has it loses it, or gets another option of the field, as their histories say; False where
    that goes on in the background. Raises ValidationError."""
    option.lock()
    if replace_with is not None:
        _require_replacement(option, replace_with)
    if option.siblings.filter(replaced_by=option).exists():
        text = gettext("Another option is being replaced by “{label}”. Try again when that is done.").format(
            label=option.label
        )
        raise refuse("option", "busy", text)
    number = option.contacts_with_value()
    contact_ids = _lock_contacts(option) if number <= AT_ONCE else []
    option.field.close()
    option.leave(replace_with, number, timezone.now())
    return go_on(option, actor, contact_ids)


def _require_replacement(option: "Option", other: "Option") -> None:
    there = option.siblings.active().exclude(pk=option.pk).filter(pk=other.pk)
    if not there.exists():
        raise refuse(
            "replace_with", "invalid_choice", gettext("Give another option of the same field that isn't archived.")
        )


def erase_option(option: "Option", actor: Actor) -> None:
    """The next batch of contacts that have an option which goes. Nothing is locked yet."""
    option.siblings.lock()  # imports that add options lock the field before contacts, but have this first too
    contact_ids = _lock_contacts(option)
    option.field.close()
    go_on(option, actor, contact_ids)


def _lock_contacts(option: "Option") -> list[int]:
    """The next ones that have it, locked, as far as they still are there."""
    having = option.own_values.order_by("contact_id").values_list("contact_id", flat=True)
    return values.lock_contacts(option.workspace_id, list(having[:OPTION_BATCH]))


def go_on(option: "Option", actor: Actor, contact_ids: list[int]) -> bool:
    """Take it from these contacts, which are locked, and so is the field; then it goes itself, or a job goes on."""
    field, other = option.field, option.replaced_by
    if option not in field.choices:  # deleted ones aren't read
        field.know(option)
    held = values.read(option.workspace_id, contact_ids, [field])
    changes = [
        (contact_id, field, old, field.type.without(old, option, other))
        for contact_id, found in held.items()
        if option in field.type.chosen(old := found.get(field.pk))
    ]
    values.store(option.workspace_id, changes)
    for follower in FOLLOWERS:
        follower.values_changed(option.workspace_id, actor, changes)
    if option.own_values.exists():
        jobs.configure_task(OPTION).defer(
            workspace_id=option.workspace_id, option_id=option.pk, actor_kind=actor.kind.value, actor_id=actor.id
        )
        return False
    option.delete()
    return True
