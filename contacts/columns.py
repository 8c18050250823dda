"""The columns of the contacts table, and what stands in their cells.

Cells are made here and not in a template each: that of 50 rows took most of a page's time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from contacts.filters import CUSTOM, SORTS
from contacts.highlighting import Highlight
from contacts.models import Contact
from customfields.models import Field
from gopimi.lib.markup import escape, span, who
from gopimi.lib.words import Words
from gopimi.workspaces.templatetags.ui import ago, mark

FEATURED = 2  # custom fields that are columns where nothing was chosen
NONE = SafeString('<span class="muted" aria-hidden="true">–</span>')

Content = Callable[[Contact, Mapping[int, Any]], SafeString | str]


@dataclass(frozen=True)
class Column:
    """`key` is what a membership keeps and, where `sortable`, what the URL sorts by."""

    key: str
    label: Words
    width: str
    css: str
    content: Content
    sortable: bool = False

    @cached_property
    def start(self) -> str:
        return f'<td class="{self.css}">' if self.css else "<td>"

    def cell(self, contact: Contact, held: Mapping[int, Any]) -> str:
        return f"{self.start}{escape(self.content(contact, held))}</td>"


def _email(highlight: Highlight = escape) -> Content:
    def content(contact: Contact, held: Any) -> SafeString:
        return highlight(contact.email or "")

    return content


def _organization(highlight: Highlight = escape) -> Content:
    def content(contact: Contact, held: Any) -> SafeString:
        name = contact.organization_name  # type: ignore[attr-defined]
        if name is None:
            return NONE
        return who(mark(name), highlight(name))

    return content


SEARCHED = {"email": _email, "organization": _organization}  # where search may have found something
MOMENTS = ("created_at", "updated_at")


def _tags(contact: Contact, held: Any) -> SafeString:
    return _badges(contact.tag_names, "badge sq")  # type: ignore[attr-defined]


def _badges(labels: Sequence[str], css: str) -> SafeString:
    return span("chips", *(span(css, label) for label in labels))


def _open_tickets(contact: Contact, held: Any) -> str:
    return str(contact.open_ticket_count or "")


def _time(moment: datetime, now: datetime | None = None) -> SafeString:
    return SafeString(f'<time datetime="{moment.isoformat(timespec="seconds")}">{escape(ago(moment, now))}</time>')


def _moment(name: str, told: Callable[[datetime], SafeString] = _time) -> Content:
    def content(contact: Contact, held: Any) -> SafeString:
        return told(getattr(contact, name))

    return content


def _value(field: Field) -> Content:
    key, kind = field.pk, field.type
    css = "badge sq" if kind.multiple else "badge accent"

    def options(contact: Contact, held: Mapping[int, Any]) -> SafeString:
        return _badges([option.label for option in kind.chosen(held.get(key))], css)  # type: ignore[attr-defined]

    def text(contact: Contact, held: Mapping[int, Any]) -> str:
        return kind.display(held.get(key))

    return options if kind.has_options else text


def of_field(field: Field) -> Column:
    number = field.type.numeric
    return Column(
        key=CUSTOM + field.key,
        label=field.label,
        width="w-sm" if number else "w-md",
        css="r num" if number else "c-side" if field.type.has_options and not field.type.multiple else "",
        content=_value(field),
        sortable=bool(field.type.sort_columns),
    )


PROPERTIES = (
    Column("email", gettext_lazy("Email"), "w-mail", "", _email(), sortable=True),
    Column("organization", gettext_lazy("Organization"), "w-org", "", _organization(), sortable=True),
    Column("tags", gettext_lazy("Tags"), "", "", _tags),
    Column("open_tickets", gettext_lazy("Tickets open"), "w-xs", "r num", _open_tickets),
    Column("created_at", gettext_lazy("Created"), "w-sm", "num muted", _moment("created_at"), sortable=True),
    Column("updated_at", gettext_lazy("Updated"), "w-sm", "num muted", _moment("updated_at"), sortable=True),
)
assert all(column.key in SORTS for column in PROPERTIES if column.sortable)


def known(fields: Sequence[Field]) -> dict[str, Column]:
    """Every column that one can choose, by its key."""
    return {column.key: column for column in (*PROPERTIES, *map(of_field, fields))}


def default(fields: Sequence[Field]) -> list[str]:
    featured = [CUSTOM + field.key for field in fields if field.featured][:FEATURED]
    return ["email", "organization", *featured, "tags", "updated_at"]


def chosen(keys: Sequence[str], fields: Sequence[Field], highlight: Highlight = escape) -> list[Column]:
    """The columns with these keys in their order, each once; the default where none is left."""
    columns = known(fields)
    columns |= {key: replace(columns[key], content=content(highlight)) for key, content in SEARCHED.items()}
    told = cache(partial(_time, now=timezone.localtime()))  # what was imported together is as old
    columns |= {key: replace(columns[key], content=_moment(key, told)) for key in MOMENTS}
    wanted = [key for key in dict.fromkeys(keys) if key in columns] or default(fields)
    return [columns[key] for key in wanted]


def cells(shown: Sequence[Column], contact: Contact, held: Mapping[int, Any]) -> SafeString:
    return SafeString("".join([column.cell(contact, held) for column in shown]))
