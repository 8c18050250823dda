"""Tags as admins keep them: renamed, merged and deleted, with everything that has them.

A tag may be on very many contacts. Its links go or move in batches, each a transaction, without a lock on the tag; the
tag itself goes last, when nothing is left that has it. Whoever puts it on something meanwhile holds it
(`TagQuerySet.find_or_make`), so the last step sees that too. What happened to a tag is in no contact's history: nobody
changed the contact.
"""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext
from procrastinate.contrib.django import app as jobs

from contacts.importing.starting import QUEUE
from contacts.models import ContactTag, Tag
from gopimi.lib.counting import Counted
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import workspace
from tickets.models import TicketTag

COUNTED = 1_000  # of each in the list; more are "1,000+"
AT_ONCE = 1_000  # links; with more, the work goes on in the background
BATCH = 5_000
REMOVE = "tickets.remove_tag"
INSERT = """
, moved AS (
    INSERT INTO %(links)s (workspace_id, %(side)s, tag_id)
    SELECT %%(workspace)s, %(side)s, %%(into)s FROM gone ORDER BY %(side)s ON CONFLICT DO NOTHING
)
"""
MOVE = """
WITH batch AS (
    SELECT %(side)s FROM %(links)s WHERE workspace_id = %%(workspace)s AND tag_id = %%(tag)s
    ORDER BY %(side)s LIMIT %%(batch)s FOR UPDATE
), gone AS (
    DELETE FROM %(links)s WHERE workspace_id = %%(workspace)s AND tag_id = %%(tag)s
    AND %(side)s IN (SELECT %(side)s FROM batch) RETURNING %(side)s
) %(insert)s
SELECT count(*) FROM gone
"""
LINKS: tuple[tuple[Any, str], ...] = ((ContactTag, "contact"), (TicketTag, "ticket"))


class NameTaken(Exception):
    """Another tag, `tag`, has this name."""

    def __init__(self, tag: Tag) -> None:
        super().__init__(gettext("There is a tag “{name}” already.").format(name=tag.name))
        self.tag = tag


def listed(target: Any, query: str) -> QuerySet:
    """The workspace's tags with this in their name, and how many have them: `contacts_with` and `tickets_with`, each
    at most one over COUNTED."""
    contacts = ContactTag.objects.for_workspace(target).filter(tag=OuterRef("pk"), contact__deleted_at__isnull=True)
    tickets = TicketTag.objects.for_workspace(target).filter(tag=OuterRef("pk"))
    tags = Tag.objects.for_workspace(target).annotate(
        contacts_with=Counted(contacts.values("contact_id")[: COUNTED + 1]),
        tickets_with=Counted(tickets.values("ticket_id")[: COUNTED + 1]),
    )
    return tags.filter(name_lower__contains=lower(query)) if query else tags


def counts(tag: Tag) -> dict[str, int]:
    """How many contacts outside of the trash, and how many tickets, have it."""
    contacts, tickets = (model.objects.for_workspace(tag.workspace_id).filter(tag=tag) for model, _ in LINKS)
    return {"contacts": contacts.filter(contact__deleted_at__isnull=True).count(), "tickets": tickets.count()}


def rename(tag: Tag, name: str) -> None:
    """Everything that has it has it by its new name. Raises NameTaken."""
    tags = Tag.objects.for_workspace(tag.workspace_id)
    try:
        with transaction.atomic():
            tags.filter(pk=tag.pk).update(name=name)
    except IntegrityError as error:
        raise NameTaken(tags.get(pk=tags.ids_by_name([name])[name])) from error


def merge(tag: Tag, into: Tag) -> bool:
    """Give everything that has the one the other instead; False where that goes on in the background."""
    return _remove(tag, into)


def delete(tag: Tag) -> bool:
    """Take it off everything that has it; False where that goes on in the background."""
    return _remove(tag, None)


def _remove(tag: Tag, into: Tag | None) -> bool:
    links = [model.objects.for_workspace(tag.workspace_id).filter(tag=tag)[: AT_ONCE + 1].count() for model, _ in LINKS]
    into_id = into.pk if into else None
    if sum(links) <= AT_ONCE:
        return remove(tag.workspace_id, tag.pk, into_id)
    task = jobs.configure_task(REMOVE, queue=QUEUE, lock=f"tags-{tag.workspace_id}")
    task.defer(workspace_id=tag.workspace_id, tag_id=tag.pk, into_id=into_id)
    return False


def remove(workspace_id: int, tag_id: int, into_id: int | None, must_stop: Callable[[], bool] = lambda: False) -> bool:
    """Delete a tag with its links, which go to another where one is named; False where `must_stop` said so before.

    Where the other was deleted meanwhile, the tag stays with what is left.
    """
    while not must_stop():
        with workspace(workspace_id):
            ids = [tag_id, *([into_id] if into_id else [])]
            if len(Tag.objects.for_workspace(workspace_id).hold(ids)) < len(ids):
                return True
            moved = [_batch(workspace_id, model, side, tag_id, into_id) for model, side in LINKS]
        if not any(moved) and _end(workspace_id, tag_id):
            return True
    return False


def _batch(workspace_id: int, model: Any, side: str, tag_id: int, into_id: int | None) -> int:
    """Move or delete some of a table's links; answers with how many."""
    names = {"links": model._meta.db_table, "side": f"{side}_id", "insert": INSERT if into_id else ""}
    statement = MOVE % {**names, "insert": names["insert"] % names}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"workspace": workspace_id, "tag": tag_id, "into": into_id, "batch": BATCH})
        return int(cursor.fetchone()[0])


def _end(workspace_id: int, tag_id: int) -> bool:
    """Delete a tag that nothing has; False where somebody put it on something meanwhile."""
    with workspace(workspace_id):
        tag = Tag.objects.for_workspace(workspace_id).filter(pk=tag_id).select_for_update().first()
        if any(model.objects.for_workspace(workspace_id).filter(tag_id=tag_id).exists() for model, _ in LINKS):
            return False
        if tag:
            tag.delete()
    return True
