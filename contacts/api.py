"""API of contacts: lists, single ones, and their values of custom fields."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from contacts.filters import ContactFilter
from contacts.models import Contact, Source, Tag
from contacts.querysets import AddressTaken
from contacts.schemas import (
    COLUMNS,
    ContactIn,
    ContactOut,
    ContactPatch,
    Deleted,
    Ids,
    TagOut,
    ValueIn,
    ValueOut,
    show,
    show_value,
)  # fmt: skip
from customfields import values as field_values
from customfields.api import active_fields
from customfields.models import Field
from customfields.parsing import InvalidValue
from gopimi.lib import listing
from gopimi.lib.exactjson import answer
from gopimi.lib.inputs import RowId, invalid
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed, parameter
from gopimi.lib.problems import FieldError, Problem
from gopimi.workspaces.authentication import ApiRequest, Bearer
from gopimi.workspaces.models import QuotaExceeded

router = Router(tags=["Contacts"])
READ, WRITE = Bearer("contacts:read"), Bearer("contacts:write")
IN_TRASH = "This contact is in the trash. Restore it first."


FILTERS = [
    parameter("q", "Words, each a fragment of name, email or organization's name", type="string"),
    parameter("email", "The exact address", type="string", pattern="@"),
    parameter("organization", "An organization's id", type="integer", minimum=1),
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
        "name, email, created_at, updated_at, organization or `cf_<key>`; with `-` in front descending",
        type="string",
        default="-created_at",
    ),
]


def _answer(request: ApiRequest, contact_id: int, status: int = 200, **headers: str) -> HttpResponse:
    """One contact as it is stored now."""
    rows = Contact.objects.for_workspace(request.workspace).filter(pk=contact_id).values(*COLUMNS)
    return answer(show(request, list(rows))[0], status, **headers)


# How they are found


def find(request: ApiRequest, contact_id: int) -> Contact:
    """Raises 404, for an erased person too."""
    known = Contact.objects.for_workspace(request.workspace).filter(erased_at__isnull=True)
    return get_object_or_404(known.select_related("organization"), pk=contact_id)


def find_alive(request: ApiRequest, contact_id: int) -> Contact:
    """The same, to be written: 409 when it is in the trash."""
    contact = find(request, contact_id)
    if contact.is_trashed:
        raise Problem(409, "in-trash", IN_TRASH)
    return contact


def find_field(request: ApiRequest, key: str) -> Field:
    found = [field for field in active_fields(request) if field.key == key]
    if not found:
        raise Http404
    return found[0]


@contextmanager
def as_problems() -> Iterator[None]:
    """What the rules of contacts refuse, as an answer."""
    try:
        yield
    except AddressTaken as error:
        extra = {"existing_id": error.contact.pk, "in_trash": error.contact.is_trashed}
        raise Problem(409, "email-taken", str(error), extra=extra) from error
    except QuotaExceeded as error:
        extra = {"limit": error.limit, "used": error.used, "requested": error.requested}
        raise Problem(429, "quota-exceeded", str(error), extra=extra) from error


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
    asked = ContactFilter(request.GET, request.workspace, active_fields(request))
    if asked.problems:
        raise listing.bad_filters(asked.problems)
    contacts, keys = asked.ordered(asked.apply(Contact.objects.for_workspace(request.workspace)))
    names = {*COLUMNS, *(key.name for key in keys)}
    return listing.respond(request.GET, contacts.values(*names), keys, lambda rows: show(request, rows))


@router.post("/contacts", auth=WRITE, response={201: ContactOut}, summary="Create a contact")
def create_contact(request: ApiRequest, payload: ContactIn) -> HttpResponse:
    listing.only(request.GET)
    given = payload.properties(request)
    with as_problems():
        contact = Contact.objects.for_workspace(request.workspace).add(
            request.actor, source=Source.API, tags=payload.tags or [], values=payload.custom_fields, **given
        )
    return _answer(request, contact.pk, 201, Location=f"{request.path}/{contact.pk}")


@router.get("/contacts/{id:contact_id}", auth=READ, response=ContactOut, summary="Read a contact")
def read_contact(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    """One in the trash too; `deleted_at` says so."""
    listing.only(request.GET)
    return _answer(request, find(request, contact_id).pk)


@router.patch("/contacts/{id:contact_id}", auth=WRITE, response=ContactOut, summary="Change a contact")
def change_contact(request: ApiRequest, contact_id: RowId, payload: ContactPatch) -> HttpResponse:
    listing.only(request.GET)
    contact = find_alive(request, contact_id)
    with as_problems():
        contact.change(request.actor, **payload.changes(request))
    return _answer(request, contact_id)


@router.delete("/contacts/{id:contact_id}", auth=WRITE, response={204: None}, summary="Put a contact into the trash")
def delete_contact(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    find(request, contact_id)
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
    restored = Contact.objects.for_workspace(request.workspace).filter(pk=contact_id).restore(request.actor)
    if restored.left:
        workspace = request.workspace.lock()
        with as_problems():
            raise QuotaExceeded(workspace.contact_quota or 0, workspace.contact_count, 1)
    return _answer(request, contact_id)


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


@router.get(VALUE, auth=READ, response=ValueOut, summary="Read a contact's value")
def read_value(request: ApiRequest, contact_id: RowId, key: str) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find(request, contact_id), find_field(request, key)
    value = field_values.read(request.workspace, [contact.pk], [field])[contact.pk].get(field.pk)
    return answer(show_value(field, value))


@router.put(VALUE, auth=WRITE, response=ValueOut, summary="Set a contact's value")
def set_value(request: ApiRequest, contact_id: RowId, key: str, payload: ValueIn) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find_alive(request, contact_id), find_field(request, key)
    stored = field_values.read(request.workspace, [contact.pk], [field])[contact.pk].get(field.pk)
    try:
        value = field.type.parse_json(field, payload.value, stored=stored)
    except InvalidValue as error:
        raise invalid([FieldError("/value", error.code, error.message)]) from error
    contact.change(request.actor, values={field: value})
    return answer(show_value(field, value))


@router.delete(VALUE, auth=WRITE, response={204: None, 409: None}, summary="Clear a contact's value")
def clear_value(request: ApiRequest, contact_id: RowId, key: str) -> HttpResponse:
    listing.only(request.GET)
    contact, field = find_alive(request, contact_id), find_field(request, key)
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
