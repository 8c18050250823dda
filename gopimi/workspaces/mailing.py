"""Mails of GoPimi's own, to the people who work with it, sent by background jobs."""

from typing import Any

from django.core.mail import EmailMessage
from django.db import DatabaseError, InterfaceError
from django.template.loader import render_to_string
from procrastinate import RetryStrategy

QUEUE = "mail"
# Seven times within six hours. What smtplib raises are OSErrors.
AGAIN = RetryStrategy(max_attempts=7, exponential_wait=4, retry_exceptions=[OSError, DatabaseError, InterfaceError])


def send(to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    """Send a text to one person. It says that a machine wrote it (RFC 3834), so that no machine answers."""
    message = EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string(template, context),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.send()
