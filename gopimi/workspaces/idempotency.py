"""`Idempotency-Key`: a POST that is sent again, because nobody knows whether it arrived, is done once.

The key is claimed in a transaction of its own, so that of parallel requests one wins. What succeeded is kept in the
very transaction of the work; what was refused, after that is rolled back.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gopimi.lib.problems import Problem, render
from gopimi.lib.reference import KEY_LETTERS, LONGEST_KEY
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.models import KeptAnswer

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=5)  # the process died: whoever asks again may try
NEVER_KEPT = {401, 403, 409, 429}
HEADERS = ("Content-Type", "Location", "ETag")
OTHER_BODY = "This Idempotency-Key was used with another body. Use a new one for another request."
RUNNING = "The first request with this Idempotency-Key is still running. Ask again in a moment."


class KeepAnswerMiddleware:
    """Stands inside of the request's transaction: the answer is kept exactly when the work is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        response = self.get_response(request)
        claimed = getattr(request, "kept_answer", None)
        if claimed and response.status_code < 400:
            _keep(claimed, response)
        return response


def once(request: Any, respond: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """Answer a request of a token, or give the answer that it got before."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return respond(request)
    if len(key) > LONGEST_KEY or not re.fullmatch(KEY_LETTERS, key):
        detail = f"Give 1 to {LONGEST_KEY} letters, digits, signs or spaces of ASCII."
        return render(request, Problem(400, "bad-idempotency-key", detail))
    try:
        mark = _mark(request)
    except RequestDataTooBig:
        return respond(request)
    kept, is_mine = _claim(request, key, mark)
    if not is_mine:
        return _replay(request, kept, mark)
    request.kept_answer = kept
    response = respond(request)
    if response.status_code >= 400:
        with workspace(kept.workspace_id):
            if response.status_code in NEVER_KEPT or response.status_code >= 500:
                KeptAnswer.objects.for_workspace(kept.workspace_id).filter(pk=kept.pk).delete()
            else:
                _keep(kept, response)
    return response


def _mark(request: Any) -> str:
    """The same for the same query and body. A form is the same with another boundary between its parts, which clients
    make up anew each time, and it may hold files that are too large for the memory."""
    mark = hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\n")
    if request.content_type != "multipart/form-data":
        mark.update(request.body)
        return mark.hexdigest()
    for name, given in sorted(request.POST.lists()):
        mark.update(repr((name, given)).encode())
    for name, uploads in sorted(request.FILES.lists()):
        for upload in uploads:
            mark.update(repr((name, upload.name, upload.size)).encode())
            for block in upload.chunks():
                mark.update(block)
            upload.seek(0)
    return mark.hexdigest()


def _claim(request: Any, key: str, mark: str) -> tuple[KeptAnswer, bool]:
    """This key's row, and whether this request is the one to do the work."""
    now, token = timezone.now(), request.api_token
    with workspace(token.workspace_id):
        answers = KeptAnswer.objects.for_workspace(token.workspace_id).filter(token=token)
        answers.filter(created_at__lt=now - KEPT).delete()
        answers.filter(created_at__lt=now - ABANDONED, status=None).delete()
        try:
            with transaction.atomic():
                return answers.create(token=token, key=key, path=request.path, fingerprint=mark, created_at=now), True
        except IntegrityError:
            return answers.get(key=key, path=request.path), False


def _replay(request: HttpRequest, kept: KeptAnswer, mark: str) -> HttpResponse:
    if kept.fingerprint != mark:
        return render(request, Problem(422, "idempotency-key-reused", OTHER_BODY))
    if kept.status is None:
        return render(request, Problem(409, "still-running", RUNNING))
    response = HttpResponse(bytes(kept.body), status=kept.status, headers=kept.headers)
    response["Idempotent-Replayed"] = "true"
    return response


def _keep(kept: KeptAnswer, response: HttpResponse) -> None:
    KeptAnswer.objects.for_workspace(kept.workspace_id).filter(pk=kept.pk).update(
        status=response.status_code,
        headers={name: response[name] for name in HEADERS if name in response},
        body=response.content,
    )
