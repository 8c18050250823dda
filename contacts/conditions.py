"""The conditions of a filter as people make and read them: chips, and the rows of the Filter popover."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from contacts import inputs
from contacts.filters import CUSTOM, BadFilter, ContactFilter
from contacts.models import Source, Tag
from customfields.models import Field
from customfields.operators import DATE_WORDS, SEVERAL, listed, many
from gopimi.lib.words import Words
from gopimi.workspaces.models import Workspace
from organizations.models import Organization

EMPTY, FILLED = "empty", "filled"  # `__empty=true` and `__empty=false`, two operators for people
MOMENTS = {operator: DATE_WORDS[operator] for operator in ("gte", "lte", "gt", "lt")}


@dataclass(frozen=True)
class Facet:
    """What one can filter by. `words` are its operators; `control` gives the widget that an operator needs."""

    name: str
    label: Words
    icon: str
    words: Mapping[str, Words]
    control: Callable[[str], forms.Widget]
    shown: Callable[[Sequence[str]], str] = ", ".join


@dataclass
class Row:
    """One condition while it is being made."""

    facet: Facet
    operator: str
    given: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def word(self) -> str:
        return str(self.facet.words[self.operator])

    @property
    def shown(self) -> str:
        return "" if self.operator in (EMPTY, FILLED) else self.facet.shown(self.given)

    @property
    def parameter(self) -> str:
        name = EMPTY if self.operator == FILLED else self.operator
        return f"{self.facet.name}__{name}" if name else self.facet.name

    @property
    def values(self) -> list[str]:
        """As the URL gives them."""
        if self.operator in (EMPTY, FILLED):
            return ["true" if self.operator == EMPTY else "false"]
        return listed(self.given) if self.operator in SEVERAL else self.given

    def widget(self, index: int) -> str:
        """The control, rendered; nothing where the operator says it all."""
        if self.operator in (EMPTY, FILLED):
            return ""
        control = self.facet.control(self.operator)
        inputs.dress(control)
        control.attrs["aria-label"] = gettext("Value for {label}").format(label=self.facet.label)
        if self.problem:
            control.attrs |= {"aria-invalid": "true", "aria-describedby": f"c{index}-error"}
        several = isinstance(control, forms.SelectMultiple)
        value = self.given if several else ",".join(self.given)
        return control.render(f"c{index}-value", value, {"id": f"c{index}-value"})


def facets(workspace: Workspace, fields: Sequence[Field]) -> dict[str, Facet]:
    """Everything that one can filter by, by the parameter's name."""
    known = [
        Facet("organization", gettext("Organization"), "building-2",
              {"": gettext("is"), EMPTY: gettext("is empty"), FILLED: gettext("is not empty")},
              lambda _: _organizations(workspace), lambda given: _organization_names(workspace, given)),
        Facet("tag", gettext("Tag"), "tag", {"": gettext("has")}, lambda _: _tags(workspace)),
        Facet("source", gettext("Source"), "info", {"": gettext("is")}, lambda _: _choice(Source.choices),
              lambda given: ", ".join(str(dict(Source.choices).get(one, one)) for one in given)),
        Facet("created_at", gettext("Created"), "calendar", MOMENTS, lambda _: _date()),
        Facet("updated_at", gettext("Updated"), "calendar", MOMENTS, lambda _: _date()),
        Facet("email", gettext("Email"), "mail", {"": gettext("is")}, lambda _: forms.TextInput()),
        *(_of_field(one) for one in fields),
    ]  # fmt: skip
    return {facet.name: facet for facet in known}


