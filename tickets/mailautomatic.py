"""Which mail a machine wrote: automatic answers, bounces, delivery and read reports.

Lists and groups are people: List-* and Precedence: list or bulk say nothing. Nor does X-Auto-Response-Suppress, which
people's mails carry too: it only asks not to be answered.
"""

import re
from collections.abc import Callable
from email.message import Message

from django.utils.translation import gettext_noop

from tickets.mailaddresses import Person

AUTO_REPLY = re.compile(r"x-(?:mail-)?auto-?(?:reply|respond|responder)(?:-from)?", re.IGNORECASE)
REPORTS = ("message/delivery-status", "message/disposition-notification", "message/feedback-report")
REPORTED_ID = re.compile(rb"^[> \t]*(?:original-)?message-id:[ \t]*(?:\r?\n[ \t]+)?<([!-;=?-~]{1,998})>", re.I | re.M)
MOST_REPORTED = 20


def reason(message: Message, sources: Callable[[str], list[str]], sender: Person | None) -> str:
    """Why a machine must have written this mail, in words; "" where it may have been a person."""

    def first(name: str) -> str:
        return next(iter(sources(name)), "").strip()

    submitted = first("Auto-Submitted").split(";")[0].split("(")[0].strip().lower()
    if submitted and submitted != "no":  # RFC 3834, 5
        return f"Auto-Submitted: {submitted}"
    kind = message.get_content_type()
    if kind == "multipart/report" or kind in REPORTS:  # RFC 6522, 3464, 8098, 5965
        return f"Content-Type: {kind}"
    if "<>" in (first("Return-Path"), first("X-Envelope-From")):  # RFC 5321, 4.5.5
        return gettext_noop("An empty return path")
    if first("X-Failed-Recipients"):
        return "X-Failed-Recipients"
    if first("Precedence").lower() in ("auto_reply", "auto-reply"):
        return "Precedence: auto_reply"
    for name in message.keys():  # noqa: SIM118 - a mail's keys repeat, and it has no other iteration over them
        if AUTO_REPLY.fullmatch(name) and first(name).lower() not in ("no", "false", ""):
            return name
    if sender and sender.key.startswith("mailer-daemon@"):
        return gettext_noop("From a mail server (MAILER-DAEMON)")
    return ""


def reported_ids(body: bytes) -> list[str]:
    """The Message-IDs that a report's body names: of the mail that couldn't be delivered, was read, or is answered."""
    return [found.decode("ascii") for found in REPORTED_ID.findall(body)[:MOST_REPORTED]]
