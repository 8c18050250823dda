"""Tags that are called by a person who was erased: gone where nothing else has them, else without that name."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from contacts.erasing.traces import MARK, People
from contacts.importing.undoing import unused
from contacts.models import Tag
from gopimi.workspaces.models import Membership

LONG_AGO = datetime.min.replace(tzinfo=UTC)  # when a tag was made isn't known


def sweep(people: People) -> None:
    tags = Tag.objects.for_workspace(people.workspace_id)
    theirs = [tag.pk for tag in tags if named_after(people, tag.name, LONG_AGO)]
    unused(tags.filter(pk__in=theirs)).delete()
    for tag in tags.filter(pk__in=theirs):
        tags.filter(pk=tag.pk).update(name=_free(tags))


def named_after(people: People, name: str, at: Any) -> bool:
    """Whether a tag that was there `at` that time has one of their addresses in it, or is their full name and no
    member's."""
    if people.in_text(name, at):
        return True
    return bool(people.called(name, at)) and not _is_member(people, name)


def _is_member(people: People, name: str) -> bool:
    members = Membership.objects.filter(workspace_id=people.workspace_id)
    return members.filter(user__name__iexact=" ".join(name.split())).exists()


def without(people: People, listed: str, at: Any) -> str:
    """The tags of a history's line, separated by commas, without those that are called by them."""
    return ", ".join(MARK if named_after(people, name, at) else name for name in listed.split(", "))


def _free(tags: Any) -> str:
    names = set(tags.values_list("name", flat=True))
    return next(name for number in count(1) if (name := MARK if number == 1 else f"{MARK} {number}") not in names)