def _of_field(one: Field) -> Facet:
    kind = one.type
    words = {operator: word for operator, word in kind.words.items() if operator in kind.operators}

    def control(operator: str) -> forms.Widget:
        if kind.toggles:
            return _choice([("true", gettext("Yes")), ("false", gettext("No"))])
        if not kind.has_options:
            return forms.TextInput() if operator in SEVERAL else kind.widget(one, None)
        labels = [(option.label, option.label) for option in one.choices]
        if operator in SEVERAL:
            several = inputs.UiSelectMultiple()
            several.choices = labels
            return several
        return _choice(labels)

    def shown(given: Sequence[str]) -> str:
        return ", ".join(
            {"true": gettext("Yes"), "false": gettext("No")}.get(text, text) if kind.toggles else text for text in given
        )

    return Facet(
        CUSTOM + one.key,
        one.label,
        kind.icon,
        {**words, EMPTY: gettext("is empty"), FILLED: gettext("is not empty")},
        control,
        shown,
    )


def _choice(choices: Any) -> forms.Widget:
    return forms.Select(choices=[("", gettext("Choose")), *choices])


def _date() -> forms.Widget:
    return forms.DateInput(attrs={"type": "date"})


def _tags(workspace: Workspace) -> forms.Widget:
    return _choice([(tag.name, tag.name) for tag in Tag.objects.for_workspace(workspace)[: inputs.LISTED]])


def _organizations(workspace: Workspace) -> forms.Widget:
    return inputs.OrganizationField(workspace, create=False).widget


def _organization_names(workspace: Workspace, given: Sequence[str]) -> str:
    ids = [int(text) for text in given if text.isdecimal()]
    found = Organization.objects.for_workspace(workspace).filter(pk__in=ids)
    return ", ".join(found.values_list("name", flat=True)) or "unknown"


def rows_of(asked: ContactFilter, known: Mapping[str, Facet]) -> list[Row]:
    """The conditions of a URL's query that make sense, as rows."""
    rows = []
    for condition in asked.conditions:
        operator, given = condition.operator, list(condition.given)
        if operator == EMPTY and given == ["false"]:
            operator = FILLED
        if operator == "in" and "in" not in known[condition.name].words:
            operator = "any"  # the same, on a multiple select
        if operator in SEVERAL:
            given = list(dict.fromkeys(many(given)))
        parts = [[one] for one in given] if condition.name == "tag" else [given]
        rows += [Row(known[condition.name], operator, part) for part in parts]
    return rows


def rows_from(data: QueryDict, known: Mapping[str, Facet]) -> list[Row]:
    """The rows as the popover's form sends them; a field that was just changed gets its first operator."""
    rows = []
    for index in sorted(
        int(name[1:-6]) for name in data if name.startswith("c") and name[1:-6].isdecimal() and name.endswith("-field")
    ):
        facet = known.get(str(data.get(f"c{index}-field")))
        if facet is None:
            continue
        operator = data.get(f"c{index}-operator", "")
        same = data.get(f"c{index}-was", facet.name) == facet.name
        if operator not in facet.words or not same:
            operator = next(iter(facet.words))
        given = [text for text in data.getlist(f"c{index}-value") if text] if same else []
        rows.append(Row(facet, operator, given))
    return rows


def query_of(rows: Sequence[Row], kept: Mapping[str, list[str]]) -> QueryDict:
    """The rows as a URL's query, after what is kept of it (search, sort, limit, view)."""
    query = QueryDict(mutable=True)
    for name, values in kept.items():
        query.setlist(name, values)
    for row in rows:
        query.setlist(row.parameter, [*query.getlist(row.parameter), *row.values])
    return query


def chips(asked: ContactFilter) -> list[dict[str, Any]]:
    """The query's conditions in words, each with its place among the rows, and those that can't be read."""
    known = facets(asked.workspace, list(asked.fields.values())) if asked.conditions else {}
    read = [
        {"icon": row.facet.icon, "label": row.facet.label, "word": row.word, "value": row.shown, "at": at}
        | {"drop": f"tag={row.shown}" if row.facet.name == "tag" else row.parameter}
        for at, row in enumerate(rows_of(asked, known))
    ]
    return read + [_wrong(problem) for problem in asked.problems]


def _wrong(problem: BadFilter) -> dict[str, Any]:
    name = problem.parameter
    return {"icon": "circle-alert", "label": name, "word": "", "value": "", "at": None, "drop": name}
