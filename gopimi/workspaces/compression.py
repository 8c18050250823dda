"""Pages compressed, the API's answers not: who reads it by program has a proxy before us, or wants the time."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompression(GZipMiddleware):
    """Random bytes hide how long an answer is (BREACH), and tokens in it are masked anyway: Django's doing."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            return response
        return super().process_response(request, response)
