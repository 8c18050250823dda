"""Files of messages: named for people, stored under paths that nobody can guess."""

import mimetypes
import re
import secrets
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy

from gopimi.lib import charsets
from gopimi.lib.statements import fetch, insertion
from tickets.models import Attachment, Message

MOST_BYTES = 20 * 1024 * 1024  # of a reply's attachments: what most mail servers let pass
TOO_LARGE = gettext_lazy("The attachments of a message can have 20 MB in all.")
LONGEST_NAME = 255
CONTENT_TYPE = re.compile(r"[\w!#$&^.+-]{1,126}/[\w!#$&^.+-]{1,126}", re.ASCII)
BINARY = "application/octet-stream"
RESERVED = re.compile(r'[<>:"|?*]')  # Windows refuses them in names

GIVEN = {
    "workspace_id": "%(workspace)s",
    "message_id": "%(message)s",
    "filename": "%(filename)s",
    "content_type": "%(content_type)s",
    "content_id": "%(content_id)s",
    "size": "%(size)s",
    "file": "%(file)s",
}
ATTACH = insertion(Attachment, GIVEN, "RETURNING id")


def attach(message: Message, content: Any, name: str, content_type: str, content_id: str = "") -> str:
    """Store a file (any of Django's File classes) and its row; answers with the path in the storage. The caller deletes
    it if the transaction fails."""
    content_type = content_type if CONTENT_TYPE.fullmatch(content_type) else BINARY
    path = default_storage.save(f"attachments/{message.workspace_id}/{secrets.token_urlsafe(32)}", content)
    given = {
        "workspace": message.workspace_id,
        "message": message.pk,
        "filename": safe_name(name, content_type),
        "content_type": content_type,
        "content_id": content_id,
        "size": content.size,
        "file": path,
    }
    fetch(ATTACH, given)
    return path


def safe_name(name: str, content_type: str = BINARY) -> str:
    """A file name without folders and control characters, at most 255 characters with its extension kept."""
    name = re.split(r"[/\\]", RESERVED.sub("_", charsets.printable(name)))[-1].strip(". ")
    if not name:
        extension = ".eml" if content_type == "message/rfc822" else mimetypes.guess_extension(content_type) or ""
        return f"attachment{extension}"
    suffix = PurePosixPath(name).suffix[:20]
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - len(suffix)] + suffix
