"""Which tickets or conversations, and in which order: the one reading of a URL's query for pages and API.

The parameters are API.md's (Lists). What isn't known is an error, never ignored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext

from contacts import searching
from contacts.models import Contact, Tag
from gopimi.lib import counting, filtering, keyset
from gopimi.lib.counting import Total
from gopimi.lib.filtering import BadFilter, Params
from gopimi.lib.keyset import Key
from gopimi.workspaces.models import User
from tickets.models import Conversation, Priority, Status, TicketTag
from tickets.searching import CAP, SHORTEST, ConversationSearch, ThreadSearch, TicketSearch

NOBODY, ME = "none", "me"
LAST_NUMBER = 2**31 - 1
LOOKED_AT = 5_000  # rows in which what many meet is counted

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
    """A repeated tag asks for tickets that have all of them. By ids, so that the planner knows how frequent each is."""
    names = [filtering.one(parameter, [text]) for text in given]
    ids = filter.tags if filter.tags.keys() >= set(names) else tag_ids(filter.workspace, names)
    links = TicketTag.objects.for_workspace(filter.workspace).filter(ticket=OuterRef("pk"))
    return Q(*(Q(Exists(links.filter(tag_id=ids[name]))) for name in names))


def tag_ids(workspace: Any, names: Iterable[str]) -> dict[str, int]:
    """The ids of tags by the names as they were given; 0 of those that there aren't. For several filters at once."""
    names = set(names)
    return dict.fromkeys(names, 0) | Tag.objects.for_workspace(workspace).ids_by_name(names)


def _moment(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    return filtering.moment(parameter, given)


def _words(filter: "ThreadFilter", parameter: str, given: Sequence[str]) -> Q:
    """Every word is a fragment of the subject, or the number; where people are looked for, also of who wrote."""
    looks = [filter.look(word) for word in filtering.words(parameter, given)]
    condition = Q(*(condition for condition, _ in looks))
    if all(many for _, many in looks):
        filter.frequent, condition = condition or None, Q()
    return condition


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

    def __init__(
        self, params: Params, workspace: Any, member: User | None = None, tags: Mapping[str, int] | None = None
    ) -> None:
        """`tags` are the ids that are known already (`tag_ids`)."""
        self.workspace, self.member, self.tags = workspace, member, tags or {}
        self.given = dict(filtering.lists(params))
        self.conditions: list[Q] = []
        self.frequent: Q | None = None  # what so many threads meet that they are looked through in their order
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
        return threads.filter(*self.conditions, *([] if self.frequent is None else [self.frequent]))

    def total(self, threads: QuerySet, cap: int | None) -> Total:
        """How many match, counted up to `cap`; where words are frequent, among LOOKED_AT rows. Raises BadFilter."""
        if self.frequent is None or cap is None:
            return counting.total(self.apply(threads), cap)
        ordered = threads.filter(*self.conditions).order_by(*(key.order(False) for key in self.keys))
        first, parameters = keyset.within(ordered, self.frequent, LOOKED_AT)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE met) FROM {first}", parameters)  # noqa: S608
            looked_at, found = cursor.fetchone()
        return Total(found, more=looked_at == LOOKED_AT)

    @property
    def among(self) -> keyset.Among | None:
        return None if self.frequent is None else keyset.Among(self.frequent)

    @property
    def keys(self) -> list[Key]:
        """The asked order, for `keyset.paginate`."""
        return [Key(self.sort, self.descending), Key("id", self.descending)]

    def page(self, threads: QuerySet, limit: int, cursor: str | None = None) -> keyset.Page:
        """One page of the threads that match, in the asked order. Raises BadFilter and keyset.BadCursor."""
        if self.problems:
            raise self.problems[0]
        return keyset.paginate(threads.filter(*self.conditions), self.keys, limit, cursor, self.among)

    def look(self, word: str) -> tuple[Q, bool]:
        """Where a searched word, folded, is found, and whether that is too often to have the threads named."""
        itself = Q(search_key__contains=word)
        ids = self.SEARCH.candidates(word) if len(word) >= SHORTEST else []
        many = not (len(word) >= SHORTEST and len(ids) <= CAP)
        condition = (itself if many else itself & Q(id__in=ids)) | self.itself(word)
        if self.member is None:
            return condition, many
        found = searching.search(Contact.objects.for_workspace(self.workspace), self.workspace, word).order_by()
        contacts = list(found.values_list("id", flat=True)[: searching.CAP + 1])
        if len(contacts) <= searching.CAP:
            return condition | Q(contact_id__in=contacts), many
        # One by one: an Exists would read all contacts first.
        own = found.filter(pk=OuterRef("contact_id")).values("pk")
        return condition | Q(contact_id=Subquery(own)), True

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
            raise BadFilter(parameter, gettext("This list can't be filtered by “{name}”.").format(name=name))
        elif operator and self.TESTS[name] is not _moment:
            raise BadFilter(
                parameter, gettext("“{name}” has no operator “{operator}”.").format(name=name, operator=operator)
            )
        else:
            self.conditions.append(self.TESTS[name](self, parameter, given))

    def _read_sort(self, text: str) -> None:
        self.sort, self.descending = text.removeprefix("-"), text.startswith("-")
        if self.sort not in self.SORTS:
            raise BadFilter("sort", gettext("Sort by one of {known}.").format(known=", ".join(self.SORTS)))


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
