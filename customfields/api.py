"""API of custom fields: their definitions and options, and what a contact's values look like in JSON."""

from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from customfields import removing, values
from customfields.models import Field, Option
from customfields.parsing import InvalidValue
from customfields.schemas import FieldIn, FieldOut, FieldPatch, OptionIn, OptionOut, OptionPatch, Order
from gopimi.lib import converters, listing  # noqa: F401 -- registers the converters of paths
from gopimi.lib.etags import COMPARED, IF_MATCH, MATCHED, etag, require_match
from gopimi.lib.exactjson import answer
from gopimi.lib.inputs import Input, RowId, all_wrong, wrong
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed, parameter
from gopimi.lib.problems import Problem
from gopimi.lib.refusals import refuse
from gopimi.workspaces.authentication import ApiRequest, Bearer

router = Router(tags=["Custom fields"])
READ, WRITE = Bearer("contacts:read"), Bearer("fields:write")
IN_ORDER = [Key("position"), Key("id")]
PURGE = parameter("purge", "Delete for good, with all contacts' values", type="boolean", default=False)


@router.get(
    "/custom-fields",
    auth=READ,
    response=Listed[FieldOut],
    summary="List the custom fields",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_custom_fields(request: ApiRequest) -> HttpResponse:
    """In their order, archived ones too."""
    listing.only(request.GET, listing.PAGING)
    fields = Field.objects.for_workspace(request.workspace).known().with_options()
    return listing.respond(request.GET, fields, IN_ORDER, lambda page: [show(field) for field in page])


@router.post("/custom-fields", auth=WRITE, response={201: FieldOut}, summary="Create a custom field")
def create_custom_field(request: ApiRequest, payload: FieldIn) -> HttpResponse:
    listing.only(request.GET)
    field = Field.objects.for_workspace(request.workspace).define(**_plain(payload))
    return _answer(show(field), 201, Location=f"{request.path}/{field.pk}")


@router.get(
    "/custom-fields/{id:field_id}", auth=READ, response=FieldOut, summary="Read a custom field", openapi_extra=COMPARED
)
def read_custom_field(request: ApiRequest, field_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    return _answer(show(find(request, field_id)))


@router.patch(
    "/custom-fields/{id:field_id}",
    auth=WRITE,
    response=FieldOut,
    summary="Change a custom field",
    openapi_extra=MATCHED,
)
def change_custom_field(request: ApiRequest, field_id: RowId, payload: FieldPatch) -> HttpResponse:
    listing.only(request.GET)
    field = find_unchanged(request, field_id)
    given = _plain(payload)
    for name, present in {"key": field.key, "type": field.type.name, "multiple": field.multiple}.items():
        if given.pop(name, present) != present:
            raise refuse(name, "fixed", f"The {name} of a field can't be changed.")
    _archive(field, given.pop("archived", None))
    if given:
        field.change(**given)
    return _answer(show(field))


@router.delete(
    "/custom-fields/{id:field_id}",
    auth=WRITE,
    response={204: None},
    summary="Archive a custom field",
    openapi_extra={"parameters": [IF_MATCH, PURGE]},
)
def delete_custom_field(request: ApiRequest, field_id: RowId) -> HttpResponse:
    """Hides it everywhere; its values are kept, unless `purge` deletes them too."""
    listing.only(request.GET, ["purge"])
    field = find_unchanged(request, field_id)
    if listing.flag(request.GET, "purge"):
        removing.delete_field(field)
    else:
        field.archive()
    return HttpResponse(status=204)


@router.post("/custom-fields/reorder", auth=WRITE, response={204: None}, summary="Put the custom fields in order")
def reorder_custom_fields(request: ApiRequest, payload: Order) -> HttpResponse:
    listing.only(request.GET)
    Field.objects.for_workspace(request.workspace).reorder(payload.ids)
    return HttpResponse(status=204)


@router.get(
    "/custom-fields/{id:field_id}/options",
    auth=READ,
    response=Listed[OptionOut],
    summary="List a field's options",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_options(request: ApiRequest, field_id: RowId) -> HttpResponse:
    """In their order, archived ones too."""
    listing.only(request.GET, listing.PAGING)
    options = find(request, field_id).own_options.known()
    return listing.respond(request.GET, options, IN_ORDER, lambda page: [show_option(option) for option in page])


@router.post(
    "/custom-fields/{id:field_id}/options", auth=WRITE, response={201: OptionOut}, summary="Add an option to a field"
)
def create_option(request: ApiRequest, field_id: RowId, payload: OptionIn) -> HttpResponse:
    listing.only(request.GET)
    option = find(request, field_id).add_option(payload.label)
    return _answer(show_option(option), 201, Location=f"{request.path}/{option.pk}")


OPTION = "/custom-fields/{id:field_id}/options/{id:option_id}"


@router.get(OPTION, auth=READ, response=OptionOut, summary="Read an option", openapi_extra=COMPARED)
def read_option(request: ApiRequest, field_id: RowId, option_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    return _answer(show_option(find_option(request, field_id, option_id)))


@router.patch(OPTION, auth=WRITE, response=OptionOut, summary="Rename an option", openapi_extra=MATCHED)
def change_option(request: ApiRequest, field_id: RowId, option_id: RowId, payload: OptionPatch) -> HttpResponse:
    """Values point to the option, so renaming it changes none of them."""
    listing.only(request.GET)
    option = find_unchanged_option(request, field_id, option_id)
    given = payload.given()
    _archive(option, given.get("archived"))
    if "label" in given:
        option.rename(given["label"])
    return _answer(show_option(option))


@router.delete(
    OPTION,
    auth=WRITE,
    response={204: None, 409: None, 422: None},
    summary="Archive an option",
    openapi_extra={
        "parameters": [
            IF_MATCH,
            PURGE,
            parameter("replace_with", "Delete it; who has it gets this option's id instead", type="integer", minimum=1),
        ]
    },
)
def delete_option(request: ApiRequest, field_id: RowId, option_id: RowId) -> HttpResponse:
    """409 while contacts have it, unless `replace_with` or `purge` says what becomes of their values."""
    listing.only(request.GET, ["purge", "replace_with"])
    option = find_unchanged_option(request, field_id, option_id)
    purge = listing.flag(request.GET, "purge")
    other = listing.row_id(request.GET, "replace_with")
    if purge and other is not None:
        raise listing.bad_parameter("replace_with", "ambiguous", "Give this or purge.")
    if other is not None:
        removing.delete_option(option, request.actor, _replacement(option, other))
    elif purge:
        removing.delete_option(option, request.actor)
    elif used := option.contacts_with_value():
        detail = f"{used:,} contacts have it. Give replace_with=ID or purge=true, or PATCH archived to true."
        raise Problem(409, "option-in-use", detail, extra={"contacts": used})
    else:
        option.archive()
    return HttpResponse(status=204)


def _replacement(option: Option, other: int) -> Option:
    found = option.siblings.active().filter(pk=other).first()
    if found is None:
        raise refuse("replace_with", "invalid_choice", "Give another option of the same field.")
    return found


def find(request: ApiRequest, field_id: int) -> Field:
    return get_object_or_404(Field.objects.for_workspace(request.workspace).known().with_options(), pk=field_id)


def find_option(request: ApiRequest, field_id: int, option_id: int) -> Option:
    return get_object_or_404(find(request, field_id).own_options.known().select_related("field"), pk=option_id)


def find_unchanged(request: ApiRequest, field_id: int) -> Field:
    """The same, to be written; what `If-Match` asks for holds until then."""
    Field.objects.for_workspace(request.workspace).lock()
    field = find(request, field_id)
    require_match(request, lambda: _etag(show(field)))
    return field


def find_unchanged_option(request: ApiRequest, field_id: int, option_id: int) -> Option:
    Field.objects.for_workspace(request.workspace).lock()
    option = find_option(request, field_id, option_id)
    require_match(request, lambda: _etag(show_option(option)))
    return option


def _plain(payload: Input) -> dict[str, Any]:
    """What was given; null clears a text."""
    given = payload.given()
    return {**given, "help_text": given["help_text"] or ""} if "help_text" in given else given


def _archive(row: Any, archived: bool | None) -> None:
    if archived is not None and archived != bool(row.archived_at):
        row.archive() if archived else row.restore()


def show(field: Field) -> dict[str, Any]:
    return {
        "id": field.pk,
        "key": field.key,
        "label": field.label,
        "type": field.type.name,
        "multiple": field.type.multiple,
        "featured": field.featured,
        "required": field.required,
        "help_text": field.help_text,
        "position": field.position,
        "archived": field.archived_at is not None,
        "options": [show_option(option) for option in field.choices],
        "created_at": field.created_at,
        "updated_at": field.updated_at,
    }


def show_option(option: Option) -> dict[str, Any]:
    return {
        "id": option.pk,
        "label": option.label,
        "position": option.position,
        "archived": option.archived_at is not None,
    }


def _etag(document: dict[str, Any]) -> str:
    """All of it but the times is a definition's own writable state; a field's options are part of it."""
    return etag({name: value for name, value in document.items() if name not in ("created_at", "updated_at")})


def _answer(document: dict[str, Any], status: int = 200, **headers: str) -> HttpResponse:
    return answer(document, status, ETag=_etag(document), **headers)


# Values of contacts

OPTION_SCHEMA = {"type": ["string", "integer"], "description": "An option's label or id"}
VALUE_SCHEMA: dict[str, Any] = {
    "description": "As the field's type has it; null for none",
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": OPTION_SCHEMA},
    ],
}


def active_fields(request: Any) -> list[Field]:
    """The workspace's fields with their options, read once in a request."""
    if not hasattr(request, "custom_fields"):
        request.custom_fields = values.fields_of(request.workspace)
    return request.custom_fields


def _parse_values(given: Any, info: ValidationInfo) -> dict[Field, Any]:
    """By key as they came, to parsed values by Field. An archived option may stay where it is chosen."""
    if not isinstance(given, dict):
        raise wrong("invalid_type", "Give an object of values by key.")
    request = info.context["request"]  # type: ignore[index]
    by_key = {field.key: field for field in active_fields(request)}
    stored = _stored(request)
    parsed, errors = {}, {}
    for key, value in given.items():
        if key not in by_key:
            errors[key] = ("unknown", "There is no custom field with this key.")
            continue
        field = by_key[key]
        try:
            parsed[field] = field.type.parse_json(field, value, stored=stored.get(field.pk))
        except InvalidValue as error:
            errors[key] = (error.code, error.message)
    if errors:
        raise all_wrong(errors)
    return parsed


def _stored(request: Any) -> dict[int, Any]:
    """What the contact that the request is about has now."""
    contact_id = request.resolver_match.kwargs.get("contact_id")
    return values.read(request.workspace, [contact_id], active_fields(request))[contact_id] if contact_id else {}


Values = Annotated[
    dict[Field, Any],
    PlainValidator(_parse_values),
    WithJsonSchema(
        {"type": "object", "description": "Values by the fields' keys", "additionalProperties": VALUE_SCHEMA}
    ),
]
