"""API of tickets and of conversations, and of the messages in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router
from pydantic import Field as Property
from pydantic import ValidationError

from contacts.api import find as find_contact
from contacts.bulk import as_problems
from contacts.models import Contact, Source
from contacts.querysets import AddressTaken
from gopimi.lib import listing
from gopimi.lib.etags import COMPARED, MATCHED, etag, require_match
from gopimi.lib.exactjson import answer
from gopimi.lib.filtering import ORDER
from gopimi.lib.inputs import LARGEST_ID, RowId, StrictParser, field_errors, invalid
from gopimi.lib.keyset import Key
from gopimi.lib.listing import Listed, parameter
from gopimi.lib.problems import FieldError
from gopimi.workspaces.authentication import ApiRequest, Bearer
from gopimi.workspaces.models import User
from tickets import outbound
from tickets.attachments import MOST_BYTES, TOO_LARGE
from tickets.filters import ConversationFilter, ThreadFilter, TicketFilter
from tickets.models import Attachment, Conversation, Priority, Ticket
from tickets.schemas import (
    BODY_LENGTH,
    COLUMNS,
    PRIORITIES,
    ConversationIn,
    ConversationOut,
    ConversationPatch,
    MessageIn,
    MessageOut,
    TicketIn,
    TicketOut,
    TicketPatch,
    show_conversations,
    show_messages,
    show_tickets,
)

router = Router(tags=["Tickets"])
inbox = Router(tags=["Inbox"])
READ, WRITE = Bearer("tickets:read"), Bearer("tickets:write")
MOST_FILES = 50
TICKET, CONVERSATION = "/tickets/{number:number}", "/conversations/{id:conversation_id}"
Number = Annotated[int, Property(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Threads:
    """What the routes of tickets and of conversations have in common; `show` makes JSON of rows of `columns`."""

    model: type[Ticket] | type[Conversation]
    filter: type[ThreadFilter]
    columns: Sequence[str]
    show: Callable[[ApiRequest, list[dict[str, Any]]], list[dict[str, Any]]]

    def rows(self, request: ApiRequest) -> QuerySet:
        return self.model.objects.for_workspace(request.workspace)

    def find(self, request: ApiRequest, **by: int) -> Any:
        """Raises 404."""
        return get_object_or_404(self.rows(request), **by)

    def find_unchanged(self, request: ApiRequest, **by: int) -> Any:
        """The same, to be written; what `If-Match` asks for holds until then."""
        thread = self.find(request, **by)
        if "If-Match" in request.headers:
            self.rows(request).select_for_update(no_key=True).get(pk=thread.pk)
            require_match(request, lambda: self.answer(request, thread)["ETag"])
        return thread

    def list(self, request: ApiRequest, **of: Any) -> HttpResponse:
        """One page of those that the query asks for, of all or of a contact's."""
        asked = self.filter(request.GET, request.workspace)
        if asked.problems:
            raise listing.bad_filters(asked.problems)
        rows = self.rows(request).filter(*asked.conditions, **of)
        columns = rows.values(*{*self.columns, *(key.name for key in asked.keys)})
        return listing.respond(
            request.GET, columns, asked.keys, lambda page: self.show(request, page), among=asked.among
        )

    def answer(self, request: ApiRequest, thread: Any, status: int = 200, **headers: str) -> HttpResponse:
        """One of them as it is stored now. Its ETag is over what a PATCH may change: of people the ids."""
        (document,) = self.show(request, list(self.rows(request).filter(pk=thread.pk).values(*self.columns)))
        people = [document[name] and document[name]["id"] for name in ("contact", "assignee")]
        own = [document.get(name) for name in ("subject", "status", "priority", "tags")]
        return answer(document, status, ETag=etag([people, own]), **headers)


TICKETS = Threads(Ticket, TicketFilter, (*COLUMNS, "number", "priority"), show_tickets)
CONVERSATIONS = Threads(Conversation, ConversationFilter, COLUMNS, show_conversations)


def _list_messages(request: ApiRequest, thread: Ticket | Conversation) -> HttpResponse:
    listing.only(request.GET, listing.PAGING)
    messages = thread.messages.for_workspace(request.workspace)
    keys = [Key("created_at"), Key("id")]
    return listing.respond(request.GET, messages, keys, lambda page: show_messages(request, page))


def _parameters(asked: type[ThreadFilter], nobody: bool) -> dict[str, Any]:
    """What a list can be asked, for the OpenAPI document."""
    a_row = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
    or_none = {"anyOf": [a_row, {"const": "none"}]}
    described = {
        "q": parameter("q", "Words, each a fragment of the subject, or the number", type="string"),
        "status": listing.choices_parameter("status", "One, or several with commas", asked.STATUSES),
        "priority": listing.choices_parameter("priority", "One, or several with commas", PRIORITIES),
        "contact": parameter("contact", "A contact's id", **(or_none if nobody else a_row)),
        "organization": parameter("organization", "An organization's id", **a_row),
        "assignee": parameter("assignee", "A member's id, or none", **or_none),
        "mailbox": parameter("mailbox", "A mailbox's id", **a_row),
        "tag": parameter("tag", "A tag's name", type="string"),
    }
    times = [
        parameter(f"{column}__{operator}", "A time or a day", type="string", format="date-time")
        for column in ("created_at", "updated_at")
        for operator in ORDER
    ]
    filters = [described[name] for name in asked.TESTS if name in described]
    return {"parameters": [*listing.PARAMETERS, *filters, *times, listing.sort_parameter(asked.SORTS, "-updated_at")]}


