"""Files of messages: named for people, stored under paths that nobody can guess."""

import mimetypes
import re
import secrets
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy

from gopimi.lib import charsets
from gopimi.lib.statements import fetch, insertion
from tickets.models import Attachment, DraftFile, Message

MOST_FILES = 50  # of a reply
MOST_BYTES = 20 * 1024 * 1024  # of all of them: what most mail servers let pass
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
    stored = store(message.workspace_id, content, name, content_type)
    fetch(ATTACH, {"workspace": message.workspace_id, "message": message.pk, "content_id": content_id, **stored})
    return str(stored["file"])


def store(workspace_id: int, content: Any, name: str, content_type: str) -> dict[str, Any]:
    """Put a file into the storage; answers with the columns of its row."""
    content_type = content_type if CONTENT_TYPE.fullmatch(content_type) else BINARY
    return {
        "filename": safe_name(name, content_type),
        "content_type": content_type,
        "size": content.size,
        "file": default_storage.save(f"attachments/{workspace_id}/{secrets.token_urlsafe(32)}", content),
    }


def hand_over(files: Iterable[DraftFile], message: Message) -> None:
    """What waited in a draft is the message's, and stays where it lies in the storage."""
    attachments = Attachment.objects.for_workspace(message.workspace_id)
    for file in files:
        columns = ("filename", "content_type", "size", "file")
        attachments.create(message=message, **{column: getattr(file, column) for column in columns})
        DraftFile.objects.for_workspace(message.workspace_id).filter(pk=file.pk).delete()


def delete(rows: Any) -> None:
    """Files and their rows: first the file, then its row, which would find it again."""
    for row in rows:
        default_storage.delete(row.file.name)
        rows.filter(pk=row.pk).delete()


def safe_name(name: str, content_type: str = BINARY) -> str:
    """A file name without folders and control characters, at most 255 characters with its extension kept."""
    name = re.split(r"[/\\]", RESERVED.sub("_", charsets.printable(name)))[-1].strip(". ")
    if not name:
        extension = ".eml" if content_type == "message/rfc822" else mimetypes.guess_extension(content_type) or ""
        return f"attachment{extension}"
    suffix = PurePosixPath(name).suffix[:20]
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - len(suffix)] + suffix
