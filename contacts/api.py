"""API of contacts: lists, single ones, and their values of custom fields."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Body, Router

from contacts import bulk, documents
from contacts.bulk import as_problems
from contacts.filters import ContactFilter
from contacts.models import Contact, Source, Tag
from contacts.querysets import ContactQuerySet
from contacts.schemas import (
    BulkOut,
    ContactOut,
    ContactPatch,
    Deleted,
    Ids,
    OneOrMany,
    TagOut,
    ValueIn,
    ValueOut,
    show_value,
)
from customfields import values as field_values
from customfields.api import active_fields
from customfields.models import Field
from customfields.operators import KEY_LENGTH
from customfields.parsing import InvalidValue
from gopimi.lib import listing
from gopimi.lib.etags import COMPARED, MATCHED, etag, require_match
from gopimi.lib.exactjson import answer
from gopimi.lib.filtering import MOST_WORDS
from gopimi.lib.inputs import LARGEST_ID, RowId, invalid
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed, parameter
from gopimi.lib.problems import FieldError, Problem
from gopimi.workspaces.authentication import ApiRequest, Bearer

router = Router(tags=["Contacts"])
READ, WRITE = Bearer("contacts:read"), Bearer("contacts:write")
IN_TRASH = "This contact is in the trash. Restore it first."


FILTERS = [
    parameter("q", f"At most {MOST_WORDS} words, each a fragment of name, email or organization's name", type="string"),
    parameter("email", "The exact address", type="string", pattern="@"),
    parameter("organization", "An organization's id", type="integer", minimum=0, maximum=LARGEST_ID),
    parameter("organization__empty", "Without an organization, or with one", type="boolean"),
    parameter("tag", "A tag's name", type="string", minLength=1),
    parameter("source", "Where the contact came from", type="string", enum=Source.values),
    *(
        parameter(f"{column}__{operator}", "A time or a day", type="string", format="date-time")
        for column in ("created_at", "updated_at")
        for operator in ("gt", "gte", "lt", "lte")
    ),
    parameter("deleted", "The trash instead", type="boolean", default=False),
    parameter(
        "sort",
        "name, email, created_at, updated_at, organization or `cf_<key>`; with `-` in front descending. Texts are "
        f"compared by their first {KEY_LENGTH} letters",
        type="string",
        default="-created_at",
    ),
]


def _stored_contact(request: ApiRequest, contact_id: int) -> tuple[dict[str, Any], str]:
    return documents.one(request.workspace.pk, contact_id, active_fields(request))


def _etag(request: ApiRequest, contact_id: int) -> str:
    return _stored_contact(request, contact_id)[1]


def answer_contact(request: ApiRequest, contact_id: int, status: int = 200, **headers: str) -> HttpResponse:
    """One contact as it is stored now."""
    document, tag = _stored_contact(request, contact_id)
    return answer(document, status, ETag=tag, **headers)


def _value_etag(field: Field, value: Any) -> str:
    return etag(field.type.rows(field, value))  # by the ids of options, not by their names


def answer_value(field: Field, value: Any) -> HttpResponse:
    return answer(show_value(field, value), ETag=_value_etag(field, value))


# How they are found


def find_all(request: ApiRequest) -> ContactQuerySet:
    """Those that aren't erased, in the trash or not."""
    return Contact.objects.for_workspace(request.workspace).filter(erased_at__isnull=True)


def find(request: ApiRequest, contact_id: int) -> Contact:
    """Raises 404, for an erased person too."""
    return get_object_or_404(find_all(request).select_related("organization"), pk=contact_id)


def find_unchanged(request: ApiRequest, contact_id: int, current: Callable[[], str] | None = None) -> Contact:
    """The same, and what `If-Match` asks for holds until the writing is done: of the contact, or of `current`."""
    contact = find(request, contact_id)
    if "If-Match" in request.headers:
        request.workspace.lock()  # before the contact's, as everywhere
        find_all(request).select_for_update(no_key=True).get(pk=contact_id)
        require_match(request, current or (lambda: _etag(request, contact_id)))
    return contact


