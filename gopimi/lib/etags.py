"""ETags of single resources, and what `If-Match` and `If-None-Match` ask of them (RFC 9110, 13.1)."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags

from gopimi.lib.exactjson import dumps
from gopimi.lib.problems import Problem
from gopimi.lib.reference import header

IF_MATCH = header("If-Match", "The ETag that was read: 412 and nothing is written when it is another by now")
IF_NONE_MATCH = header("If-None-Match", "The ETag that was read: 304 without a body while it is still the same")
# What an operation that writes, or reads, a single resource adds to the document.
MATCHED = {"parameters": [IF_MATCH]}
COMPARED = {"parameters": [IF_NONE_MATCH]}


def etag(state: Any) -> str:
    """The tag of a resource's own writable state: neither counters nor names of other resources belong to it."""
    return f'"{hashlib.sha256(dumps(state)).hexdigest()[:32]}"'


def require_match(request: HttpRequest, current: Callable[[], str]) -> None:
    """Refuse to write over what the writer hasn't seen. `current` is asked only where it matters. Raises Problem."""
    if "If-Match" not in request.headers:
        return
    wanted = parse_etags(request.headers["If-Match"])  # none, where it can't be read: then nothing matches
    if wanted != ["*"] and current() not in wanted:
        raise Problem(412, detail="Somebody else has changed this since it was read. Read it again.")


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, or 304 where whoever reads has it already. Weak tags count, since proxies weaken what they pack."""
    tag = response.get("ETag")
    if request.method != "GET" or tag is None:
        return response
    known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    return HttpResponseNotModified(headers={"ETag": tag}) if tag in known or known == ["*"] else response
