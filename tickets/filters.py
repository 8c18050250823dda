"""Which tickets or conversations, and in which order: the one reading of a URL's query for pages and API.

The parameters are API.md's (Lists). What isn't known is an error, never ignored.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts import searching
from contacts.models import Contact
from gopimi.lib import filtering, keyset
from gopimi.lib.filtering import BadFilter, Params
from gopimi.lib.folding import lower
from gopimi.lib.keyset import Key
from gopimi.workspaces.models import User
from tickets.models import Conversation, Priority, Status, TicketTag
from tickets.searching import ConversationSearch, ThreadSearch, TicketSearch

NOBODY, ME = "none", "me"
LAST_NUMBER = 2**31 - 1

# Takes the filter, the parameter and its values; gives the condition. Raises BadFilter.
Test = Callable[["ThreadFilter", str, Sequence[str]], Q]


def _person(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    """A contact's or an assignee's id, or `none`; repeated: any of them."""
    ids = filtering.row_ids(parameter, [text for text in given if text != NOBODY])
    condition = Q(**{f"{parameter}_id__in": ids})
    return condition | Q(**{f"{parameter}__isnull": True}) if NOBODY in given else condition


def _assignee(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    """The same, and on pages `me`: whoever looks."""
    if filter.member is not None:
        given = [str(filter.member.pk) if text == ME else text for text in given]
    return _person(filter, parameter, given)


def _requester(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return Q(contact_id__in=filtering.row_ids(parameter, given))


def _organization(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return Q(contact__organization_id__in=filtering.row_ids(parameter, given))


def _mailbox(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return Q(mailbox_id__in=filtering.row_ids(parameter, given))


def _status(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return Q(status__in=filtering.choices(parameter, given, filter.STATUSES))


def _priority(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    names = {priority.name.lower(): priority for priority in Priority}
    return Q(priority__in=[names[name] for name in filtering.choices(parameter, given, list(names))])


def _tag(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    """A repeated tag asks for tickets that have all of them."""
    condition = Q()
    for text in given:
        name = lower(filtering.one(parameter, [text]))
        links = TicketTag.objects.for_workspace(filter.workspace).filter(ticket=OuterRef("pk"), tag__name_lower=name)
        condition &= Q(Exists(links))
    return condition


def _moment(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return filtering.moment(parameter, given)


def _words(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    """Every word is a fragment of the subject, or the number; where people are looked for, also of who wrote."""
    condition = Q()
    for word in filtering.words(parameter, given):
        found = filter.SEARCH.matching(word) | filter.itself(word)
        if filter.member is not None:
            found |= _wrote(filter, word)
        condition &= found
    return condition


def _wrote(filter: "ThreadFilter", word: str) -> Q:
    """The threads of the contacts that are found by a word: by ids where they are few."""
    found = searching.search(Contact.objects.for_workspace(filter.workspace), filter.workspace, word).order_by()
    ids = list(found.values_list("id", flat=True)[: searching.CAP + 1])
    return Q(contact_id__in=ids) if len(ids) <= searching.CAP else Q(Exists(found.filter(pk=OuterRef("contact_id"))))


class ThreadFilter:
    """The filters and the sort of a query. Every problem is collected in `problems`; `apply` raises the first.

    The API's `q` looks at subject and number (API.md); for a `member`, at a page, it finds people too.
    """

    SEARCH: ClassVar[type[ThreadSearch]]
    STATUSES: ClassVar[Sequence[str]]
    SORTS: ClassVar[Sequence[str]] = ("created_at", "updated_at")
    TESTS: ClassVar[Mapping[str, Test]] = {
        "q": _words,
        "status": _status,
        "assignee": _assignee,
        "created_at": _moment,
        "updated_at": _moment,
    }

    def __init__(self, params: Params, workspace: Any, member: User | None = None) -> None:
        self.workspace, self.member = workspace, member
        self.given = dict(filtering.lists(params))
        self.conditions: list[Q] = []
        self.problems: list[BadFilter] = []
        self.sort, self.descending = "updated_at", True
        for parameter, values in self.given.items():
            try:
                self._read(parameter, values)
            except BadFilter as problem:
                self.problems.append(problem)

    def apply(self, threads: QuerySet) -> QuerySet:
        """The threads that meet every condition, out of those given. Raises BadFilter."""
        if self.problems:
            raise self.problems[0]
        return threads.filter(*self.conditions)

    @property
    def keys(self) -> list[Key]:
        """The asked order, for `keyset.paginate`."""
        return [Key(self.sort, self.descending), Key("id", self.descending)]

    def page(self, threads: QuerySet, limit: int, cursor: str | None = None) -> keyset.Page:
        """One page of the threads that match, in the asked order. Raises BadFilter and keyset.BadCursor."""
        return keyset.paginate(self.apply(threads), self.keys, limit, cursor)

    def itself(self, word: str) -> Q:
        """What else a thread may be found by with a searched word, folded."""
        return Q(pk__in=[])

    def _read(self, parameter: str, given: list[str]) -> None:
        if parameter in filtering.PAGING:
            return
        name, operator = filtering.operator(parameter)
        if parameter == "sort":
            self._read_sort(filtering.one(parameter, given))
        elif name not in self.TESTS:
            raise BadFilter(parameter, f"This list can't be filtered by “{name}”.")
        elif operator and self.TESTS[name] is not _moment:
            raise BadFilter(parameter, f"“{name}” has no operator “{operator}”.")
        else:
            self.conditions.append(self.TESTS[name](self, parameter, given))

    def _read_sort(self, text: str) -> None:
        self.sort, self.descending = text.removeprefix("-"), text.startswith("-")
        if self.sort not in self.SORTS:
            raise BadFilter("sort", f"Sort by one of {', '.join(self.SORTS)}.")


class TicketFilter(ThreadFilter):
    SEARCH = TicketSearch
    STATUSES = Status.values
    SORTS = ("number", "priority", "created_at", "updated_at")
    TESTS = {
        **ThreadFilter.TESTS,
        "priority": _priority,
        "contact": _requester,
        "organization": _organization,
        "tag": _tag,
    }

    def itself(self, word: str) -> Q:
        digits = word.removeprefix("#")
        number = int(digits) if digits.isascii() and digits.isdecimal() else 0
        return Q(number=number) if 0 < number <= LAST_NUMBER else super().itself(word)


class ConversationFilter(ThreadFilter):
    SEARCH = ConversationSearch
    STATUSES = Conversation.Status.values
    TESTS = {**ThreadFilter.TESTS, "contact": _person, "mailbox": _mailbox}
