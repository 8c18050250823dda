"""What a field's definition may be. Every check raises a ValidationError by attribute (`gopimi.lib.refusals`)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext

from customfields import types
from customfields.parsing import InvalidValue
from gopimi.lib import refusals
from gopimi.lib.folding import lower

LABEL_LENGTH = 100
HELP_LENGTH = 300


def label(attribute: str, text: Any) -> str:
    return refusals.name(attribute, text, LABEL_LENGTH)


def help_text(text: Any) -> str:
    return refusals.line("help_text", text, HELP_LENGTH)


def type_of(name: Any, multiple: bool) -> types.FieldType:
    try:
        return types.named(name, multiple)
    except InvalidValue as error:
        attribute = "multiple" if error.code == "not_multiple" else "type"
        raise refusals.refuse(attribute, error.code, error.message) from error


def option_labels(texts: Iterable[Any], kind: types.FieldType | None) -> list[str]:
    """The labels of a new field's options, each there once. Raises ValidationError."""
    labels = [label("options", text) for text in texts]
    if labels and kind and not kind.has_options:
        raise refusals.refuse("options", "not_select", gettext("Only a select has options."))
    lowered = [lower(one) for one in labels]
    for position, one in enumerate(lowered):
        if one in lowered[:position]:
            raise refusals.refuse(
                "options", "taken", gettext("“{label}” is there twice.").format(label=labels[position])
            )
    return labels


def ordered(rows: Sequence[Any], ids: Sequence[Any]) -> list[Any]:
    """The rows with these ids first, in that order; those left out follow as they stood. Raises ValidationError.

    So a list to which somebody has added in the meantime can still be put in order.
    """
    by_id = {row.pk: row for row in rows}
    for one in ids:
        if isinstance(one, bool) or not isinstance(one, int) or one not in by_id:
            raise refusals.refuse("ids", "unknown", gettext("The list has changed in the meantime. Load it again."))
    if len(set(ids)) != len(ids):
        raise refusals.refuse("ids", "repeated", gettext("An id is given twice."))
    return [by_id[one] for one in ids] + [row for row in rows if row.pk not in set(ids)]
