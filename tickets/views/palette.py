"""The command palette: from anywhere to a page, an action, or what is found by a few letters."""

from itertools import groupby
from operator import itemgetter
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from gopimi.lib import htmx
from tickets import palette as offer


@require_GET
def palette(request: Any) -> HttpResponse:
    """The dialog; without JavaScript `?go=` leads on to what was chosen in it."""
    entries = offer.entries(request)
    chosen = request.GET.get("go")
    if chosen in [entry["value"] for entry in entries]:
        return HttpResponseRedirect(chosen)
    grouped = {str(name): list(some) for name, some in groupby(entries, itemgetter("optgroup"))}
    context = {
        "groups": [(str(name), grouped.get(str(name), [])) for name in offer.GROUPS],
        "back": request.workspace.url("start"),
    }
    return htmx.dialog(request, "_palette.html", gettext("Search"), context)


@require_GET
def options(request: Any) -> JsonResponse:
    """What the palette lists for `?q=`."""
    return JsonResponse(offer.find(request, request.GET.get("q", "")), safe=False)