def find_alive(request: ApiRequest, contact_id: int, current: Callable[[], str] | None = None) -> Contact:
    """The same, to be written: 409 when it is in the trash."""
    contact = find_unchanged(request, contact_id, current)
    if contact.is_trashed:
        raise Problem(409, "in-trash", IN_TRASH)
    return contact


def find_field(request: ApiRequest, key: str) -> Field:
    found = [field for field in active_fields(request) if field.key == key]
    if not found:
        raise Http404
    return found[0]


def find_alive_value(request: ApiRequest, contact_id: int, key: str) -> tuple[Contact, Field]:
    """The contact and the field whose value is to be written."""
    field = find_field(request, key)
    return find_alive(request, contact_id, lambda: _value_etag(field, _stored(request, contact_id, field))), field


def _stored(request: ApiRequest, contact_id: int, field: Field) -> Any:
    return field_values.read(request.workspace, [contact_id], [field])[contact_id].get(field.pk)


# Operations


@router.get(
    "/contacts",
    auth=READ,
    response=Listed[ContactOut],
    summary="List contacts",
    openapi_extra={"parameters": [*listing.PARAMETERS, *FILTERS]},
)
def list_contacts(request: ApiRequest) -> HttpResponse:
    """Every custom field filters too: `cf_<key>=…`, and with an operator, such as `cf_<key>__in=a,b`: `not`, `in` and
    `empty` for every type, `contains` for text, url and email, `gt gte lt lte` for number and date, `any` and `all`
    for a multiple select."""
    fields = active_fields(request)
    asked = ContactFilter(request.GET, request.workspace, fields)
    if asked.problems:
        raise listing.bad_filters(asked.problems)
    contacts, keys, among = asked.planned(Contact.objects.for_workspace(request.workspace))

    def shown(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return documents.many(request.workspace.pk, [row["id"] for row in page], fields)

    return listing.respond(request.GET, contacts.values(*{"id", *(key.name for key in keys)}), keys, shown, among)


@router.post(
    "/contacts",
    auth=WRITE,
    response={201: ContactOut, 200: ContactOut | BulkOut},
    summary="Create a contact, or many",
    openapi_extra={
        "parameters": [
            parameter(
                "on_conflict",
                "When the address is known: refuse, change that contact, or leave it; one in the trash is restored",
                type="string",
                enum=bulk.ON_CONFLICT,
                default=bulk.ON_CONFLICT[0],
            ),
            parameter("atomic", "Of many: all or none", type="boolean", default=False),
        ]
    },
)
def create_contacts(request: ApiRequest, payload: OneOrMany = Body(...)) -> HttpResponse:  # noqa: B008
    """201 for one that was created, 200 for one that was there. An array (at most 1,000) answers 200 with a result for
    each, in their order."""
    listing.only(request.GET, ["on_conflict", "atomic"])
    on_conflict = listing.choice(request.GET, "on_conflict", bulk.ON_CONFLICT)
    atomic = listing.flag(request.GET, "atomic")
    if isinstance(payload, list):
        return answer(bulk.put_many(request, payload, on_conflict, atomic))
    outcome = bulk.put(request, payload, on_conflict)
    contact_id = outcome.contact_id or 0
    if outcome.status != "created":
        return answer_contact(request, contact_id)
    return answer_contact(request, contact_id, 201, Location=f"{request.path}/{contact_id}")


@router.get(
    "/contacts/{id:contact_id}", auth=READ, response=ContactOut, summary="Read a contact", openapi_extra=COMPARED
)
def read_contact(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    """One in the trash too; `deleted_at` says so."""
    listing.only(request.GET)
    return answer_contact(request, find(request, contact_id).pk)


@router.patch(
    "/contacts/{id:contact_id}",
    auth=WRITE,
    response=ContactOut,
    summary="Change a contact",
    openapi_extra=MATCHED,
)
def change_contact(request: ApiRequest, contact_id: RowId, payload: ContactPatch) -> HttpResponse:
    listing.only(request.GET)
    contact = find_alive(request, contact_id)
    with as_problems():
        contact.change(request.actor, **payload.changes(request))
    return answer_contact(request, contact_id)


@router.delete(
    "/contacts/{id:contact_id}",
    auth=WRITE,
    response={204: None},
    summary="Put a contact into the trash",
    openapi_extra=MATCHED,
)
def delete_contact(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    find_unchanged(request, contact_id)
    Contact.objects.for_workspace(request.workspace).filter(pk=contact_id).trash(request.actor)
    return HttpResponse(status=204)


@router.post(
    "/contacts/{id:contact_id}/restore",
    auth=WRITE,
    response={200: ContactOut},
    summary="Bring a contact back from the trash",
)
def restore_contact(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    """429 when the quota has no room for it."""
    listing.only(request.GET)
    find(request, contact_id)
    bulk.restore(request, contact_id)
    return answer_contact(request, contact_id)


@router.post("/contacts/bulk-delete", auth=WRITE, response=Deleted, summary="Put many contacts into the trash")
def delete_contacts(request: ApiRequest, payload: Ids) -> HttpResponse:
    listing.only(request.GET)
    contacts = Contact.objects.for_workspace(request.workspace).filter(pk__in=payload.ids)
    known = set(contacts.filter(erased_at__isnull=True).values_list("pk", flat=True))
    deleted, _ = contacts.trash(request.actor)
    return answer({"deleted": deleted, "not_found": sorted(set(payload.ids) - known)})


VALUES = "/contacts/{id:contact_id}/custom-fields"
VALUE = VALUES + "/{key}"


@router.get(
    VALUES,
    auth=READ,
    response=Listed[ValueOut],
    summary="List a contact's values",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_values(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    """Of every field that isn't archived, in their order."""
    listing.only(request.GET, listing.PAGING)
    contact = find(request, contact_id)
    fields = Field.objects.for_workspace(request.workspace).active().with_options()

    def shown(page: list[Field]) -> list[dict[str, Any]]:
        values = field_values.read(request.workspace, [contact.pk], page)[contact.pk]
        return [show_value(field, values.get(field.pk)) for field in page]

    return listing.respond(request.GET, fields, [Key("position"), Key("id")], shown)


@router.get(VALUE, auth=READ, response=ValueOut, summary="Read a contact's value", openapi_extra=COMPARED)
def read_value(request: ApiRequest, contact_id: RowId, key: str) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find(request, contact_id), find_field(request, key)
    return answer_value(field, _stored(request, contact.pk, field))


@router.put(VALUE, auth=WRITE, response=ValueOut, summary="Set a contact's value", openapi_extra=MATCHED)
def set_value(request: ApiRequest, contact_id: RowId, key: str, payload: ValueIn) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find_alive_value(request, contact_id, key)
    try:
        value = field.type.parse_json(field, payload.value, stored=_stored(request, contact_id, field))
    except InvalidValue as error:
        raise invalid([FieldError("/value", error.code, error.message)]) from error
    contact.change(request.actor, values={field: value})
    return answer_value(field, value)


@router.delete(
    VALUE, auth=WRITE, response={204: None, 409: None}, summary="Clear a contact's value", openapi_extra=MATCHED
)
def clear_value(request: ApiRequest, contact_id: RowId, key: str) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find_alive_value(request, contact_id, key)
    contact.change(request.actor, values={field: None})
    return HttpResponse(status=204)


@router.get(
    "/tags",
    auth=READ,
    response=Listed[TagOut],
    summary="List the tags",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_tags(request: ApiRequest) -> HttpResponse:
    """By name."""
    listing.only(request.GET, listing.PAGING)
    tags = Tag.objects.for_workspace(request.workspace).values("id", "name", "name_lower")
    keys = [Key("name_lower"), Key("id")]
    return listing.respond(
        request.GET, tags, keys, lambda rows: [{"id": row["id"], "name": row["name"]} for row in rows]
    )
