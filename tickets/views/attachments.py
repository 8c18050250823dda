"""Files of messages, given to members of the workspace alone."""

from typing import Any

from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from gopimi.workspaces import errors
from tickets.models import Attachment
from tickets.signing import ATTACHMENTS, signed_id
from tickets.storedfiles import StoredFile


@require_GET
def attachment(request: Any, signed: str) -> HttpResponseBase:
    """One file, always to save: whatever is in it never runs in GoPimi's own name."""
    attachments = Attachment.objects.for_workspace(request.workspace)
    return given(request, get_object_or_404(attachments, pk=signed_id(ATTACHMENTS, signed)))


def given(request: Any, row: StoredFile) -> HttpResponseBase:
    """A file to save, or the page that says that it is gone."""
    try:
        file = row.file.open("rb")
    except FileNotFoundError:
        detail = gettext("{filename} isn't in the storage any more. Ask your operator whether a backup has it.").format(
            filename=row.filename
        )
        return errors.page(request, 404, gettext("This file is gone"), detail)
    response = to_save(file, row.filename, row.content_type)
    response["Cache-Control"] = "private, max-age=86400"
    return response


def to_save(file: Any, filename: str, content_type: str) -> FileResponse:
    """A file from outside, to save under this name: it is never shown, run or taken for another type."""
    response = FileResponse(file, as_attachment=True, filename=filename, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
