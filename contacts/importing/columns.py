"""Where a column of a file can go: one class for each kind of target. A cell is judged here as at every other door."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from contacts.inputs import MOST_TAGS
from contacts.models import Contact, Tag
from contacts.querysets import tag_names
from customfields.models import Field
from customfields.parsing import InvalidValue, Style, clean
from gopimi.lib import addresses
from gopimi.lib.figures import figure
from gopimi.lib.folding import fold, lower
from gopimi.lib.text import InvalidText, split
from gopimi.lib.words import Words
from organizations.querysets import NAME_LENGTH as ORGANIZATION_LENGTH

CUSTOM = "cf_"
NAME_LENGTH = Contact._meta.get_field("name").max_length or 0
EMAIL_LENGTH = Contact._meta.get_field("email").max_length or 0
TAG_LENGTH = Tag._meta.get_field("name").max_length or 0


class Column:
    """A target. `synonyms` are headers by which it is guessed, as `simplified` makes them.

    `remembers` where few different cells are to be expected: what they mean is then worked out once.
    """

    target: str
    label: Words
    synonyms: Sequence[str] = ()
    remembers = False
    field: Field | None = None

    def parse(self, text: str) -> Any:
        """What a cell means that isn't blank. Raises InvalidValue."""
        raise NotImplementedError


class Name(Column):
    target, label = "name", gettext_lazy("Name")
    synonyms = (
        "name", "full name", "fullname", "contact name", "contact", "customer name", "customer", "person",
        "display name", "vollständiger name", "kontakt", "kontaktname", "kunde", "kundenname", "ansprechpartner",
        "vor und nachname", "vorname nachname",
    )  # fmt: skip

    def parse(self, text: str) -> str:
        return _line(text, NAME_LENGTH)


class Email(Column):
    target, label = "email", gettext_lazy("Email")
    synonyms = (
        "email", "e mail", "mail", "email address", "e mail address", "mail address", "primary email", "work email",
        "contact email", "email 1", "e mail 1 value", "e mail adresse", "email adresse", "mailadresse", "e mailadresse",
        "emailadresse",
    )  # fmt: skip

    def parse(self, text: str) -> addresses.Address:
        try:
            address = addresses.parse(text)
        except addresses.InvalidAddress as error:
            raise InvalidValue("invalid_email", str(error)) from error
        if len(address.given) > EMAIL_LENGTH:
            raise InvalidValue("too_long", gettext("At most {most} characters fit.").format(most=EMAIL_LENGTH))
        return address


class Organization(Column):
    target, label, remembers = "organization", gettext_lazy("Organization"), True
    synonyms = (
        "organization", "organisation", "company", "company name", "organization name", "organisation name", "account",
        "account name", "business", "employer", "firma", "firmenname", "unternehmen", "unternehmensname",
    )  # fmt: skip

    def parse(self, text: str) -> str:
        return _line(text, ORGANIZATION_LENGTH)


class Tags(Column):
    """Several with semicolons, else with commas between them."""

    target, label, remembers = "tags", gettext_lazy("Tags"), True
    synonyms = (
        "tags", "tag", "labels", "label", "groups", "group membership", "categories", "schlagworte", "schlagwörter",
        "etiketten", "gruppen", "kategorien",
    )  # fmt: skip

    def parse(self, text: str) -> list[str]:
        try:
            names = tag_names(_line(name, TAG_LENGTH) for name in split(text))
        except InvalidText as error:
            raise InvalidValue("invalid", str(error)) from error
        if len(names) > MOST_TAGS:
            raise InvalidValue("too_many", gettext("At most {most} tags fit.").format(most=MOST_TAGS))
        return names


class Custom(Column):
    """A custom field."""

    def __init__(self, field: Field, style: Style) -> None:
        self.field, self.style = field, style
        self.target, self.label = f"{CUSTOM}{field.key}", field.label
        self.remembers = field.type.few_values
        self.synonyms = (simplified(field.label), simplified(field.key), simplified(self.target))

    def parse(self, text: str) -> Any:
        assert self.field
        return self.field.type.parse_cell(self.field, text, self.style)


PROPERTIES: tuple[type[Column], ...] = (Name, Email, Organization, Tags)


def columns(fields: Iterable[Field], style: Style) -> dict[str, Column]:
    """Every target that a workspace with these fields has, in the order in which they are offered."""
    known = [*(kind() for kind in PROPERTIES), *(Custom(field, style) for field in fields)]
    return {column.target: column for column in known}


def guess(headers: Sequence[str], targets: Iterable[Column]) -> dict[str, str]:
    """Where these headers probably go, each target once. Headers that are there twice, or say nothing, are left out.

    What our own export wrote comes back as it was: first whole labels are compared, those of properties before fields'.
    Then words that mean the same, of fields before properties: a field "Company Name" is meant by company_name.
    """
    free = [header for header in headers if header and headers.count(header) == 1]
    known = list(targets)
    fields = [column for column in known if column.field is not None]
    properties = [column for column in known if column.field is None]
    mapping: dict[str, str] = {}
    for some, words_of, alike in (
        (properties, _label, lower),
        (fields, _label, lower),
        (fields, _target, lower),
        ([*fields, *properties], _synonyms, simplified),
    ):
        open_headers = defaultdict(list)
        for header in free:
            if header not in mapping:
                open_headers[alike(header)].append(header)
        open_headers.pop("", None)
        for column in some:
            found = next((same for word in words_of(column) if (same := open_headers.get(alike(word)))), None)
            if found and column.target not in mapping.values():
                mapping[found.pop(0)] = column.target
    return mapping


def _label(column: Column) -> Sequence[str]:
    return [str(column.label)]


def _target(column: Column) -> Sequence[str]:
    return [column.target]


def _synonyms(column: Column) -> Sequence[str]:
    return column.synonyms


def simplified(header: str) -> str:
    """A header as it is compared: "E-Mail_Address:" is "e mail address"."""
    return " ".join(re.findall(r"\w+", fold(header).replace("_", " ")))


def _line(text: str, longest: int) -> str:
    line = clean(text)
    if len(line) > longest:
        raise InvalidValue(
            "too_long",
            gettext("This has {number} characters; at most {most} fit.").format(
                number=figure(len(line)), most=figure(longest)
            ),
        )
    return line
