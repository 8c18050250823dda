"""The filters of a list of tickets or of conversations as chips: what one can choose, and what of it is chosen."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext

from contacts.conditions import MOMENTS
from contacts.models import Tag
from gopimi.lib import figures
from gopimi.workspaces.models import User
from organizations.models import Organization
from tickets.filters import ME, NOBODY
from tickets.models import Mailbox, Priority

MOST_OPTIONS = 200
FIRST, LAST = "gte", "lte"  # the operators that a moment's chip has controls for
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Given = Mapping[str, list[str]]


@dataclass
class Facet:
    """A filter with options."""

    name: str
    label: str
    icon: str
    options: list[tuple[str, str]]
    chosen: list[str] = field(default_factory=list)
    many: bool = False  # so many options that one searches among them
    url: str = ""  # where they are searched; the options are those that are chosen

    template: ClassVar[str] = "tickets/_facet.html"

    def read(self, given: Given) -> None:
        """Take what the URL's query asks for."""
        values = given.get(self.name, [])
        self.chosen = values if self.many else [value for text in values for value in text.split(",")]

    def has(self, parameter: str) -> bool:
        """Whether the chip shows this parameter of the query."""
        return parameter == self.name

    @property
    def words(self) -> str:
        return ", ".join(label for value, label in self.options if value in self.chosen)


@dataclass
class MomentFacet:
    """When something was: from a day on, up to a day, and whatever else a link or a view asks for."""

    name: str
    label: str
    days: dict[str, str] = field(default_factory=dict)  # by the parameter, of those that have a control
    others: dict[str, list[str]] = field(default_factory=dict)

    template: ClassVar[str] = "tickets/_moments.html"

    def read(self, given: Given) -> None:
        self.days = {f"{self.name}__{operator}": "" for operator in (FIRST, LAST)}
        for parameter, values in given.items():
            if not self.has(parameter):
                continue
            if parameter in self.days and DAY.fullmatch(values[0]):
                self.days[parameter] = values[0]
            else:
                self.others[parameter] = values

    def has(self, parameter: str) -> bool:
        return parameter.partition("__")[0] == self.name

    @property
    def controls(self) -> list[tuple[str, str, str]]:
        """Each with its parameter, the operator in words, and the day."""
        return [(parameter, _operator(parameter), day) for parameter, day in self.days.items()]

    @property
    def words(self) -> str:
        asked = {parameter: [day] for parameter, day in self.days.items() if day} | self.others
        return ", ".join(f"{_operator(parameter)} {_day(values[0])}" for parameter, values in asked.items())


def _operator(parameter: str) -> str:
    return str(MOMENTS[parameter.partition("__")[2]])


def _day(text: str) -> str:
    return figures.day(date.fromisoformat(text)) if DAY.fullmatch(text) else text


def assignee(workspace: Any) -> Facet:
    people = [(str(user.pk), user.display_name) for user in members(workspace)]
    options = [(ME, gettext("Me")), (NOBODY, gettext("Unassigned")), *people]
    return Facet("assignee", gettext("Assignee"), "user-round", options)


def status(model: Any) -> Facet:
    return Facet("status", gettext("Status"), "circle-dot", list(model.statuses().items()))


def priority() -> Facet:
    options = [(priority.name.lower(), str(priority.label)) for priority in reversed(Priority)]
    return Facet("priority", gettext("Priority"), "flag", options)


def organization(workspace: Any, chosen: Sequence[str]) -> Facet:
    found = Organization.objects.for_workspace(workspace).filter(pk__in=chosen) if chosen else []
    options = [(str(organization.pk), organization.name) for organization in found]
    url = workspace.url("organizations:options")
    return Facet("organization", gettext("Organization"), "building-2", options, many=True, url=url)


def tag(workspace: Any, chosen: Sequence[str]) -> Facet:
    """The options to begin with, and those that are chosen already."""
    names = Tag.objects.for_workspace(workspace).values_list("name", flat=True)
    options = [(name, name) for name in dict.fromkeys([*chosen, *names[:MOST_OPTIONS]])]
    return Facet("tag", gettext("Tag"), "tag", options, many=True)


def mailbox(workspace: Any) -> Facet:
    mailboxes = Mailbox.objects.for_workspace(workspace).filter(purpose=Mailbox.Purpose.INBOX)
    addresses = [(str(mailbox.pk), mailbox.address) for mailbox in mailboxes.order_by("address")]
    return Facet("mailbox", gettext("Mailbox"), "mail", addresses)


def moments() -> list[MomentFacet]:
    return [
        MomentFacet("created_at", gettext("Created")),
        MomentFacet("updated_at", gettext("Updated")),
        MomentFacet("last_message_at", gettext("Last message")),
    ]


def members(workspace: Any) -> QuerySet[User]:
    """Who can be an assignee."""
    return User.objects.filter(memberships__workspace=workspace).order_by("name", "email")
