"""Email addresses, judged and compared in one way at every door: forms, API, CSV import and inbound mail.

`.test`, `.local` and hosts without a dot are valid, since self-hosted teams write from them (API.md, Shapes).
"""

import re
from dataclasses import dataclass

import email_validator
from django.conf import settings
from django.utils.translation import get_language, gettext, gettext_noop

from gopimi.lib import kept

email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # the library's documented way to allow these names


# What most addresses are, in ASCII: the library accepts all of these as they are, and takes twenty times as long to say
# so. Labels with two hyphens may be Punycode, and are left to it.
ATOM = r"[a-zA-Z0-9_!#$%&'*+/=?^`{|}~-]+"
LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
PLAIN = re.compile(rf"(?=[^@]{{1,64}}@)({ATOM}(?:\.{ATOM})*)@(?!.*--)({LABEL}(?:\.{LABEL})*)")
PLAIN_LENGTH = 254
INVALID = gettext_noop("This isn't a valid email address.")
# What the library says most often, for the catalogs; it knows English alone.
REASONS = [
    gettext_noop("An email address must have an @-sign."),
    gettext_noop("There must be something before the @-sign."),
    gettext_noop("There must be something after the @-sign."),
    gettext_noop("There can't be anything after the email address."),
    gettext_noop("An email address cannot end with a period."),
    gettext_noop("An email address cannot start with a period."),
    gettext_noop("An email address cannot have two periods in a row."),
    gettext_noop("An email address cannot have a period immediately after the @-sign."),
    gettext_noop("The email address contains invalid characters before the @-sign: {characters}."),
    gettext_noop("The part after the @-sign contains invalid characters: {characters}."),
    gettext_noop("The email address is too long before the @-sign ({reason})."),
    gettext_noop("The email address is too long ({reason})."),
]


class InvalidAddress(ValueError):
    """Not an email address; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Address:
    """`given` is trimmed and otherwise as it was written; `key` says who it is; `domain` is IDNA ASCII, lower case."""

    given: str
    key: str
    domain: str


def parse(text: str) -> Address:
    """Read one address. Raises InvalidAddress."""
    given = text.strip()
    if len(given) <= PLAIN_LENGTH and (plain := PLAIN.fullmatch(given)):
        key = given.lower()
        return Address(given, key, key[plain.start(2) :])
    return _parse(given)


def _parse(given: str) -> Address:
    try:
        valid = email_validator.validate_email(
            given, check_deliverability=False, globally_deliverable=False, allow_quoted_local=True
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidAddress(_said(str(error))) from error
    except UnicodeError as error:
        raise InvalidAddress(gettext(INVALID)) from error
    domain = valid.ascii_domain.lower()
    # Letter by letter: str.lower() treats a Greek sigma at the end of a word differently.
    local = "".join(letter.lower() for letter in valid.local_part)
    return Address(given, f"{local}@{domain}", domain)


def _said(reason: str) -> str:
    """Why the library refuses an address, or just that it does where the reader's language has no words for it."""
    told = kept.told(reason)
    return gettext(INVALID) if told == reason and get_language() != settings.LANGUAGE_CODE else told


def email_key(text: str) -> str:
    """What decides who somebody is: lower case, the domain as IDNA ASCII, accents kept. Raises InvalidAddress."""
    return parse(text).key


def ascii_domain(text: str) -> str:
    """A mail domain as it is compared: lower case, IDNA ASCII; what can't be one stays as it is, lower case."""
    try:
        return parse(f"x@{text}").domain
    except InvalidAddress:
        return text.lower()


def normalize(text: str) -> str:
    """The address as it is stored: as it was given, trimmed. Raises InvalidAddress."""
    return parse(text).given
