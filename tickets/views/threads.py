"""The page of a ticket or of a conversation: read, reply, note, change."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.sidebar import LineForm
from gopimi.lib import htmx
from gopimi.workspaces import toasts
from tickets import drafts, news, outbound
from tickets.editing import EditForm
from tickets.forms import ChangeForm, ReplyForm
from tickets.pages import ThreadPage, find
from tickets.signing import IMAGES, signed_id

FRAGMENTS = {
    "thread-header": "tickets/_header.html",
    "thread": "tickets/_thread.html",
    "messages": "tickets/_messages.html",
    "composer": "tickets/_composer.html",
    "properties": "tickets/_properties.html",
    "details": "tickets/_details.html",
}
LINE = "contacts/_field.html"
REMOTE_IMAGES = {"img-src": ["https:", "http:"]}


@require_GET
def thread(request: Any, **key: int) -> HttpResponseBase:
    """The page. `?images=` names a message whose remote images were asked for: this once they may be loaded."""
    page = find(request, **key)
    page.see()
    asked = signed_id(IMAGES, request.GET.get("images", ""))
    return with_images(request, page) if asked else show(request, page)  # type: ignore[call-arg]


@require_GET
def updates(request: Any, **key: int) -> HttpResponse:
    """What an open page asks for every few seconds: whether the thread has changed, and who else is looking at it."""
    page = find(request, **key)
    # Of the version that was read, and shown.
    page.latest = news.of(page.thread, request.user)._replace(version=news.version(page.thread))
    tag, before = page.latest.tag, news.known(request)
    if before == tag:
        return news.unchanged(tag)
    same = before.startswith(f'"{page.latest.version}-')
    answer = htmx.page(request, "tickets/_news.html", {"page": page})
    return news.told(answer, tag, **({} if same else {"thread_changed": True, "thread_news": True}))


@require_POST
def reply(request: Any, **key: int) -> HttpResponse:
    """Mail a reply to the customer, or keep an internal note."""
    page = find(request, **key)
    page.reply = ReplyForm(page.thread, page.kept, request.POST, request.FILES)
    if not page.reply.is_valid():
        return show(request, page, status=422)
    data = page.reply.cleaned_data
    options = {"note": data["kind"] == "note", "kept": data["kept"], "cc": data["cc"], "bcc": data["bcc"]}
    outbound.reply(page.thread, request.actor, data["body"], data["attachments"], **options)
    drafts.forget(page.thread, request.user)
    if not request.htmx:
        return HttpResponseRedirect(page.url)
    return show(request, find(request, **key))


@require_POST
def change(request: Any, **key: int) -> HttpResponse:
    """Change the properties that were sent."""
    page = find(request, **key)
    page.change = ChangeForm(page.thread, request.workspace, request.actor, request.POST)
    if not page.change.is_valid():
        return show(request, page, status=422)
    changed = page.change.save()
    if not request.htmx:
        return HttpResponseRedirect(page.url)
    answer = show(request, find(request, **key))
    return htmx.trigger(answer, thread_changed=True) if changed else answer


@require_http_methods(["GET", "POST"])
def edit(request: Any, **key: int) -> HttpResponse:
    """The dialog of its own properties: of a row in a list, or of its own page."""
    page = find(request, **key)
    form = EditForm(page.thread, request.workspace, request.actor, request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not form.save():
            return toasts.done(request, page.url, gettext("Nothing was changed"))
        return toasts.done(
            request, page.url, gettext("Saved"), threads_changed=True, thread_changed=True, thread_edited=True
        )
    context = {"form": form, "thread": page.thread, "back": page.url, "section": page.section}
    heading = str(page.edit_label)
    return htmx.dialog(request, "tickets/_edit.html", heading, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def tags(request: Any, number: int) -> HttpResponse:
    """A ticket's tags, edited in place: who edits is told when they aren't any more what they saw."""
    page: Any = find(request, number)
    line, form = page.tags, None
    state = "editing" if "edit" in request.GET else "shown"
    context = {"page": page, "line": line, "state": state, "expected": line.stored}
    if request.method == "POST":
        form = line.form = LineForm(line, request.POST)
        seen = request.POST.get("expected", line.stored)
        if not form.is_valid():
            context |= {"state": "wrong", "expected": seen}
        elif line.stored not in (seen, line.mark(form.cleaned_data["value"])):
            mine = line.shown(form.cleaned_data["value"])
            context |= {"state": "conflict", "by": gettext("Somebody else"), "mine": mine}
        else:
            line.save(request.actor, form.cleaned_data["value"])
            if not request.htmx:
                return HttpResponseRedirect(page.url)
            return htmx.fragment(request, LINE, {**context, "state": "saved"}, thread_changed=True)
    status = {"wrong": 422, "conflict": 412}.get(context["state"], 200)
    return htmx.page(request, "tickets/tags.html", context, fragments={line.id: LINE}, status=status)


@csp_update(REMOTE_IMAGES)  # type: ignore[arg-type]
def with_images(request: Any, page: ThreadPage) -> HttpResponse:
    return show(request, page)


def show(request: Any, page: ThreadPage, status: int = 200) -> HttpResponse:
    context = {"page": page, "thread": page.thread, "section": page.section}
    return htmx.page(request, "tickets/thread.html", context, fragments=FRAGMENTS, status=status)
