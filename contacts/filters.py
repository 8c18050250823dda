"""Which contacts, and in which order: the one reading of a URL's query for page, API, export, views and bulk actions.

The parameters are API.md's (Lists): `q`, `email`, `organization`, `tag`, `source`, dates, `deleted`, `sort` and
`cf_<key>__<operator>`. What isn't known is an error, never ignored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import QueryDict

from contacts import searching
from contacts.models import ContactTag, Source
from customfields import values
from customfields.models import Field
from gopimi.lib import addresses, keyset
from gopimi.lib.folding import lower
from gopimi.lib.keyset import Key
from gopimi.lib.text import InvalidText, one_line

CUSTOM = "cf_"
PAGING = {"limit", "cursor", "count"}  # not which contacts, but how many of them at a time
LAST_ID = 2**63 - 1

Params = QueryDict | Mapping[str, str | Sequence[str]]


class BadFilter(ValueError):
    """A parameter that isn't known, or a value that it can't have; `message` is for people."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter, self.message = parameter, message


@dataclass(frozen=True)
class Condition:
    """One parameter as it was read: `cf_plan__in=Pro,Team` is the operator `in` of the name `cf_plan`."""

    parameter: str
    name: str
    operator: str
    given: list[str]
    test: Q


class ContactFilter:
    """The filters and the sort of a query. Every problem is collected in `problems`; `apply` raises the first."""

    def __init__(self, params: Params, workspace: Any, fields: Sequence[Field] | None = None) -> None:
        self.workspace = workspace
        self._fields = fields
        self.conditions: list[Condition] = []
        self.problems: list[BadFilter] = []
        self.query, self.deleted = "", False
        self.sort, self.descending = "created_at", True
        for parameter, given in _lists(params):
            try:
                self._read(parameter, given)
            except BadFilter as problem:
                self.problems.append(problem)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The active custom fields by their parameter's name, loaded where none were given."""
        fields = values.fields_of(self.workspace) if self._fields is None else self._fields
        return {CUSTOM + field.key: field for field in fields}

    def apply(self, contacts: QuerySet) -> QuerySet:
        """The contacts that meet every condition, out of those given. Raises BadFilter."""
        if self.problems:
            raise self.problems[0]
        contacts = contacts.trashed() if self.deleted else contacts.alive()  # type: ignore[attr-defined]
        for condition in self.conditions:
            contacts = contacts.filter(condition.test)
        return searching.search(contacts, self.workspace, self.query) if self.query else contacts

    def page(self, contacts: QuerySet, limit: int, cursor: str | None = None) -> keyset.Page:
        """One page of the contacts that match, in the asked order. Raises BadFilter and keyset.BadCursor."""
        contacts, keys = self.ordered(self.apply(contacts))
        return keyset.paginate(contacts, keys, limit, cursor)

    def ordered(self, contacts: QuerySet) -> tuple[QuerySet, list[Key]]:
        """The contacts with what the order needs, and its keys: one by choice, then the id. Empty ones come last."""
        identity = Key("id", self.descending)
        if self.sort in PLAIN_SORTS:
            return contacts, [Key(PLAIN_SORTS[self.sort], self.descending), identity]
        if self.sort == "name":
            return contacts, [Key("name_key", self.descending, empty=Q(name_key="")), identity]
        if self.sort == "organization":
            name, column = "sort_organization", "organization__name_key"
        else:  # the field's value is joined, so that the value index gives the order
            field = self.fields[self.sort]
            name, column = f"sort_{field.pk}", f"sorted_value__{field.type.sort_column}"
            its_own = Q(field_values__workspace=self.workspace, field_values__field=field)
            contacts = contacts.annotate(sorted_value=FilteredRelation("field_values", condition=its_own))
        key = Key(name, self.descending, empty=Q(**{f"{name}__isnull": True}))
        return contacts.annotate(**{name: F(column)}), [key, identity]

    def _read(self, parameter: str, given: list[str]) -> None:
        if parameter in PAGING:
            return
        if parameter in SPECIAL:
            SPECIAL[parameter](self, _one(parameter, given))
            return
        name, _, operator = parameter.partition("__")
        self.conditions.append(
            Condition(parameter, name, operator, given, self._test(parameter, name, operator, given))
        )

    def _test(self, parameter: str, name: str, operator: str, given: list[str]) -> Q:
        try:
            if name.startswith(CUSTOM):
                return values.matching(self._field(parameter, name), operator, given)
            if name not in PROPERTIES:
                raise BadFilter(parameter, f"Contacts can't be filtered by “{name}”.")
            if operator not in PROPERTIES[name]:
                raise BadFilter(parameter, f"“{name}” has no operator “{operator}”.")
            return PROPERTIES[name][operator](self, operator, [one_line(text) for text in given])
        except ValueError as error:  # the value can't be one, says its own parser
            raise BadFilter(parameter, str(error)) from error

    def _field(self, parameter: str, name: str) -> Field:
        if name not in self.fields:
            raise BadFilter(parameter, f"There is no custom field with the key “{name.removeprefix(CUSTOM)}”.")
        return self.fields[name]

    def _read_query(self, text: str) -> None:
        try:
            self.query = one_line(text)
        except InvalidText as error:
            raise BadFilter("q", str(error)) from error

    def _read_deleted(self, text: str) -> None:
        self.deleted = _boolean("deleted", text)

    def _read_sort(self, text: str) -> None:
        name = text.removeprefix("-")
        if name.startswith(CUSTOM):
            field = self._field("sort", name)
            if field.type.sort_column is None:
                raise BadFilter("sort", f"{field.label} can have several values, so it gives no order.")
        elif name not in SORTS:
            raise BadFilter("sort", f"Contacts can't be sorted by “{name}”.")
        self.sort, self.descending = name, text.startswith("-")


