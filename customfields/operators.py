"""The operators of filters by a custom field, shared by the browser, the API and exports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import Contains, Exact
from django.utils.translation import gettext, gettext_lazy

from customfields.parsing import InvalidValue, clean
from gopimi.lib.folding import Fold, fold
from gopimi.lib.words import Words

if TYPE_CHECKING:
    from customfields.models import Field
    from customfields.types import FieldType

SEVERAL = ("in", "any", "all")  # of these a parameter takes several values
KEY_LENGTH = 200  # of the folded text that `text_key` holds


@dataclass(frozen=True)
class Test:
    """A contact passes when one of the field's value rows meets `condition`; when `wanted` is False, if none does."""

    __test__ = False  # no test of pytest's

    condition: Q
    wanted: bool = True


# Operators of filters: each takes the type, the field, and the parameter's values as the URL gave them.
Operator = Callable[["FieldType", "Field", Sequence[str]], list[Test]]


def one(given: Sequence[str]) -> str:
    if len(given) != 1:
        raise InvalidValue("repeated", gettext("Give one value; `__in` takes several."))
    return given[0]


def many(given: Sequence[str]) -> Sequence[str]:
    """One parameter is split at its commas; a repeated one isn't, so that a value can have a comma."""
    return given[0].split(",") if len(given) == 1 else given


def listed(parts: Sequence[str]) -> list[str]:
    """What `many` reads back: one value with a comma in it stands twice, or it would be split."""
    return [*parts, *parts] if len(parts) == 1 and "," in parts[0] else list(parts)


def reworded(operator: str, given: Sequence[str], change: Callable[[str], str]) -> list[str]:
    """A parameter's values, each as `change` says it, where it has any that can be said in another way."""
    if operator == "empty":
        return list(given)
    parts = many(given) if operator in SEVERAL else given
    new = list(dict.fromkeys(map(change, parts)))
    if new == list(dict.fromkeys(parts)):
        return list(given)
    return listed(new) if operator in SEVERAL else new


def _is(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    return [Test(kind.equals([kind.operand(field, one(given))]))]


def _not(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    return [Test(kind.equals([kind.operand(field, one(given))]), wanted=False)]


def any_of(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    return [Test(kind.equals([kind.operand(field, text) for text in many(given)]))]


def all_of(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    return [Test(kind.equals([kind.operand(field, text)])) for text in many(given)]


def _empty(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    choices = {"true": False, "false": True}
    if (text := one(given)) not in choices:
        raise InvalidValue("invalid", gettext("Give true or false."))
    return [Test(Q(), wanted=choices[text])]


def contains(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
    fragment = fold(clean(one(given)))
    if not fragment:
        raise InvalidValue("blank", gettext("Give some text to look for."))
    # Looked up by itself, so that the index, which has no more than the key, is all that is read of the others.
    whole = field.values.filter(workspace=field.workspace_id, contact=OuterRef("contact"))
    found = whole.filter(Contains(Fold("text_value"), fragment)).values(yes=Value(True))
    long = Q(Exact(Length("text_key"), KEY_LENGTH)) & Q(Coalesce(Subquery(found[:1]), Value(False)))
    return [Test(Q(text_key__contains=fragment) | long)]


def _compares(operator: str) -> Operator:
    def test(kind: "FieldType", field: "Field", given: Sequence[str]) -> list[Test]:
        return [Test(kind.compares(operator, kind.operand(field, one(given))))]

    return test


EQUALITY: Mapping[str, Operator] = {"": _is, "not": _not, "in": any_of, "empty": _empty}
ORDER: Mapping[str, Operator] = {operator: _compares(operator) for operator in ("gt", "gte", "lt", "lte")}
BEYOND = {"gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt"}  # what doesn't meet an operator meets the other

# How people read the operators; "empty" and its opposite are said in words of their own.
WORDS: Mapping[str, Words] = {
    "": gettext_lazy("is"),
    "not": gettext_lazy("is not"),
    "in": gettext_lazy("is any of"),
    "contains": gettext_lazy("contains"),
    "gt": gettext_lazy("more than"),
    "gte": gettext_lazy("at least"),
    "lt": gettext_lazy("less than"),
    "lte": gettext_lazy("at most"),
}
DATE_WORDS: Mapping[str, Words] = {
    **WORDS,
    "gt": gettext_lazy("after"),
    "gte": gettext_lazy("on or after"),
    "lt": gettext_lazy("before"),
    "lte": gettext_lazy("on or before"),
}
SEVERAL_WORDS: Mapping[str, Words] = {
    "": gettext_lazy("has"),
    "not": gettext_lazy("doesn’t have"),
    "any": gettext_lazy("has any of"),
    "all": gettext_lazy("has all of"),
}
