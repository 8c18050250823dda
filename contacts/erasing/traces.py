"""What people leave behind: how a name or an address is found in texts, and who looks where.

An address is looked for in every text, by the pieces of a text that may be one: however many people are erased at
once, a text is read once. It is found in links too, where it is percent-encoded (RFC 3986, 2.1), even twice. A name is
looked for only where its person took part or what is called so is nobody else, and only if it has two words: "May" is a
word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, QuerySet, TextField, Value

from contacts.erasing.records import Erasure
from gopimi.lib.folding import lower
from gopimi.lib.tenancy import workspace

MARK = "[erased]"  # stands where a name or an address stood
WINDOW = 5_000  # rows that are looked through in one transaction
# As `mentions_address` in the database has it: a candidate, which `Person` then looks at closely.
PIECE = re.compile(r"""[^\s<>,;:"'()\[\]?&=/|]+@[^\s<>,;:"'()\[\]?&=/|]+""")
# In links, as `plain_addresses` in the database has it: what separates addresses, and what stands in them.
SEPARATOR = r"%(?:25)*(?:0[9ad]|2[0267-9cf]|3[a-f]|5[bd]|7c)"
ENCODED = {"@": r"(?:@|%(?:25)*40)", "+": r"(?:\+|%(?:25)*2b)"}
SPACE = r"(?:\s|&nbsp;|%(?:25)*20|[+_])+"  # between the words of a name
Stop = Callable[[], bool]


class Keeper(Protocol):
    """Rows of one app in which people leave traces."""

    def told(self, contact: Any) -> tuple[list[str], list[str]]:
        """What of a contact would go, and what would stay, in words for whoever is to decide it."""

    def needed(self, workspace_id: int, ids: Sequence[int]) -> set[int]:
        """Those of the contacts to whom rows point that stay: of them a nameless row is kept."""

    def forget(self, workspace_id: int, ids: Sequence[int]) -> None:
        """Take out what can be found by the contacts' ids, in the transaction that erases them."""

    def sweep(self, people: "People", must_stop: Stop) -> bool:
        """Take out everything else, in transactions of its own; False where something is left for later."""


KEEPERS: list[Keeper] = []  # apps add theirs when they are ready


class Person:
    """Somebody who was erased, as an `Erasure` has them."""

    def __init__(self, one: Erasure) -> None:
        self.contact_id, self.at, self.emails = one.contact_id, one.at, set(one.emails)
        emails = [_spelled(email) for email in sorted(one.emails, key=len, reverse=True)]
        self._address = _pattern(emails, before=r"[\w.+-]", after=r"[\w-]|\.\w")
        self.names = {_same(name) for name in one.names if len(name.split()) > 1}
        self._name = _pattern([_spaced(name) for name in sorted(self.names)], before=r"\w", after=r"\w")

    def without_address(self, text: str) -> str:
        return self._address.sub(_marked, text)

    def without_name(self, text: str) -> str:
        return self._name.sub(_marked, text) if self.names else text

    def unnamed(self, text: str) -> str:
        """Without name and address."""
        return self.without_name(self.without_address(text))


def _spelled(email: str) -> str:
    return "".join(ENCODED.get(letter) or re.escape(letter) for letter in email)


def _spaced(name: str) -> str:
    return SPACE.join(map(re.escape, name.split()))


def _pattern(found: Sequence[str], before: str, after: str) -> re.Pattern[str]:
    """One of these as a whole, also behind an encoded separator, which is kept."""
    start = rf"(?:(?P<kept>{SEPARATOR})|(?<!{before}))"
    return re.compile(rf"{start}(?:{'|'.join(found)})(?!{after})", re.IGNORECASE)


def _marked(match: re.Match[str]) -> str:
    return (match["kept"] or "") + MARK


def _same(name: str) -> str:
    """The same for names that differ only in case and spaces."""
    return lower(" ".join(name.split()))


class People:
    """Everybody of a workspace who is being erased."""

    def __init__(self, workspace_id: int, erasures: Iterable[Erasure]) -> None:
        self.workspace_id = workspace_id
        self.everybody = [Person(one) for one in erasures]
        self._by_piece: dict[str, list[Person]] = {}
        for person in self.everybody:
            for piece in {piece for email in person.emails for piece in pieces(email)}:
                self._by_piece.setdefault(piece, []).append(person)
        self.ids = [person.contact_id for person in self.everybody]
        self.names = {name for person in self.everybody for name in person.names}
        self.latest = max(person.at for person in self.everybody)

    @property
    def pieces(self) -> list[str]:
        return sorted(self._by_piece)

    def in_text(self, text: str, at: Any) -> list[Person]:
        """Those whose address is in a text that was there `at` that time."""
        found = (person for piece in pieces(text) for person in self._by_piece.get(piece, ()))
        return [person for person in dict.fromkeys(found) if at < person.at and person.without_address(text) != text]

    def without_addresses(self, text: str, at: Any) -> str:
        for person in self.in_text(text, at):
            text = person.without_address(text)
        return text

    def called(self, name: str, at: Any) -> list[Person]:
        """Those whose full name this is, of two words at least."""
        return [person for person in self._by_name.get(_same(name), ()) if at < person.at]

    @cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = {}
        for person in self.everybody:
            for name in person.names:
                found.setdefault(name, []).append(person)
        return found

    def named_in(self, text: str, at: Any) -> list[Person]:
        """Those whose full name is in a text that was there `at` that time."""
        some = self._any_name.search(text) if self._any_name else None
        return [one for one in self.everybody if some and at < one.at and one.without_name(text) != text]

    @cached_property
    def _any_name(self) -> re.Pattern[str] | None:
        return _pattern([_spaced(name) for name in sorted(self.names)], r"\w", r"\w") if self.names else None

    def without_file_name(self, name: str, at: Any, longest: int = 255) -> str:
        """What a file is called without their addresses and full names; its extension is no part of an address."""
        stem, dot, extension = self.unnamed(name, at).rpartition(".")
        return f"{self.unnamed(stem, at)}{dot}{extension}"[-longest:]

    def unnamed(self, text: str, at: Any) -> str:
        """Without their addresses and full names."""
        for person in dict.fromkeys([*self.in_text(text, at), *self.named_in(text, at)]):
            text = person.unnamed(text)
        return text


def pieces(text: str) -> set[str]:
    """What in a text may be an address, in lower case."""
    return {piece.rstrip(".") for piece in PIECE.findall(_plain(lower(text)))}


def _plain(text: str) -> str:
    if "%" not in text:
        return text
    return re.sub("%(25)+", "%", re.sub(SEPARATOR, " ", text)).replace("%40", "@").replace("%2b", "+")


class Bytes(Func):
    """Bytes as text, so that ASCII in them is found."""

    template = "encode(%(expressions)s, 'escape')"
    output_field = TextField()


def mentions(people: People, *texts: Any) -> Func:
    """Whether one of these columns or expressions has an address in it: `mentions(people, "old", "new")`."""
    joined = Func(Value(" "), *texts, function="concat_ws", output_field=TextField())
    wanted = Value(people.pieces, output_field=ArrayField(TextField()))
    return Func(joined, wanted, function="mentions_address", output_field=BooleanField())


def windows(people: People, rows: QuerySet, must_stop: Stop, size: int = WINDOW) -> Iterator[QuerySet | None]:
    """The rows by their ids, some at a time, each window in a transaction; None at last where it was stopped."""
    after = 0
    while True:
        if must_stop():
            yield None
            return
        with workspace(people.workspace_id):
            ids = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:size])
            if not ids:
                return
            yield rows.filter(pk__gte=ids[0], pk__lte=ids[-1]).order_by("pk")
        after = ids[-1]