ASK_TICKETS = _parameters(TicketFilter, nobody=False)
ASK_CONVERSATIONS = _parameters(ConversationFilter, nobody=True)


# Tickets


@router.get("/tickets", auth=READ, response=Listed[TicketOut], summary="List tickets", openapi_extra=ASK_TICKETS)
def list_tickets(request: ApiRequest) -> HttpResponse:
    return TICKETS.list(request)


@router.get(
    "/contacts/{id:contact_id}/tickets",
    auth=READ,
    response=Listed[TicketOut],
    summary="List a contact's tickets",
    openapi_extra=ASK_TICKETS,
)
def list_contact_tickets(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    return TICKETS.list(request, contact=find_contact(request, contact_id))


@router.post("/tickets", auth=WRITE, response={201: TicketOut}, summary="Create a ticket")
def create_ticket(request: ApiRequest, payload: TicketIn) -> HttpResponse:
    listing.only(request.GET)
    ticket = Ticket.objects.for_workspace(request.workspace).open(
        request.actor,
        _requester(request, payload),
        payload.subject,
        payload.body,
        assignee=_user(payload.assignee_id),
        priority=Priority[payload.priority.upper()],
        tags=payload.tags,
    )
    return TICKETS.answer(request, ticket, 201, Location=f"{request.path}/{ticket.number}")


@router.get(TICKET, auth=READ, response=TicketOut, summary="Read a ticket", openapi_extra=COMPARED)
def read_ticket(request: ApiRequest, number: Number) -> HttpResponse:
    listing.only(request.GET)
    return TICKETS.answer(request, TICKETS.find(request, number=number))


@router.patch(TICKET, auth=WRITE, response=TicketOut, summary="Change a ticket", openapi_extra=MATCHED)
def change_ticket(request: ApiRequest, number: Number, payload: TicketPatch) -> HttpResponse:
    listing.only(request.GET)
    ticket = TICKETS.find_unchanged(request, number=number)
    changes = _changes(request, payload.given())
    if "priority" in changes:
        changes["priority"] = Priority[changes["priority"].upper()]
    if "tags" in changes:
        changes["tags"] = changes["tags"] or []
    ticket.change(request.actor, **changes)
    return TICKETS.answer(request, ticket)


@router.get(
    f"{TICKET}/messages",
    auth=READ,
    response=Listed[MessageOut],
    summary="List a ticket's messages",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_ticket_messages(request: ApiRequest, number: Number) -> HttpResponse:
    """The oldest first."""
    return _list_messages(request, TICKETS.find(request, number=number))


# The same body as JSON or, with files, as a form.
MESSAGE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": MessageIn.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["body"],
                    "properties": {
                        "body": {"type": "string", "minLength": 1, "maxLength": BODY_LENGTH},
                        "note": {"type": "string", "enum": ["true", "false"], "default": "false"},
                        "attachments": {
                            "type": "array",
                            "maxItems": MOST_FILES,
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                }
            },
        },
    }
}


@router.post(
    f"{TICKET}/messages",
    auth=WRITE,
    response={201: MessageOut},
    summary="Reply to a ticket, or note something",
    openapi_extra=MESSAGE_BODY,
)
def create_ticket_message(request: ApiRequest, number: Number) -> HttpResponse:
    """A reply is mailed to the requester, a note isn't. The status stays as it is."""
    return _write(request, TICKETS.find(request, number=number))


# Conversations


@inbox.get(
    "/conversations",
    auth=READ,
    response=Listed[ConversationOut],
    summary="List conversations",
    openapi_extra=ASK_CONVERSATIONS,
)
def list_conversations(request: ApiRequest) -> HttpResponse:
    return CONVERSATIONS.list(request)


@inbox.get(
    "/contacts/{id:contact_id}/conversations",
    auth=READ,
    response=Listed[ConversationOut],
    summary="List a contact's conversations",
    openapi_extra=ASK_CONVERSATIONS,
)
def list_contact_conversations(request: ApiRequest, contact_id: RowId) -> HttpResponse:
    return CONVERSATIONS.list(request, contact=find_contact(request, contact_id))


@inbox.post("/conversations", auth=WRITE, response={201: ConversationOut}, summary="Create a conversation")
def create_conversation(request: ApiRequest, payload: ConversationIn) -> HttpResponse:
    listing.only(request.GET)
    conversations = Conversation.objects.for_workspace(request.workspace)
    contact = _contact(request, payload.contact_id)
    conversation = conversations.open(request.actor, contact, payload.subject, payload.body)
    return CONVERSATIONS.answer(request, conversation, 201, Location=f"{request.path}/{conversation.pk}")


