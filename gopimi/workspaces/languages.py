"""In which language somebody reads: the one that they chose, else their browser's. The API always speaks English."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from gopimi.workspaces.models import User

# What programs read is English, whatever they say that they accept.
ENGLISH = ("/api/", "/healthz", "/hooks/")


class LanguageMiddleware:
    """Stands where Django's LocaleMiddleware would, behind the one that knows who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.path.startswith(ENGLISH):
            with translation.override(settings.LANGUAGE_CODE):
                return self.get_response(request)
        language = of_reader(request)
        with translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", language)
        return response


def of_reader(request: Any) -> str:
    """The language that whoever asks chose, else that of their browser, which is kept."""
    accepted = translation.get_language_from_request(request)
    if not request.user.is_authenticated:
        return accepted
    note(request.user, accepted)
    return request.user.language or accepted


def note(user: User, accepted: str) -> None:
    """Keep what the browser asks for: mails go out when there is no browser to ask."""
    if user.browser_language != accepted:
        User.objects.filter(pk=user.pk).update(browser_language=accepted)


def of_address(email: str, otherwise: str) -> str:
    """The language to write to an address in: its account's, where it has one."""
    user = User.objects.filter(email=email.lower()).first()
    return user.reads if user else otherwise
