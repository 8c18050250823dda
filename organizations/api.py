"""API of organizations."""

from collections import defaultdict
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router
from pydantic import AfterValidator
from pydantic import Field as Property

from gopimi.lib import addresses, listing
from gopimi.lib.etags import COMPARED, MATCHED, etag, require_match
from gopimi.lib.exactjson import answer
from gopimi.lib.inputs import ABSENT, Input, Line, RowId, wrong
from gopimi.lib.listing import Listed, parameter
from gopimi.lib.reference import TIMES, Moment, Output, example
from gopimi.workspaces.authentication import ApiRequest, Bearer
from organizations.models import Domain, Organization
from organizations.querysets import NAME_LENGTH, OrganizationQuerySet, domain_name

router = Router(tags=["Organizations"])
READ, WRITE = Bearer("contacts:read"), Bearer("contacts:write")
SORTS = {"name": "name_key", "created_at": "created_at", "updated_at": "updated_at", "contact_count": "contact_count"}
COLUMNS = ("id", "name", "contact_count", "created_at", "updated_at")
EXAMPLE: dict[str, Any] = {"name": "Acme", "domains": ["acme.example"]}


def _domain(text: str) -> str:
    try:
        return domain_name(text)
    except ValidationError as refusal:
        error = refusal.error_dict["domains"][0]
        raise wrong(error.code or "invalid", " ".join(error.messages)) from refusal


Name = Annotated[str, Line(NAME_LENGTH, required=True)]
DomainName = Annotated[str, Property(max_length=253), AfterValidator(_domain)]
Domains = Annotated[list[DomainName], Property(max_length=200, description="New contacts with an address there join")]


class OrganizationIn(Input):
    name: Name
    domains: Domains = []

    model_config = {"json_schema_extra": {"example": EXAMPLE}}


class OrganizationPatch(Input):
    name: Name = ABSENT
    domains: Domains | None = Property(default=ABSENT, description="Replaces all domains")

    model_config = {"json_schema_extra": {"example": EXAMPLE}}


class OrganizationOut(Output):
    id: int
    name: str
    domains: list[str]
    contact_count: int
    created_at: Moment
    updated_at: Moment

    model_config = example(
        id=3,
        **EXAMPLE,
        contact_count=12,
        **TIMES,
    )


@router.get(
    "/organizations",
    auth=READ,
    response=Listed[OrganizationOut],
    summary="List organizations",
    openapi_extra={
        "parameters": [
            *listing.PARAMETERS,
            parameter("q", "Words, each a fragment of the name or of a domain", type="string"),
            parameter("domain", "The exact mail domain", type="string"),
            listing.sort_parameter(SORTS, "-created_at"),
        ]
    },
)
def list_organizations(request: ApiRequest) -> HttpResponse:
    listing.only(request.GET, {*listing.PAGING, "q", "domain", "sort"})
    keys = listing.order(request.GET, SORTS, "-created_at")
    rows = _filtered(request).values(*{*COLUMNS, *(key.name for key in keys)})
    return listing.respond(request.GET, rows, keys, lambda page: show(request, page))


@router.post("/organizations", auth=WRITE, response={201: OrganizationOut}, summary="Create an organization")
def create_organization(request: ApiRequest, payload: OrganizationIn) -> HttpResponse:
    listing.only(request.GET)
    organization = _all(request).define(name=payload.name, domains=payload.domains)
    return _answer(request, organization.pk, 201, Location=f"{request.path}/{organization.pk}")


@router.get(
    "/organizations/{id:organization_id}",
    auth=READ,
    response=OrganizationOut,
    summary="Read an organization",
    openapi_extra=COMPARED,
)
def read_organization(request: ApiRequest, organization_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    return _answer(request, _find(request, organization_id).pk)


@router.patch(
    "/organizations/{id:organization_id}",
    auth=WRITE,
    response=OrganizationOut,
    summary="Change an organization",
    openapi_extra=MATCHED,
)
def change_organization(request: ApiRequest, organization_id: RowId, payload: OrganizationPatch) -> HttpResponse:
    listing.only(request.GET)
    organization = _find_unchanged(request, organization_id)
    given = payload.given("name")
    if "domains" in payload.model_fields_set:
        given["domains"] = payload.domains or []
    if given:
        organization.change(**given)
    return _answer(request, organization_id)


@router.delete(
    "/organizations/{id:organization_id}",
    auth=WRITE,
    response={204: None},
    summary="Delete an organization",
    openapi_extra=MATCHED,
)
def delete_organization(request: ApiRequest, organization_id: RowId) -> HttpResponse:
    """Its contacts stay, without organization."""
    listing.only(request.GET)
    _find_unchanged(request, organization_id).delete()
    return HttpResponse(status=204)


def _all(request: ApiRequest) -> OrganizationQuerySet:
    return Organization.objects.for_workspace(request.workspace)


def _find(request: ApiRequest, organization_id: int) -> Organization:
    return get_object_or_404(_all(request), pk=organization_id)


def _find_unchanged(request: ApiRequest, organization_id: int) -> Organization:
    """The same, to be written; what `If-Match` asks for holds until then."""
    _all(request).lock()  # before the organization's, as everywhere
    organization = get_object_or_404(_all(request).select_for_update(no_key=True), pk=organization_id)
    require_match(request, lambda: etag([organization.name, organization.domain_names]))
    return organization


def _filtered(request: ApiRequest) -> OrganizationQuerySet:
    rows = _all(request)
    if words := listing.words(request.GET, "q"):
        rows = rows.search(" ".join(words))
    if "domain" in request.GET:
        domain = listing.text(request.GET, "domain")
        domains = Domain.objects.for_workspace(request.workspace).filter(organization=OuterRef("pk"))
        rows = rows.filter(Exists(domains.filter(name=addresses.ascii_domain(domain))))
    return rows


def show(request: ApiRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Organizations from their COLUMNS, with their domains."""
    domains = defaultdict(list)
    found = Domain.objects.for_workspace(request.workspace).filter(organization_id__in=[row["id"] for row in rows])
    for organization_id, name in found.values_list("organization_id", "name"):
        domains[organization_id].append(name)
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "domains": domains[row["id"]],
            "contact_count": row["contact_count"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def _answer(request: ApiRequest, organization_id: int, status: int = 200, **headers: str) -> HttpResponse:
    rows = _all(request).filter(pk=organization_id).values(*COLUMNS)
    (document,) = show(request, list(rows))
    return answer(document, status, ETag=etag([document["name"], document["domains"]]), **headers)
