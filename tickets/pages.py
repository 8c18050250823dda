"""What the page of a ticket or a conversation shows. Everything is looked up when a template asks for it, so that a
fragment costs only its own queries."""

from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy

from contacts import sidebar
from gopimi.lib.words import Words
from gopimi.workspaces.models import Workspace
from tickets import drafts, news, presence, reading
from tickets.filters import ConversationFilter, ThreadFilter, TicketFilter
from tickets.forms import ChangeForm, ReplyForm
from tickets.models import Conversation, Ticket
from tickets.timeline import Entry, timeline
from tickets.trails import Trail, trail

RECENT = 5


class ThreadPage:
    """The page of a thread; `reply` and `change` are forms that were refused."""

    name: ClassVar[str]  # of its URL
    prefix: ClassVar[str] = ""  # of the names of what is done there
    back: ClassVar[str]  # the URL name of the list
    # How the page speaks of it
    back_label: ClassVar[Words]
    details_label: ClassVar[Words]
    edit_label: ClassVar[Words]
    previous_label: ClassVar[Words]
    next_label: ClassVar[Words]
    section: ClassVar[str]
    contact_action: ClassVar[Words]
    filter: ClassVar[type[ThreadFilter]]

    def __init__(self, request: Any, thread: Any) -> None:
        self.request, self.thread = request, thread
        self.workspace: Workspace = request.workspace
        self.change = ChangeForm(thread, self.workspace, request.actor)
        if "choose" in request.GET:
            self.change.initial["contact"] = None  # one types another name at once
            self.change.fields["contact"].widget.attrs["autofocus"] = True

    @cached_property
    def reply(self) -> ReplyForm:
        messages = [entry.message for entry in reversed(self.timeline) if entry.message]
        return ReplyForm(self.thread, self.kept, initial=drafts.initial(self.thread.draft), messages=messages)

    @property
    def kept(self) -> QuerySet:
        """The files of the member's draft."""
        return drafts.files(self.thread, self.request.user)

    @cached_property
    def files(self) -> list[dict[str, Any]]:
        """Those files with where each is and how it is left out."""
        return [self.file(one) for one in self.kept] if self.thread.draft else []

    def file(self, one: Any) -> dict[str, Any]:
        url, remove_url = (
            self.workspace.url(f"tickets:{self.prefix}{name}", self.key, one.pk)
            for name in ("draft_file", "remove_draft_file")
        )
        return {"row": one, "url": url, "remove_url": remove_url}

    @property
    def key(self) -> int:
        """What its URLs name the thread by."""
        return self.thread.pk

    @cached_property
    def trail(self) -> Trail | None:
        """The list that one came from."""
        return trail(self.request, self.thread, self.filter)

    @property
    def url(self) -> str:
        return self._address(self.name)

    @property
    def change_url(self) -> str:
        return self._address(f"{self.prefix}change")

    @property
    def reply_url(self) -> str:
        return self._address(f"{self.prefix}reply")

    @property
    def edit_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}edit", self.key)

    @property
    def news_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}news", self.key)

    @property
    def draft_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}draft", self.key)

    @property
    def draft_files_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}draft_files", self.key)

    @property
    def discard_draft_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}discard_draft", self.key)

    @property
    def restore_draft_url(self) -> str:
        return self.workspace.url(f"tickets:{self.prefix}restore_draft", self.key)

    @property
    def choose_url(self) -> str:
        return self.asking(choose="contact")

    @property
    def back_url(self) -> str:
        url = self.workspace.url(self.back)
        return f"{url}?{self.trail.query or 'q='}" if self.trail else url

    def asking(self, **params: str) -> str:
        """This page's address with these parameters, too."""
        return f"{self.url}{'&' if self.trail else '?'}{urlencode(params)}"

    def _address(self, name: str) -> str:
        return self.workspace.url(f"tickets:{name}", self.key) + (self.trail.origin if self.trail else "")

    def see(self) -> None:
        """The member has it on the screen, as it was read."""
        reading.mark(self.thread, self.request.membership)

    @cached_property
    def latest(self) -> news.News:
        """As the page is drawn: who else is looking is said once it asks."""
        return news.News(news.version(self.thread), [])

    @property
    def viewers(self) -> str:
        """The others who have it on the screen, too."""
        return presence.names(self.latest.viewers)

    @cached_property
    def timeline(self) -> list[Entry]:
        return timeline(self.thread)

    @property
    def choosing(self) -> bool:
        """Whether the contact selector is open."""
        return self.thread.contact is None or "choose" in self.request.GET or "contact" in self.change.errors

    @cached_property
    def contact(self) -> dict[str, Any]:
        """For `contacts/_sidebar.html`."""
        return sidebar.context(self.workspace, self.thread.contact)

    @cached_property
    def recent(self) -> list[Ticket]:
        """The contact's other tickets, the last ones."""
        if self.thread.contact is None:
            return []
        return list(self._others().filter(contact=self.thread.contact).order_by("-updated_at", "-id")[:RECENT])

    def _others(self) -> QuerySet:
        return Ticket.objects.for_workspace(self.workspace)


class TicketTags(sidebar.Tags):
    """A ticket's tags, edited in place like a contact's."""

    def __init__(self, workspace: Workspace, ticket: Any) -> None:
        super().__init__(workspace, ticket)
        self.id, self.url = "ticket-tags", workspace.url("tickets:tags", ticket.number)


class TicketPage(ThreadPage):
    name, section, filter = "detail", "tickets", TicketFilter
    back = "tickets:list"
    back_label, details_label = gettext_lazy("Back to tickets"), gettext_lazy("Ticket details")
    edit_label, contact_action = gettext_lazy("Edit ticket"), gettext_lazy("Change requester")
    previous_label, next_label = gettext_lazy("Previous ticket"), gettext_lazy("Next ticket")

    @property
    def key(self) -> int:
        return self.thread.number

    @cached_property
    def tags(self) -> TicketTags:
        return TicketTags(self.workspace, self.thread)

    def _others(self) -> QuerySet:
        return super()._others().exclude(pk=self.thread.pk)


class ConversationPage(ThreadPage):
    name, prefix, section = "conversation", "conversation_", "inbox"
    filter = ConversationFilter
    back = "tickets:inbox"
    back_label, details_label = gettext_lazy("Back to inbox"), gettext_lazy("Conversation details")
    edit_label, contact_action = gettext_lazy("Edit conversation"), gettext_lazy("Change")
    previous_label, next_label = gettext_lazy("Previous conversation"), gettext_lazy("Next conversation")


def find(request: Any, number: int | None = None, conversation_id: int | None = None) -> ThreadPage:
    """The page of this workspace's ticket or conversation. Raises Http404."""
    threads = Conversation.objects if number is None else Ticket.objects
    key = {"pk": conversation_id} if number is None else {"number": number}
    rows = threads.for_workspace(request.workspace).select_related("contact__organization", "assignee", "mailbox")
    shown = drafts.told(reading.told(rows, request.membership), request.user)
    thread = get_object_or_404(shown, **key)
    return ConversationPage(request, thread) if number is None else TicketPage(request, thread)
