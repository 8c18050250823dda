"""Who has a ticket or a conversation on the screen: said by the pages that are open, and forgotten soon."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext

from gopimi.lib.statements import fetch
from gopimi.workspaces.models import User
from tickets.attention import Viewing

KEPT = timedelta(hours=1)
NOTE = """
INSERT INTO tickets_viewing (workspace_id, user_id, {column}, at) VALUES (%s, %s, %s, now())
ON CONFLICT (workspace_id, user_id, {column}) WHERE {column} IS NOT NULL DO UPDATE SET at = excluded.at
RETURNING NULL
"""


def note(thread: Any, user: Any) -> None:
    """Write down that somebody is looking at a thread now. It needs no more of either than what they are known by."""
    fetch(NOTE.format(column=f"{thread.called()}_id"), [thread.workspace_id, user.pk, thread.pk])


def names(ids: Sequence[int]) -> str:
    """What these people are called, in words: "Dana", "Dana and Ravi", "Dana, Mei and Ravi"."""
    found = sorted(user.display_name for user in User.objects.filter(pk__in=ids)) if ids else []
    return get_text_list(found, gettext("and"))


def forget(workspace_id: int) -> None:
    """Delete who was looking at what long ago."""
    Viewing.objects.for_workspace(workspace_id).filter(at__lt=timezone.now() - KEPT).delete()