PLAIN_SORTS = {"email": "email_key", "created_at": "created_at", "updated_at": "updated_at"}
SORTS = ("name", "email", "organization", "created_at", "updated_at")
SPECIAL: Mapping[str, Callable[[ContactFilter, str], None]] = {
    "q": ContactFilter._read_query,
    "deleted": ContactFilter._read_deleted,
    "sort": ContactFilter._read_sort,
}

# Filters by a contact's own properties: each takes the filter, the operator and the parameter's values, cleaned, and
# gives the condition. A ValueError's text is for people.
Test = Callable[[ContactFilter, str, Sequence[str]], Q]


def _email(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    return Q(email_key=addresses.email_key(_one("email", given)))


def _organization(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    text = _one("organization", given)
    if not (text.isascii() and text.isdecimal() and int(text) <= LAST_ID):
        raise ValueError("Give an organization's id, a number.")
    return Q(organization_id=int(text))


def _organization_empty(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    return Q(organization__isnull=_boolean("organization__empty", _one("organization__empty", given)))


def _tag(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    """A repeated tag asks for contacts that have all of them."""
    condition = Q()
    for name in given:
        if not name:
            raise ValueError("Give a tag's name.")
        links = ContactTag.objects.for_workspace(contacts.workspace).filter(contact=OuterRef("pk"))
        condition &= Q(Exists(links.filter(tag__name_lower=lower(name))))
    return condition


def _source(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    text = _one("source", given)
    if text not in Source.values:
        raise ValueError(f"Give one of {', '.join(Source.values)}.")
    return Q(source=text)


def _moment(column: str) -> Test:
    def test(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
        text = _one(column, given)
        try:
            lookup, bound = _bound(operator, text)
        except (ValueError, OverflowError) as error:
            raise ValueError("Give a time such as 2027-03-01T09:30:00Z, or a date such as 2027-03-01.") from error
        return Q(**{f"{column}__{lookup}": bound})

    return test


def _bound(operator: str, text: str) -> tuple[str, datetime]:
    """A date stands for its whole day (UTC): "until 1 March" includes that day."""
    if len(text) == len("2027-03-01"):
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
        after = operator in ("gt", "lte")
        return {"gt": "gte", "lte": "lt"}.get(operator, operator), day + timedelta(days=after)
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # a "+" that was left as it is
    return operator, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _one(parameter: str, given: Sequence[str]) -> str:
    if len(given) != 1:
        raise BadFilter(parameter, f"Give “{parameter}” once.")
    return given[0]


def _boolean(parameter: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadFilter(parameter, "Give true or false.")
    return text == "true"


def _lists(params: Params) -> list[tuple[str, list[str]]]:
    if isinstance(params, QueryDict):
        return [(name, list(given)) for name, given in params.lists()]
    return [(name, [given] if isinstance(given, str) else list(given)) for name, given in params.items()]


PROPERTIES: Mapping[str, Mapping[str, Test]] = {
    "email": {"": _email},
    "organization": {"": _organization, "empty": _organization_empty},
    "tag": {"": _tag},
    "source": {"": _source},
    "created_at": {operator: _moment("created_at") for operator in ("gte", "gt", "lte", "lt")},
    "updated_at": {operator: _moment("updated_at") for operator in ("gte", "gt", "lte", "lt")},
}
