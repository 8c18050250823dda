"""Message-IDs (RFC 5322, 3.6.4), without angle brackets: reading them, and making ours, which nobody can guess."""

import base64
import hashlib
import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from gopimi.lib import charsets

BRACKETED = re.compile(r"<([^<>]*)>")
SENDABLE = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without brackets and spaces
SALT = "tickets.messageids"
SIGNATURE_BYTES = 15  # 120 bits; the whole digest would make a header that has to be folded


def ids_in(header: str) -> list[str]:
    """The ids of a header in order; old mailers write comments around them, broken ones forget the brackets."""
    header = charsets.clean(header)
    found = BRACKETED.findall(header) or [word for word in header.split() if "@" in word] or [header]
    return [identifier for text in found if (identifier := "".join(text.split()))]


def digest(identifier: str) -> bytes:
    """What an id is found by: ids have no length limit."""
    return hashlib.sha256(identifier.encode()).digest()


def make(workspace_id: int, message_id: int, domain: str) -> str:
    """The id of a message of ours that goes out, signed: only who got the mail knows it."""
    return f"{_local_part(workspace_id, message_id, settings.SECRET_KEY)}@{domain}"


def is_ours(identifier: str, workspace_id: int, message_id: int) -> bool:
    """Whether we made this id for this message, also with a key that was in use before."""
    local_part = identifier.partition("@")[0]
    return any(
        constant_time_compare(local_part, _local_part(workspace_id, message_id, key))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _local_part(workspace_id: int, message_id: int, key: str | bytes) -> str:
    named = f"gopimi.{workspace_id}.{message_id}"
    signature = salted_hmac(SALT, named, secret=key, algorithm="sha256").digest()[:SIGNATURE_BYTES]
    return f"{named}.{base64.urlsafe_b64encode(signature).decode()}"
