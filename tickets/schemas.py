"""Tickets, conversations and messages as the API's JSON: what goes in, what comes out."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, ValidationInfo, model_validator
from pydantic import Field as Property

from contacts.models import Contact
from contacts.schemas import Email, Name, Tags
from gopimi.lib.inputs import ABSENT, Input, Line, RowId, Text, wrong
from gopimi.lib.reference import TIMES, Moment, Output, example
from gopimi.workspaces.authentication import ApiRequest
from gopimi.workspaces.models import Membership, display_name
from tickets.models import Attachment, Conversation, Message, Priority, Status, TicketTag

SUBJECT_LENGTH, BODY_LENGTH = 500, 1_000_000

StatusName: TypeAlias = Literal[*Status.values]  # type: ignore[valid-type]
ConversationStatus: TypeAlias = Literal[*Conversation.Status.values]  # type: ignore[valid-type]
PRIORITIES = tuple(priority.name.lower() for priority in Priority)
PriorityName: TypeAlias = Literal[*PRIORITIES]  # type: ignore[valid-type]


# What goes in


def _known_contact(contact_id: int, info: ValidationInfo) -> int:
    request = info.context["request"]  # type: ignore[index]
    known = Contact.objects.for_workspace(request.workspace).filter(erased_at__isnull=True, pk=contact_id)
    deleted_at = known.values_list("deleted_at", flat=True)
    if not deleted_at:
        raise wrong("unknown", "There is no contact with this id.")
    if deleted_at[0]:
        raise wrong("in_trash", "This contact is in the trash. Restore it first.")
    return contact_id


def _member(user_id: int, info: ValidationInfo) -> int:
    request = info.context["request"]  # type: ignore[index]
    if not Membership.objects.filter(workspace=request.workspace, user=user_id).exists():
        raise wrong("unknown", "There is no member with this id.")
    return user_id


ContactId = Annotated[RowId, AfterValidator(_known_contact)]
AssigneeId = Annotated[RowId, AfterValidator(_member)]
Subject = Annotated[str, Line(SUBJECT_LENGTH, required=True)]
Body = Annotated[str, Text(BODY_LENGTH, required=True)]


class Requester(Input):
    email: Email
    name: Name = ""


class TicketIn(Input):
    subject: Subject
    body: Body = Property(description="The requester's first message; no mail goes out")
    contact_id: ContactId = ABSENT
    contact: Requester = Property(default=ABSENT, description="Found by the address, or created")
    priority: PriorityName = "normal"
    assignee_id: AssigneeId | None = None
    tags: Tags = []

    model_config = {
        "json_schema_extra": {
            "oneOf": [{"required": ["contact_id"]}, {"required": ["contact"]}],
            "example": {
                "subject": "Can't sign in",
                "body": "It says my password is wrong.",
                "contact": {"email": "dana@acme.example", "name": "Dana Cole"},
                "priority": "high",
            },
        }
    }

    @model_validator(mode="after")
    def one_contact(self) -> "TicketIn":
        if len({"contact", "contact_id"} & self.model_fields_set) != 1:
            raise wrong("required", "Give either contact_id or contact.")
        return self


class TicketPatch(Input):
    subject: Subject = ABSENT
    status: StatusName = ABSENT
    priority: PriorityName = ABSENT
    contact_id: ContactId = ABSENT
    assignee_id: AssigneeId | None = ABSENT
    tags: Tags | None = Property(default=ABSENT, description="Replaces all tags")

    model_config = {"json_schema_extra": {"example": {"status": "resolved"}}}


class ConversationIn(Input):
    subject: Subject
    body: Body = Property(description="The first message; no mail goes out")
    contact_id: ContactId | None = None

    model_config = {"json_schema_extra": {"example": {"subject": "Partnership", "body": "Shall we talk?"}}}


class ConversationPatch(Input):
    subject: Subject = ABSENT
    status: ConversationStatus = ABSENT
    contact_id: ContactId | None = ABSENT
    assignee_id: AssigneeId | None = ABSENT

    model_config = {"json_schema_extra": {"example": {"status": "closed"}}}


class MessageIn(Input):
    body: Body
    note: bool = Property(default=False, description="Stays inside; a reply is mailed to the requester")

    model_config = {"json_schema_extra": {"example": {"body": "Try it again, please."}}}


# What comes out


class ContactRef(Output):
    id: int
    name: str
    email: str | None = Property(description="null for an erased person")


class MemberRef(Output):
    id: int
    name: str


PEOPLE_EXAMPLE = {
    "contact": {"id": 7, "name": "Dana Cole", "email": "dana@acme.example"},
    "assignee": {"id": 1, "name": "Alice"},
}


class TicketOut(Output):
    number: int
    subject: str
    status: StatusName
    priority: PriorityName
    contact: ContactRef
    assignee: MemberRef | None
    tags: list[str]
    created_at: Moment
    updated_at: Moment

    model_config = example(
        number=77,
        subject="Can't sign in",
        status="open",
        priority="high",
        **PEOPLE_EXAMPLE,
        tags=["login"],
        **TIMES,
    )


class ConversationOut(Output):
    id: int
    subject: str
    status: ConversationStatus
    contact: ContactRef | None
    assignee: MemberRef | None
    created_at: Moment
    updated_at: Moment

    model_config = example(id=7, subject="Partnership", status="open", **PEOPLE_EXAMPLE, **TIMES)


class AuthorOut(Output):
    type: Literal[*Message.Author.values]  # type: ignore[valid-type]
    name: str
    email: str


class AttachmentOut(Output):
    id: int
    filename: str
    content_type: str
    size: int = Property(description="Bytes")
    url: str = Property(description="Where it is got, with the same token")


class MessageOut(Output):
    id: int
    direction: Literal[*Message.Direction.values]  # type: ignore[valid-type]
    author: AuthorOut
    body_text: str
    body_html: str = Property(description="Made safe; a remote image waits in data-src; empty where there is none")
    attachments: list[AttachmentOut]
    state: Literal[*Message.State.values]  # type: ignore[valid-type]
    created_at: Moment

    model_config = example(
        id=12,
        direction="outbound",
        author={"type": "agent", "name": "Alice", "email": "alice@acme.example"},
        body_text="Try it again, please.",
        body_html="",
        attachments=[],
        state="sent",
        created_at=TIMES["created_at"],
    )


PEOPLE = (
    "contact_id", "contact__name", "contact__email", "assignee_id", "assignee__name", "assignee__email",
)  # fmt: skip
FILE = ("id", "filename", "content_type", "size")
COLUMNS = ("id", "subject", "status", *PEOPLE, "created_at", "updated_at")


def _people(row: dict[str, Any]) -> dict[str, Any]:
    contact_id, assignee_id = row["contact_id"], row["assignee_id"]
    return {
        "contact": contact_id and {"id": contact_id, "name": row["contact__name"], "email": row["contact__email"]},
        "assignee": assignee_id
        and {"id": assignee_id, "name": display_name(row["assignee__name"], row["assignee__email"])},
    }


def show_tickets(request: ApiRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tags = defaultdict(list)
    links = TicketTag.objects.for_workspace(request.workspace).filter(ticket_id__in=[row["id"] for row in rows])
    for ticket_id, name in links.order_by("tag__name_lower").values_list("ticket_id", "tag__name"):
        tags[ticket_id].append(name)
    return [
        {
            "number": row["number"],
            "subject": row["subject"],
            "status": row["status"],
            "priority": Priority(row["priority"]).name.lower(),
            **_people(row),
            "tags": tags[row["id"]],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def show_conversations(request: ApiRequest, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "subject": row["subject"],
            "status": row["status"],
            **_people(row),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def show_messages(request: ApiRequest, messages: Sequence[Message]) -> list[dict[str, Any]]:
    files = defaultdict(list)
    found = Attachment.objects.for_workspace(request.workspace).filter(message__in=messages).order_by("id")
    for message_id, *file in found.values_list("message_id", *FILE):
        url = request.build_absolute_uri(f"/api/v1/attachments/{file[0]}")
        files[message_id].append({**dict(zip(FILE, file, strict=True)), "url": url})
    return [
        {
            "id": message.pk,
            "direction": message.direction,
            "author": {"type": message.author_type, "name": message.author_name, "email": message.author_email},
            "body_text": message.body_text,
            "body_html": message.body_html,
            "attachments": files[message.pk],
            "state": message.state,
            "created_at": message.created_at,
        }
        for message in messages
    ]
