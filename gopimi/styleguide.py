"""`/styleguide/`, in DEBUG alone: every component in its states, by the templates and the CSS that pages use.

What it shows is made up and in no database: the templates get objects that were never saved.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.views.decorators.http import require_http_methods

from contacts import inputs
from contacts.importing.records import Status as ImportStatus
from contacts.models import Contact, Import
from contacts.sidebar import CustomField, Line, LineForm
from customfields.models import Field, Kind
from gopimi.lib import htmx, keyset
from gopimi.lib.counting import Total
from gopimi.lib.forms import ListField, UiSelect
from gopimi.lib.tenancy import TenantModel
from gopimi.workspaces import errors
from gopimi.workspaces.models import Membership, Role, User, Workspace
from organizations.models import Domain, Organization
from tickets.lists import Facet, Tab
from tickets.models import Attachment, Message, Priority, Status, Ticket

WORKSPACE = Workspace(pk=0, name="Acme Support", slug="styleguide")
THEMES = ("system", "light", "dark")
ERRORS: dict[int, Callable[..., HttpResponse]] = {
    400: errors.bad_request,
    403: errors.forbidden,
    404: errors.not_found,
    429: lambda request: render(request, "429.html", status=429),
    500: errors.server_error,
}
STATUSES = [(value, str(label)) for value, label in Status.choices]


@require_http_methods(["GET", "POST"])
def styleguide(request: Any) -> HttpResponse:
    """The page; `?theme=` is light or dark, `?error=` an error page, `?dialog=` and `?toast=` what buttons ask for."""
    if not settings.DEBUG:
        raise Http404
    theme = request.GET.get("theme")
    request.user = User(pk=0, name="Dana Cole", theme=theme if theme in THEMES else "system")
    request.workspace, request.membership = WORKSPACE, Membership(role=Role.ADMIN, last_seen_at=timezone.now())
    for status, page in ERRORS.items():
        if request.GET.get("error") == str(status):
            return page(request)
    if request.GET.get("line", "").isdecimal():
        return _line(request, int(request.GET["line"]))
    if "dialog" in request.GET:
        return _dialog(request)
    if "toast" in request.GET:
        undo = request.path if request.GET["toast"] == "undo" else ""
        return htmx.trigger(HttpResponse(status=204), toast={"text": "12 contacts moved to the trash", "undo": undo})
    return htmx.page(request, "styleguide.html", _shown(request))


def _dialog(request: HttpRequest) -> HttpResponse:
    context = {"organization": _organizations()[0], "back": request.path}
    return htmx.dialog(request, "organizations/_delete.html", "Delete Hafen & Söhne", context)


def _line(request: Any, at: int) -> HttpResponse:
    """An example that is edited in place becomes what it is asked to be, and keeps nothing."""
    lines = _lines()
    _, line = lines[at % len(lines)]
    state = "saved" if request.method == "POST" else "editing" if "edit" in request.GET else "shown"
    context = {"line": line, "state": state, "expected": line.stored}
    return htmx.fragment(request, "contacts/_field.html", context)


def _shown(request: HttpRequest) -> dict[str, Any]:
    return {
        "themes": THEMES,
        "errors": ERRORS,
        "sizes": ["xs", "", "md", "lg"],
        "people": ["Alice Moreau", "Bob Okafor", "Charlie Lindqvist", "Dana Cole"],
        "tickets": [Ticket(number=1, status=status) for status in Status.values],
        "priorities": list(Priority),
        "imports": [Import(status=status, rows=2400, processed=1200, created=900) for status in ImportStatus.values],
        "running": [Import(status="running", rows=2400, processed=1200, created=900, updated=280, failed=3)],
        "facets": [
            Facet("status", "Status", "circle-dot", STATUSES, ["open", "pending"]),
            Facet("priority", "Priority", "flag", [(str(one.value), str(one.label)) for one in Priority]),
        ],
        "list": {"tabs_label": "Example views", "counted_tabs": _tabs()},
        "both": [
            Example(auto_id="fine-%s", initial={"name": "Alice Moreau", "email": "alice@acme.example", "plan": "pro"}),
            Example(MultiValueDict({"email": ["alice at acme"]}), auto_id="wrong-%s"),
        ],
        "lines": _lines(),
        "messages_shown": _messages(),
        "page": keyset.Page(_organizations(), None, None),
        "nothing": keyset.Page([], None, None),
        "total": 2,
        "counted": 10_000,
        "lost": {"lost": True},
        "columns": dict.fromkeys(("name", "contacts", "tickets", "created")),
    }


class Example(forms.Form):
    """The controls that forms are made of."""

    name = inputs.NameField()
    email = inputs.EmailField(help_text="Where answers go")
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}))
    plan = forms.ChoiceField(label="Plan", choices=[("", "Choose"), ("pro", "Pro"), ("team", "Team")])
    owner = forms.ChoiceField(label="Owner", choices=[("", ""), ("1", "Alice"), ("2", "Bob")], widget=UiSelect)
    domains = ListField(label="Domains", initial=["acme.example", "acme.test"])

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        for control in self.fields.values():
            inputs.dress(control.widget)
        self.fields["owner"].widget.attrs["aria-label"] = "Owner"


def _tabs() -> list[Tab]:
    return [
        Tab("All", {}, current=True),
        Tab("Unassigned", {"assignee": ["none"]}, count=Total(5)),
        Tab("Urgent", {"priority": ["urgent"]}, count=Total(999, more=True)),
    ]


def _lines() -> list[tuple[str, Line]]:
    """A line that is edited in place, in each of its states."""
    contact = Contact(pk=1, workspace=WORKSPACE)
    lines: list[tuple[str, Line]] = []
    for at, state in enumerate(("shown", "editing", "saved", "wrong", "conflict", "gone")):
        field = Field(pk=at, workspace=WORKSPACE, kind=Kind.NUMBER, key=f"seats_{at}", label=f"Seats {at}")
        line = CustomField(WORKSPACE, contact, Decimal(50), field)
        line.url = f"?line={at}"
        if state == "wrong":
            line.form = LineForm(line, QueryDict("value=many"))
        line.form.fields["value"].widget.attrs["autofocus"] = False  # the page begins at its top
        lines.append((state, line))
    return lines


def _messages() -> list[Message]:
    """What came in, what went out in each state of its sending, and a note."""
    at = timezone.now() - timedelta(hours=2)
    said = [
        Message(direction="inbound", author_name="Alice Moreau", body_text="The export stops at row 1,200.\n\n> Hello"),
        *(
            Message(direction="outbound", state=state, author_name="Dana Cole", body_text="We look.", to="alice@b.test")
            for state in Message.State.values
            if state not in ("received", "queued")  # one that is queued asks by itself how far it is
        ),
        Message(direction="note", author_name="Bob Okafor", body_text="Known since Monday."),
    ]
    for pk, message in enumerate(said, start=1):
        message.pk, message.created_at = pk, at
        message._prefetched_objects_cache = {"attachments": _few(Attachment, [])}  # type: ignore[attr-defined]
    return said


def _organizations() -> list[Organization]:
    organizations = []
    for at, (name, domains) in enumerate({"Hafen & Söhne": ["hafen.example"], "Lagos Freight Co.": []}.items()):
        organization = Organization(pk=at + 1, workspace=WORKSPACE, name=name, created_at=timezone.now())
        organization.contact_count, organization.open_ticket_count = 12, at  # type: ignore[attr-defined]
        found = _few(Domain, [Domain(name=domain) for domain in domains])
        organization._prefetched_objects_cache = {"domains": found}  # type: ignore[attr-defined]
        organizations.append(organization)
    return organizations


def _few(model: type[TenantModel], rows: list[Any]) -> QuerySet:
    """Rows as if they had been read."""
    found = model.objects.for_workspace(WORKSPACE).none()
    found._result_cache = rows
    return found
