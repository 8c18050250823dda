"""The error pages, in the product's look. Under /api/ the same errors are problem documents (RFC 9457)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from gopimi.lib import problems


def page(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    """Say what happened and what to do."""
    if request.path.startswith("/api/"):
        return problems.response(request, status, detail=detail)
    return render(request, "error.html", {"status": status, "title": title, "detail": detail}, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page(request, 400, gettext("That request can't be read"), gettext("Go back and try again."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        request,
        403,
        gettext("This form is out of date"),
        gettext("Reload the page and send it once more. Nothing was changed."),
    )


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page(
        request, 403, gettext("Only admins may do this"), gettext("Ask an admin of this workspace if you need it.")
    )


class OnlyForForms:
    """Middleware: where a browser is led to an address that only takes forms, a page says so; Django's is blank."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or response.content:
            return response
        shown = page(
            request, 405, gettext("This address can’t be opened"), gettext("It only takes what a form sends. Go back.")
        )
        shown["Allow"] = response["Allow"]
        return shown


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page(
        request,
        404,
        gettext("There is nothing here"),
        gettext("It may have been deleted, or it is in another workspace."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        500,
        gettext("Something went wrong on our side"),
        gettext("Nothing of what you sent was saved. Try it again."),
    )
