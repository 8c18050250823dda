"""What the doors of inbound mail have in common: the four answers that there are, and how big a mail may be.

A door reads a mail off its socket, request or pipe, asks here, and says the answer in its own terms: exit codes, LMTP
replies, HTTP statuses.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from django.conf import settings

from tickets import inbound, mailboxes

logger = logging.getLogger(__name__)


class Outcome(Enum):
    """What whoever brings a mail has to know. Only STORED takes it over; only TRY_AGAIN lets it come back."""

    STORED = auto()
    UNKNOWN = auto()  # no mailbox has this address
    TOO_LARGE = auto()
    TRY_AGAIN = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is for people at our end: it may name hosts and addresses. `result` is there for what is stored."""

    outcome: Outcome
    text: str = ""
    result: inbound.Result | None = None


def deliver(raw: bytes, recipient: str) -> Answer:
    """Take a mail in, unless it is larger than `MAIL_MAX_BYTES`. Never raises: a fault of ours is no refusal."""
    if len(raw) > settings.MAIL_MAX_BYTES:
        return Answer(Outcome.TOO_LARGE, f"A mail may have {settings.MAIL_MAX_BYTES // 1024**2} MB at most.")
    return _answered(lambda: inbound.receive(raw, recipient))


def knock(recipient: str) -> Answer:
    """Whether mail to this address would be taken in: STORED, UNKNOWN or TRY_AGAIN. Never raises."""

    def look() -> None:
        mailboxes.find(recipient)

    return _answered(look)


def _answered(work: Callable[[], inbound.Result | None]) -> Answer:
    try:
        return Answer(Outcome.STORED, result=work())
    except mailboxes.UnknownRecipient as error:
        return Answer(Outcome.UNKNOWN, str(error))
    except (inbound.TryAgain, *inbound.AWAY) as error:
        logger.warning("A mail is to come again: %s", error)
        return Answer(Outcome.TRY_AGAIN, str(error))
    except Exception as error:  # a door must not return a mail to its sender because of us
        logger.exception("A mail is to come again")
        return Answer(Outcome.TRY_AGAIN, f"{type(error).__name__}: {error}")
