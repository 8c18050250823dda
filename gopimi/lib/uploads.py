"""How much may be uploaded at once: Django itself limits forms, but no files."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext


class LimitHandler(FileUploadHandler):
    """Refuses a body larger than `UPLOAD_MAX_BYTES` before any of it is read, and leaves files to the next handlers."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        if content_length > settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig(
                gettext("At most {most} MB can be uploaded at once.").format(most=settings.UPLOAD_MAX_BYTES // 1024**2)
            )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
