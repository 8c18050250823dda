"""What a member writes in a thread is kept while they write."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from gopimi.lib import htmx
from gopimi.workspaces import toasts
from tickets import drafts
from tickets.pages import find
from tickets.views.attachments import given


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


@require_POST
def keep_file(request: Any, **key: int) -> HttpResponse:
    """Put a file into the draft, as soon as it was chosen."""
    page = find(request, **key)
    form = drafts.FileForm(drafts.begin(page.thread, request.user), request.POST, request.FILES)
    if not form.is_valid():
        names = [file.name for file in request.FILES.values()]
        context = {"names": ", ".join(names), "errors": form.errors["file"]}
        return htmx.fragment(request, "tickets/_file_refused.html", context, status=422)
    return htmx.fragment(request, "tickets/_file.html", {"file": page.file(form.save())})


@require_GET
def file(request: Any, file_id: int, **key: int) -> HttpResponseBase:
    """A file of one's own draft, to save."""
    page = find(request, **key)
    return given(request, get_object_or_404(page.kept, pk=file_id))


@require_POST
def remove_file(request: Any, file_id: int, **key: int) -> HttpResponse:
    page = find(request, **key)
    drafts.remove(page.thread, request.user, file_id)
    return HttpResponse() if request.htmx else HttpResponseRedirect(page.url)
