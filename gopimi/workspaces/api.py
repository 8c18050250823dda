"""API of the workspace itself: how many contacts it has room for, and who works in it."""

from typing import Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from gopimi.lib import listing
from gopimi.lib.exactjson import answer
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed
from gopimi.lib.reference import Output, example
from gopimi.workspaces.authentication import ApiRequest, Bearer
from gopimi.workspaces.models import Membership, Role, display_name

router = Router(tags=["Workspace"])
READ = Bearer("contacts:read")


class ContactQuota(Output):
    limit: int | None = Field(description="null where there is no limit")
    used: int = Field(description="Contacts outside of the trash")
    available: int | None = Field(description="How many can still be created")


class QuotaOut(Output):
    contacts: ContactQuota

    model_config = example(contacts={"limit": 5000, "used": 4821, "available": 179})


class MemberOut(Output):
    id: int
    name: str
    email: str
    role: Literal[*Role.values]  # type: ignore[valid-type]

    model_config = example(id=1, name="Alice", email="alice@acme.example", role="admin")


@router.get("/quota", auth=READ, response=QuotaOut, summary="Read the contact quota")
def read_quota(request: ApiRequest) -> HttpResponse:
    listing.only(request.GET)
    workspace = request.workspace
    limit, used, available = workspace.contact_quota, workspace.contact_count, workspace.contacts_available
    return answer({"contacts": {"limit": limit, "used": used, "available": available}})


@router.get(
    "/members",
    auth=READ,
    response=Listed[MemberOut],
    summary="List the members",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_members(request: ApiRequest) -> HttpResponse:
    """Who can be the assignee of a ticket or a conversation."""
    listing.only(request.GET, listing.PAGING)
    rows = Membership.objects.filter(workspace=request.workspace).values("user_id", "user__name", "user__email", "role")
    return listing.respond(request.GET, rows, [Key("user_id")], _show_members)


def _show_members(rows: list[dict]) -> list[dict]:
    return [
        {
            "id": row["user_id"],
            "name": display_name(row["user__name"], row["user__email"]),
            "email": row["user__email"],
            "role": row["role"],
        }
        for row in rows
    ]
