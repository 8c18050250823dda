"""A word about what was done, bottom right, with Undo where something was removed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from gopimi.lib import htmx
from gopimi.lib.words import Words


def done(request: Any, url: str, text: Words = "", undo: str = "", **events: Any) -> HttpResponse:
    """Success of a dialog or an action: it closes, tables refresh by the named events, and a toast says `text`.

    Without JavaScript: a redirect to `url`, where the toast is shown.
    """
    text = str(text)  # a lazy one is said in the language of now
    if request.htmx:
        if text:
            events["toast"] = {"text": text, "undo": undo}
        return htmx.done(request, url, dialog_close=True, **events)
    if text:
        messages.success(request, text, extra_tags=undo)
    return htmx.done(request, url)
