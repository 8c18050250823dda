"""Definitions of custom fields and their options as the API's JSON: what goes in, what comes out."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Property

from customfields import types
from customfields.keys import KEY_LENGTH, KEY_SHAPE
from customfields.rules import HELP_LENGTH, LABEL_LENGTH
from gopimi.lib.inputs import ABSENT, Input, Line, RowId
from gopimi.lib.reference import TIMES, Moment, Output, example

Label = Annotated[str, Line(LABEL_LENGTH, required=True)]
Help = Annotated[str, Line(HELP_LENGTH)]
TypeName: TypeAlias = Literal[*types.NAMES]  # type: ignore[valid-type]


class OptionOut(Output):
    id: int
    label: str
    position: int
    archived: bool

    model_config = example(id=5, label="Pro", position=0, archived=False)


class FieldOut(Output):
    id: int
    key: str
    label: str
    type: TypeName
    multiple: bool
    featured: bool
    required: bool
    help_text: str
    position: int
    archived: bool
    options: list[OptionOut]
    created_at: Moment
    updated_at: Moment

    model_config = example(
        id=7,
        key="plan",
        label="Plan",
        type="select",
        multiple=False,
        featured=True,
        required=False,
        help_text="What they pay for",
        position=0,
        archived=False,
        options=[{"id": 5, "label": "Pro", "position": 0, "archived": False}],
        **TIMES,
    )


class FieldIn(Input):
    label: Label
    type: TypeName
    key: Annotated[str, Property(pattern=f"^{KEY_SHAPE.pattern}$", max_length=KEY_LENGTH)] | None = None
    multiple: bool = Property(default=False, description="Only of a select")
    featured: bool = Property(default=False, description="Shown beside tickets and conversations")
    required: bool = Property(default=False, description="Asked for in forms")
    help_text: Help | None = ""
    options: list[Label] = Property(default=[], max_length=1000, description="Labels, in their order")

    model_config = {
        "json_schema_extra": {
            "example": {"label": "Plan", "type": "select", "featured": True, "options": ["Free", "Pro"]}
        }
    }


class FieldPatch(Input):
    """`key`, `type` and `multiple` are fixed: they may only be given as they are."""

    label: Label = ABSENT
    featured: bool = ABSENT
    required: bool = ABSENT
    help_text: Help | None = ABSENT
    archived: bool = Property(default=ABSENT, description="false brings it back from the archive")
    key: str = ABSENT
    type: TypeName = ABSENT
    multiple: bool = ABSENT

    model_config = {"json_schema_extra": {"example": {"label": "Plan", "help_text": "What they pay for"}}}


class OptionIn(Input):
    label: Label

    model_config = {"json_schema_extra": {"example": {"label": "Gold"}}}


class OptionPatch(Input):
    label: Label = ABSENT
    archived: bool = Property(default=ABSENT, description="false brings it back from the archive")

    model_config = {"json_schema_extra": {"example": {"label": "Gold"}}}


class Order(Input):
    ids: list[RowId] = Property(max_length=10_000, description="Those left out follow as they stood")

    model_config = {"json_schema_extra": {"example": {"ids": [2, 1]}}}
