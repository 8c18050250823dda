"""The one place that decides between a page and its fragment.

A fragment is a template with one root element and a stable id, and the page includes the very same file. It is returned
only to an htmx request that targets that id: not when boosted, not when the browser restores its history.
"""

import json
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

VARY = ("HX-Request", "HX-Target", "HX-Boosted", "HX-History-Restore-Request")


def wants(request: Any, target: str) -> bool:
    """Whether this request asks for the fragment with this id."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request and htmx.target == target


def page(
    request: Any, template: str, context: dict[str, Any], *, fragments: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    """Render the page, or the fragment of it that was asked for. `fragments` maps an element's id to its template."""
    for target, fragment in (fragments or {}).items():
        if wants(request, target):
            template = fragment
            break
    response = render(request, template, context, status=status)
    patch_vary_headers(response, VARY)
    return response


def fragment(request: Any, template: str, context: dict[str, Any], *, status: int = 200, **events: Any) -> HttpResponse:
    """Render a fragment that has no page of its own, such as one field. Keyword arguments are HX-Trigger events."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, VARY)
    return trigger(response, **events)


def dialog(request: Any, template: str, heading: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A dialog for `#dialog`, wherever the form that it answers was aimed at; a page of its own for anybody else."""
    if not request.htmx or request.htmx.boosted or request.htmx.history_restore_request:
        return page(request, "dialog_page.html", {**context, "heading": heading, "dialog": template}, status=status)
    response = fragment(request, template, context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response


def done(request: Any, url: str, **events: Any) -> HttpResponse:
    """Success of a dialog: 204 with events for htmx (it closes, tables refresh), a redirect without JavaScript."""
    if request.htmx:
        return trigger(HttpResponse(status=204), **events)
    return HttpResponseRedirect(url)


def go(request: Any, url: str) -> HttpResponse:
    """Lead to another page, from a plain form or from htmx."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def trigger(response: HttpResponse, **events: Any) -> HttpResponse:
    """Name events that the browser fires after the answer; underscores in names become hyphens."""
    if events:
        response["HX-Trigger"] = json.dumps({name.replace("_", "-"): value for name, value in events.items()})
    return response
