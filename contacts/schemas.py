"""Contacts as the API's JSON: what goes in, what comes out."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, PlainValidator, ValidationInfo, model_validator
from pydantic import Field as Property

from contacts.inputs import MOST_TAGS
from contacts.models import Contact, Source, Tag
from contacts.upserting import UNSET, Row
from customfields.api import VALUE_SCHEMA, Values
from customfields.models import Field
from customfields.schemas import TypeName
from gopimi.lib import addresses
from gopimi.lib.inputs import ABSENT, Input, Line, RowId, all_wrong, wrong
from gopimi.lib.reference import TIMES, Moment, Output, ProblemOut, example
from gopimi.workspaces.authentication import ApiRequest
from organizations.models import Organization
from organizations.querysets import NAME_LENGTH as ORGANIZATION_LENGTH

NAME_LENGTH = Contact._meta.get_field("name").max_length
EMAIL_LENGTH = Contact._meta.get_field("email").max_length
MOST_AT_ONCE = 1000
TAG_LENGTH = Tag._meta.get_field("name").max_length


# What goes in


def _email(text: str) -> str:
    try:
        return addresses.normalize(text)
    except addresses.InvalidAddress as error:
        raise wrong("invalid_email", str(error)) from error


def _known_organization(organization_id: int, info: ValidationInfo) -> int:
    if info.context.get("many"):  # type: ignore[union-attr]
        return organization_id  # looked up for all of them at once
    request = info.context["request"]  # type: ignore[index]
    if not Organization.objects.for_workspace(request.workspace).filter(pk=organization_id).exists():
        raise wrong("unknown", "There is no organization with this id.")
    return organization_id


Email = Annotated[str, Property(min_length=1, max_length=EMAIL_LENGTH), AfterValidator(_email)]
Name = Annotated[str, Line(NAME_LENGTH)]
OrganizationId = Annotated[RowId, AfterValidator(_known_organization)]
Tags = Annotated[list[Annotated[str, Line(TAG_LENGTH, required=True)]], Property(max_length=MOST_TAGS)]
EITHER: dict[str, Any] = {"not": {"required": ["organization_id", "organization"]}}
EXAMPLE: dict[str, Any] = {
    "name": "Dana Cole",
    "email": "dana@acme.example",
    "organization": "Acme",
    "tags": ["vip"],
    "custom_fields": {"plan": "Pro"},
}


class ContactPatch(Input):
    """What is absent stays as it is, null clears."""

    name: Name | None = ABSENT
    email: Email = ABSENT
    organization_id: OrganizationId | None = ABSENT
    organization: Annotated[str, Line(ORGANIZATION_LENGTH, required=True)] | None = Property(
        default=ABSENT, description="The organization's name; it is created where it is new"
    )
    tags: Tags | None = Property(default=ABSENT, description="Replaces all tags")
    custom_fields: Values = Property(default={}, description="Only these are changed")

    model_config = {"json_schema_extra": {**EITHER, "example": EXAMPLE}}

    @model_validator(mode="after")
    def one_organization(self) -> "ContactPatch":
        if {"organization", "organization_id"} <= self.model_fields_set:
            raise wrong("ambiguous", "Give organization or organization_id, not both.")
        return self

    def properties(self, request: ApiRequest) -> dict[str, Any]:
        """As `Contact.change` takes them; makes the organization where it is new."""
        properties = self.given("email")
        if "name" in self.model_fields_set:
            properties["name"] = self.name or ""
        if {"organization", "organization_id"} & self.model_fields_set:
            properties["organization"] = self._organization(request)
        return properties

    def _organization(self, request: ApiRequest) -> Organization | None:
        organizations = Organization.objects.for_workspace(request.workspace)
        if self.organization_id:
            return organizations.get(pk=self.organization_id)
        return organizations.named(self.organization) if self.organization else None

    def changes(self, request: ApiRequest) -> dict[str, Any]:
        """The arguments of `Contact.change`."""
        tags = (self.tags or []) if "tags" in self.model_fields_set else None
        return {"properties": self.properties(request), "values": self.custom_fields, "tags": tags}


class ContactIn(ContactPatch):
    email: Email = Property(description="Who it is: unique in the workspace, without regard to case")

    def row(self) -> Row:
        """As `upsert` takes it."""
        given = self.model_fields_set
        organization = self.organization_id if "organization_id" in given else self.organization
        return Row(
            addresses.parse(self.email),
            self.name if "name" in given else UNSET,
            organization if {"organization", "organization_id"} & given else UNSET,
            self.tags if "tags" in given else UNSET,
            self.custom_fields,
        )


def _one_or_many(given: Any, info: ValidationInfo) -> Any:
    """An array's items are judged one by one later, so that a wrong one doesn't stop the others."""
    if not isinstance(given, list):
        return ContactIn.model_validate(given, context=info.context)
    wrong_items = {index: NOT_AN_OBJECT for index, item in enumerate(given) if not isinstance(item, dict)}
    if wrong_items:
        raise all_wrong(wrong_items)
    return given


NOT_AN_OBJECT = ("invalid_type", "Give an object.")
Many = Annotated[list[dict[str, Any]], Property(max_length=MOST_AT_ONCE, description="Each as a single one")]
OneOrMany = Annotated[Any, PlainValidator(_one_or_many, json_schema_input_type=ContactIn | Many)]


class ValueIn(Input):
    value: Any = Property(json_schema_extra=VALUE_SCHEMA)

    model_config = {"json_schema_extra": {"example": {"value": "Pro"}}}


class Ids(Input):
    ids: list[RowId] = Property(max_length=10_000)

    model_config = {"json_schema_extra": {"example": {"ids": [1, 2]}}}


# What comes out


class OrganizationRef(Output):
    id: int
    name: str


class ContactOut(Output):
    id: int
    name: str
    email: str
    organization: OrganizationRef | None
    tags: list[str]
    custom_fields: dict[str, Annotated[Any, Property(json_schema_extra=VALUE_SCHEMA)]]
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None = Property(description="When it was put into the trash")
    source: Literal[*Source.values]  # type: ignore[valid-type]

    model_config = example(
        id=7,
        name="Dana Cole",
        email="dana@acme.example",
        organization={"id": 3, "name": "Acme"},
        tags=["vip"],
        custom_fields={"plan": "Pro", "seats": 12.5},
        **TIMES,
        deleted_at=None,
        source="api",
    )


class ValueOut(Output):
    key: str
    label: str
    type: TypeName
    multiple: bool
    featured: bool
    value: Any = Property(json_schema_extra=VALUE_SCHEMA)

    model_config = example(key="plan", label="Plan", type="select", multiple=False, featured=True, value="Pro")


class Deleted(Output):
    deleted: int
    not_found: list[int]

    model_config = example(deleted=1, not_found=[2])


class Summary(Output):
    created: int
    updated: int
    skipped: int
    failed: int


class Result(Output):
    index: int
    status: Literal["created", "updated", "skipped", "failed"]
    id: int = Property(default=0, description="Of the contact; not of a failed one")
    error: ProblemOut = Property(default=ABSENT, description="Why it failed")


class BulkOut(Output):
    summary: Summary
    results: list[Result]

    model_config = example(
        summary={"created": 1, "updated": 0, "skipped": 0, "failed": 0},
        results=[{"index": 0, "status": "created", "id": 7}],
    )


class TagOut(Output):
    id: int
    name: str

    model_config = example(id=2, name="vip")


def show_value(field: Field, value: Any) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "type": field.type.name,
        "multiple": field.type.multiple,
        "featured": field.featured,
        "value": field.type.to_api(value),
    }
