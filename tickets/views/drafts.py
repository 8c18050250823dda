"""What a member writes in a thread is kept while they write."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from gopimi.lib import htmx
from gopimi.workspaces import toasts
from tickets import drafts
from tickets.pages import find


@require_POST
def save(request: Any, **key: int) -> HttpResponse:
    page = find(request, **key)
    form = drafts.DraftForm(request.POST)
    if form.is_valid():
        state = "saved" if drafts.save(page.thread, request.user, form.cleaned_data) else ""
    else:
        state = "unsaved"
    return htmx.fragment(request, "tickets/_draft.html", {"page": page, "state": state})


@require_POST
def discard(request: Any, **key: int) -> HttpResponse:
    """Throw it away; Undo brings it back."""
    page = find(request, **key)
    drafts.discard(page.thread, request.user)
    return toasts.done(request, page.url, gettext("Draft discarded"), undo=page.restore_draft_url, draft_changed=True)


@require_POST
def restore(request: Any, **key: int) -> HttpResponse:
    page = find(request, **key)
    drafts.discard(page.thread, request.user, discarded=False)
    return htmx.done(request, page.url, draft_changed=True)