@inbox.get(CONVERSATION, auth=READ, response=ConversationOut, summary="Read a conversation", openapi_extra=COMPARED)
def read_conversation(request: ApiRequest, conversation_id: RowId) -> HttpResponse:
    listing.only(request.GET)
    return CONVERSATIONS.answer(request, CONVERSATIONS.find(request, pk=conversation_id))


@inbox.patch(CONVERSATION, auth=WRITE, response=ConversationOut, summary="Change a conversation", openapi_extra=MATCHED)
def change_conversation(request: ApiRequest, conversation_id: RowId, payload: ConversationPatch) -> HttpResponse:
    listing.only(request.GET)
    conversation = CONVERSATIONS.find_unchanged(request, pk=conversation_id)
    conversation.change(request.actor, **_changes(request, payload.given()))
    return CONVERSATIONS.answer(request, conversation)


@inbox.get(
    f"{CONVERSATION}/messages",
    auth=READ,
    response=Listed[MessageOut],
    summary="List a conversation's messages",
    openapi_extra={"parameters": listing.PARAMETERS},
)
def list_conversation_messages(request: ApiRequest, conversation_id: RowId) -> HttpResponse:
    """The oldest first."""
    return _list_messages(request, CONVERSATIONS.find(request, pk=conversation_id))


@inbox.post(
    f"{CONVERSATION}/messages",
    auth=WRITE,
    response={201: MessageOut},
    summary="Reply in a conversation, or note something",
    openapi_extra=MESSAGE_BODY,
)
def create_conversation_message(request: ApiRequest, conversation_id: RowId) -> HttpResponse:
    """A reply is mailed to who wrote, a note isn't."""
    return _write(request, CONVERSATIONS.find(request, pk=conversation_id))


@router.get(
    "/attachments/{id:attachment_id}",
    auth=READ,
    response={200: None},
    summary="Get an attachment's file",
    openapi_extra={"responses": {200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}}},
)
def read_attachment(request: ApiRequest, attachment_id: RowId) -> FileResponse:
    """Byte for byte; its type and name are in the message."""
    listing.only(request.GET)
    row = get_object_or_404(Attachment.objects.for_workspace(request.workspace), pk=attachment_id)
    try:
        file = row.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file isn't in the storage any more.") from error
    return FileResponse(file, as_attachment=True, filename=row.filename, content_type="application/octet-stream")


def _contact(request: ApiRequest, contact_id: int | None) -> Contact | None:
    return Contact.objects.for_workspace(request.workspace).get(pk=contact_id) if contact_id else None


def _user(user_id: int | None) -> User | None:
    return User.objects.get(pk=user_id) if user_id else None


def _changes(request: ApiRequest, given: dict[str, Any]) -> dict[str, Any]:
    """As `Thread.change` takes them: rows instead of their ids, which are known by now."""
    if "contact_id" in given:
        given["contact"] = _contact(request, given.pop("contact_id"))
    if "assignee_id" in given:
        given["assignee"] = _user(given.pop("assignee_id"))
    return given


def _requester(request: ApiRequest, payload: TicketIn) -> Contact:
    """Raises Problem where the address is of somebody in the trash, or there is no room for somebody new."""
    contacts = Contact.objects.for_workspace(request.workspace)
    if not payload.contact:
        return contacts.get(pk=payload.contact_id)
    with as_problems():
        try:
            return contacts.add(
                request.actor, email=payload.contact.email, name=payload.contact.name or "", source=Source.API
            )
        except AddressTaken as taken:
            if taken.contact.is_trashed:
                raise
            return taken.contact


def _write(request: ApiRequest, thread: Ticket | Conversation) -> HttpResponse:
    listing.only(request.GET)
    given, files = _read_message(request)
    try:
        payload = MessageIn.model_validate(given)
    except ValidationError as error:
        raise invalid(field_errors(error)) from error
    message = outbound.reply(thread, request.actor, payload.body, files, note=payload.note)
    message.refresh_from_db(fields=["created_at"])
    return answer(show_messages(request, [message])[0], 201)


def _read_message(request: ApiRequest) -> tuple[Any, list[Any]]:
    """The message's properties, and the files that came with it. Raises Problem."""
    if request.content_type != "multipart/form-data":
        return StrictParser().parse_body(request), []
    given: dict[str, Any] = {name: request.POST[name] for name in request.POST}
    given["note"] = {"true": True, "false": False}.get(given.get("note", "false"), given.get("note"))
    files = request.FILES.getlist("attachments")
    if others := request.FILES.keys() - {"attachments"}:
        raise invalid(FieldError(f"/{name}", "unknown", "Send files as attachments.") for name in sorted(others))
    if len(files) > MOST_FILES:
        raise invalid([FieldError("/attachments", "too_long", f"At most {MOST_FILES} files fit.")])
    if sum(file.size or 0 for file in files) > MOST_BYTES:
        raise invalid([FieldError("/attachments", "too_large", str(TOO_LARGE))])
    return given, files
