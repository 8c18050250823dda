"""Message-IDs (RFC 5322, 3.6.4), without angle brackets: reading them, and making ours, which nobody can guess."""

import hashlib
import re

from django.core.signing import BadSignature, Signer

from gopimi.lib import charsets

BRACKETED = re.compile(r"<([^<>]*)>")
SENDABLE = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without brackets and spaces
SIGNER = Signer(salt="tickets.messageids", sep=".")
OURS = re.compile(r"gopimi\.(\d+\.\d+\.[\w-]+)@", re.ASCII)


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
    return f"gopimi.{SIGNER.sign(f'{workspace_id}.{message_id}')}@{domain}"


def is_ours(identifier: str, workspace_id: int, message_id: int) -> bool:
    """Whether we made this id for this message."""
    match = OURS.match(identifier)
    if match is None:
        return False
    try:
        return SIGNER.unsign(match[1]) == f"{workspace_id}.{message_id}"
    except BadSignature:
        return False
