"""Which contacts, and in which order: the one reading of a URL's query for page, API, export, views and bulk actions.

The parameters are API.md's (Lists): `q`, `email`, `organization`, `tag`, `source`, dates, `deleted`, `sort` and
`cf_<key>__<operator>`. What isn't known is an error, never ignored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext

from contacts import narrowing, searching
from contacts.models import ContactTag, Source
from customfields import values
from customfields.models import Field
from customfields.operators import reworded
from gopimi.lib import addresses, filtering, keyset
from gopimi.lib.filtering import BadFilter, Params
from gopimi.lib.folding import lower
from gopimi.lib.keyset import Key
from gopimi.lib.text import one_line

CUSTOM = "cf_"


@dataclass(frozen=True)
class Condition:
    """One parameter as it was read: `cf_plan__in=Pro,Team` is the operator `in` of the name `cf_plan`.

    `test` is of contacts, `held` of values that they have in the custom field.
    """

    parameter: str
    name: str
    operator: str
    given: list[str]
    test: Q
    held: Sequence[Q] = ()


class ContactFilter:
    """The filters and the sort of a query. Every problem is collected in `problems`; `apply` raises the first."""

    def __init__(self, params: Params, workspace: Any, fields: Sequence[Field] | None = None) -> None:
        self.workspace = workspace
        self._fields = fields
        self.conditions: list[Condition] = []
        self.problems: list[BadFilter] = []
        self.query, self.deleted = "", False
        self.sort, self.descending = "created_at", True
        for parameter, given in filtering.lists(params):
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
        return self._apart_from_values(contacts).filter(*(one.having for one in self._held))

    def _apart_from_values(self, contacts: QuerySet) -> QuerySet:
        if self.problems:
            raise self.problems[0]
        contacts = contacts.trashed() if self.deleted else contacts.alive()  # type: ignore[attr-defined]
        contacts = contacts.filter(*(condition.test for condition in self.conditions))
        return contacts.filter(self._searched) if self.query else contacts

    @cached_property
    def _held(self) -> list[narrowing.Held]:
        """What values must be. All that is asked of a field with one value is put together: the server finds what is
        between two bounds by one look at an index, and not by two."""
        single: dict[str, Q] = {}
        several: list[narrowing.Held] = []
        for condition in self.conditions:
            for one in condition.held:
                if self.fields[condition.name].type.multiple:
                    several.append(narrowing.Held(self.fields[condition.name], one))
                else:
                    single[condition.name] = single.get(condition.name, Q()) & one
        return [narrowing.Held(self.fields[name], wanted) for name, wanted in single.items()] + several

    @cached_property
    def _searched(self) -> Q:
        """Asked for once, though page and count both need it."""
        return searching.condition(self.workspace, self.query)

    def page(self, contacts: QuerySet, limit: int, cursor: str | None = None) -> keyset.Page:
        """One page of the contacts that match, in the asked order. Raises BadFilter and keyset.BadCursor."""
        contacts, keys, among = self.planned(contacts)
        return keyset.paginate(contacts, keys, limit, cursor, among)

    def planned(self, contacts: QuerySet) -> tuple[QuerySet, list[Key], narrowing.Along | None]:
        """The contacts that match for `keyset.paginate`, its keys, and what is yet to be tested. Raises BadFilter."""
        contacts, keys = self.ordered(self._apart_from_values(contacts))
        return contacts, keys, narrowing.Along(self._held) if self._held else None

    def ordered(self, contacts: QuerySet) -> tuple[QuerySet, list[Key]]:
        """The contacts with what the order needs, and its keys: one by choice, then the id. Empty ones come last."""
        identity = Key("id", self.descending)
        if self.sort in PLAIN_SORTS:
            return contacts, [Key(PLAIN_SORTS[self.sort], self.descending), identity]
        if self.sort == "name":
            return contacts, [Key("name_key", self.descending, empty=Q(name_key="")), identity]
        in_order: Sequence[Any] | None = None
        gone: Sequence[Any] = ()
        if self.sort == "organization":
            columns = {"sort_organization": "organization__name_key"}
        else:  # the field's value is joined, so that the value index gives the order
            field = self.fields[self.sort]
            if few := field.type.sort_values(field):
                in_order, gone = few
            paths = enumerate(field.type.sort_columns)
            columns = {f"sort_{field.pk}_{number}": f"sorted_value__{path}" for number, path in paths}
            its_own = Q(field_values__workspace=self.workspace, field_values__field=field)
            contacts = contacts.annotate(sorted_value=FilteredRelation("field_values", condition=its_own))
        first, *others = columns
        empty = Q(**{f"{first}__isnull": True})
        if gone:
            empty |= Q(**{f"{first}__in": gone})
        keys = [Key(first, self.descending, empty=empty, values=in_order)]
        keys += [Key(name, self.descending) for name in others]
        return contacts.annotate(**{name: F(path) for name, path in columns.items()}), [*keys, identity]

    def to_query(self) -> QueryDict:
        """The same filters and sort as a URL's query, as the page and the API both read it."""
        query = QueryDict(mutable=True)
        if self.query:
            query["q"] = self.query
        for condition in self.conditions:
            query.setlist(condition.parameter, condition.given)
        if self.deleted:
            query["deleted"] = "true"
        query["sort"] = "-" * self.descending + self.sort
        return query

    def _read(self, parameter: str, given: list[str]) -> None:
        if parameter in filtering.PAGING:
            return
        if parameter in SPECIAL:
            SPECIAL[parameter](self, filtering.one(parameter, given))
            return
        name, operator = filtering.operator(parameter)
        self.conditions.append(
            Condition(parameter, name, operator, given, *self._test(parameter, name, operator, given))
        )

    def _test(self, parameter: str, name: str, operator: str, given: list[str]) -> tuple[Q, Sequence[Q]]:
        try:
            if name.startswith(CUSTOM):
                return values.matching(self._field(parameter, name), operator, given)
            if name not in PROPERTIES:
                raise BadFilter(parameter, gettext("Contacts can't be filtered by “{name}”.").format(name=name))
            if operator not in PROPERTIES[name]:
                raise BadFilter(
                    parameter, gettext("“{name}” has no operator “{operator}”.").format(name=name, operator=operator)
                )
            return PROPERTIES[name][operator](self, operator, [one_line(text) for text in given]), []
        except ValueError as error:  # the value can't be one, says its own parser
            raise BadFilter(parameter, str(error)) from error

    def _field(self, parameter: str, name: str) -> Field:
        if name not in self.fields:
            raise BadFilter(
                parameter,
                gettext("There is no custom field with the key “{key}”.").format(key=name.removeprefix(CUSTOM)),
            )
        return self.fields[name]

    def _read_query(self, text: str) -> None:
        filtering.words("q", [text])
        self.query = text

    def _read_deleted(self, text: str) -> None:
        self.deleted = _boolean("deleted", text)

    def _read_sort(self, text: str) -> None:
        name = text.removeprefix("-")
        if name.startswith(CUSTOM):
            field = self._field("sort", name)
            if not field.type.sort_columns:
                raise BadFilter(
                    "sort", gettext("{label} can have several values, so it gives no order.").format(label=field.label)
                )
        elif name not in SORTS:
            raise BadFilter("sort", gettext("Contacts can't be sorted by “{name}”.").format(name=name))
        self.sort, self.descending = name, text.startswith("-")


