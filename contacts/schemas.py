"""Contacts as the API's JSON: what goes in, what comes out."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ValidationInfo, model_validator
from pydantic import Field as Property

from contacts.inputs import MOST_TAGS
from contacts.models import Contact, ContactTag, Source, Tag
from customfields import values as field_values
from customfields.api import VALUE_SCHEMA, TypeName, Values, active_fields
from customfields.models import Field
from gopimi.lib import addresses
from gopimi.lib.inputs import ABSENT, Input, Line, RowId, wrong
from gopimi.lib.reference import Moment, Output
from gopimi.workspaces.authentication import ApiRequest
from organizations.models import Organization
from organizations.querysets import NAME_LENGTH as ORGANIZATION_LENGTH

NAME_LENGTH = Contact._meta.get_field("name").max_length
EMAIL_LENGTH = Contact._meta.get_field("email").max_length
TAG_LENGTH = Tag._meta.get_field("name").max_length


# What goes in


def _email(text: str) -> str:
    try:
        return addresses.normalize(text)
    except addresses.InvalidAddress as error:
        raise wrong("invalid_email", str(error)) from error


def _known_organization(organization_id: int, info: ValidationInfo) -> int:
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


class ValueOut(Output):
    key: str
    label: str
    type: TypeName
    multiple: bool
    featured: bool
    value: Any = Property(json_schema_extra=VALUE_SCHEMA)


class Deleted(Output):
    deleted: int
    not_found: list[int]


class TagOut(Output):
    id: int
    name: str


COLUMNS = (
    "id", "name", "email", "organization_id", "organization__name", "source", "created_at", "updated_at", "deleted_at",
)  # fmt: skip


def show(request: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Contacts from their COLUMNS, with tags and values: two queries for all of them."""
    fields = active_fields(request)
    ids = [row["id"] for row in rows]
    values = field_values.read(request.workspace, ids, fields)
    tags: dict[int, list[str]] = {contact_id: [] for contact_id in ids}
    links = ContactTag.objects.for_workspace(request.workspace).filter(contact_id__in=ids).order_by("tag__name_lower")
    for contact_id, name in links.values_list("contact_id", "tag__name"):
        tags[contact_id].append(name)
    return [_show(row, tags[row["id"]], fields, values[row["id"]]) for row in rows]


def _show(row: dict[str, Any], tags: list[str], fields: list[Field], values: dict[int, Any]) -> dict[str, Any]:
    organization_id = row["organization_id"]
    return {
        "id": row["id"],
        "name": row["name"],
        "email": row["email"],
        "organization": organization_id and {"id": organization_id, "name": row["organization__name"]},
        "tags": tags,
        "custom_fields": {field.key: field.type.to_api(values.get(field.pk)) for field in fields},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "deleted_at": row["deleted_at"],
        "source": row["source"],
    }


def show_value(field: Field, value: Any) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "type": field.type.name,
        "multiple": field.type.multiple,
        "featured": field.featured,
        "value": field.type.to_api(value),
    }
