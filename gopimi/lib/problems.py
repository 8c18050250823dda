"""Problem documents (RFC 9457): the one shape of every error of the API."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

TYPE_BASE = "https://gopimi.dev/problems/"
CONTENT_TYPE = "application/problem+json"


@dataclass
class FieldError:
    """One wrong value: `pointer` is its place in the request's body (RFC 6901), or the parameter's name."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


@dataclass
class Problem(Exception):
    """Raise it anywhere under the API. `slug` names the type; `extra` are members beside the standard ones."""

    status: int
    slug: str = ""
    detail: str = ""
    errors: list[FieldError] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The members that don't depend on the request."""
        phrase = HTTPStatus(self.status).phrase
        slug = self.slug or phrase.lower().replace(" ", "-")
        document: dict[str, Any] = {
            "type": TYPE_BASE + slug,
            "title": slug.replace("-", " ").capitalize() if self.slug else phrase,
            "status": self.status,
            "detail": self.detail or HTTPStatus(self.status).description or phrase,
        }
        if self.errors:
            document["errors"] = [error.as_dict() for error in self.errors]
        return {**document, **self.extra}


def document(request: HttpRequest, problem: Problem) -> dict[str, Any]:
    """All members, as an answer to this request has them."""
    return {**problem.document(), "instance": request.path, "request_id": getattr(request, "id", "")}


def render(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer to send for a problem."""
    body = orjson.dumps(document(request, problem))
    response = HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def response(request: HttpRequest, status: int, slug: str = "", detail: str = "", **extra: Any) -> HttpResponse:
    """Shorthand for an answer without field errors."""
    return render(request, Problem(status, slug, detail, extra=extra))