def present(params: QueryDict, fields: Sequence[Field]) -> QueryDict:
    """A page's query with the present labels of options that were renamed or replaced since somebody kept it."""
    by_name = {CUSTOM + field.key: field for field in fields}
    query = params.copy()
    for parameter, given in filtering.lists(params):
        name, _, operator = parameter.partition("__")
        if field := by_name.get(name):
            query.setlist(parameter, reworded(operator, given, partial(field.type.present_label, field)))
    return query


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
    return Q(email_key=addresses.email_key(filtering.one("email", given)))


def _organization(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    text = filtering.one("organization", given)
    return Q(organization_id__in=filtering.row_ids("organization", [text]))


def _organization_empty(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    return Q(organization__isnull=_boolean("organization__empty", filtering.one("organization__empty", given)))


def _tag(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    """A repeated tag asks for contacts that have all of them."""
    condition = Q()
    for name in given:
        if not name:
            raise ValueError(gettext("Give a tag's name."))
        links = ContactTag.objects.for_workspace(contacts.workspace).filter(contact=OuterRef("pk"))
        condition &= Q(Exists(links.filter(tag__name_lower=lower(name))))
    return condition


def _source(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
    text = filtering.one("source", given)
    if text not in Source.values:
        raise ValueError(gettext("Give one of {values}.").format(values=", ".join(Source.values)))
    return Q(source=text)


def _moment(column: str) -> Test:
    def test(contacts: ContactFilter, operator: str, given: Sequence[str]) -> Q:
        return filtering.moment(f"{column}__{operator}", given)

    return test


def _boolean(parameter: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise BadFilter(parameter, gettext("Give true or false."))
    return text == "true"


PROPERTIES: Mapping[str, Mapping[str, Test]] = {
    "email": {"": _email},
    "organization": {"": _organization, "empty": _organization_empty},
    "tag": {"": _tag},
    "source": {"": _source},
    "created_at": {operator: _moment("created_at") for operator in filtering.ORDER},
    "updated_at": {operator: _moment("updated_at") for operator in filtering.ORDER},
}
