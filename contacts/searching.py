"""Search by fragments without extensions: contacts are found by the two- and three-letter pieces of their words.

The pieces ("grams") of name and address are hashed together with the workspace's id into 32-bit numbers under a GIN
index. A query's grams narrow the contacts down; what is left is compared for real, so a collision of hashes can't show.
"""

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import add
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import F, Func, IntegerField, Q, QuerySet
from django.db.models.functions import Length
from django.db.models.lookups import Contains, GreaterThan

from gopimi.lib import arrays
from gopimi.lib.folding import Fold, fold
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from organizations.models import Organization

# With more candidates than this the sort index is walked instead, comparing on the way: a frequent fragment fills a
# page soon.
LAST_CHARACTER = "\U0010ffff"
CAP = 2_000
SHORTEST = 2  # letters of the shortest piece


class ContactSearch(TenantModel):
    """What search finds a contact by: the hashed pieces of its name and address.

    Row-level security keeps the planner from using a GIN index, so it is read by the function `search_contact_ids`,
    which runs as the owner and looks at the workspace itself.
    """

    pk = models.CompositePrimaryKey("workspace_id", "contact_id")
    workspace = models.ForeignKey(
        "workspaces.Workspace", models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+"
    )
    contact = CompositeForeignKey("contacts.Contact", related_name="+")
    grams = ArrayField(models.IntegerField())

    class Meta:
        # New rows wait in a list of at most 1 MB, which every search reads, and go into the index together: a seventh
        # of the work of many contacts at once.
        indexes = [GinIndex(fields=["grams"], name="contact_search_grams", gin_pending_list_limit=1024)]

    def __str__(self) -> str:
        return f"Search of {self.contact_id}"


def words(text: str) -> list[str]:
    """A query's or a name's words, folded. Every one of a query's must be found."""
    return fold(text).split()


def grams(workspace_id: int, *texts: str | None) -> list[int]:
    """The hashed pieces of these texts' words, as signed 32-bit numbers, each once."""
    return list(map(int, _grams(workspace_id, texts)))


def literal(workspace_id: int, *texts: str | None) -> str:
    """The same as PostgreSQL's array literal."""
    return f"{{{','.join(_grams(workspace_id, texts))}}}"


def _grams(workspace_id: int, texts: Iterable[str | None]) -> set[str]:
    """The same as the database reads them. Words come again and again, and so do the hosts of addresses: theirs are
    kept."""
    hashes = _hashes(workspace_id)
    found: set[str] = set()
    for text in texts:
        for word in words(text or ""):
            name, at, host = word.partition("@")
            if at:
                found.update(map(hashes.__getitem__, _pieces(name + at)))
                found.add(hashes[f"{name[-1:]}@{host[:1]}"])
                word = at + host
            found |= _of_word(workspace_id, word)
    return found


def _pieces(word: str) -> set[str]:
    pairs = list(map(add, word, word[1:]))
    return {*pairs, *map(add, pairs, word[2:])}


@lru_cache(maxsize=1 << 16)
def _of_word(workspace_id: int, word: str) -> frozenset[str]:
    return frozenset(map(_hashes(workspace_id).__getitem__, _pieces(word)))


class Hashes(dict[str, str]):
    """The hashes of a workspace's pieces, made when they are first asked for; not more than `MOST` are kept."""

    MOST = 1 << 16

    def __init__(self, workspace_id: int) -> None:
        super().__init__()
        self.salt = zlib.crc32(f"{workspace_id}:".encode())

    def __missing__(self, piece: str) -> str:
        if len(self) >= self.MOST:
            self.clear()
        number = zlib.crc32(piece.encode(), self.salt)
        found = self[piece] = str(number - (1 << 32) if number >= 1 << 31 else number)
        return found


_hashes = lru_cache(maxsize=16)(Hashes)


INDEX = """
INSERT INTO contacts_contactsearch (workspace_id, contact_id, grams)
SELECT workspace_id, contact_id, grams::int[]
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS given (workspace_id, contact_id, grams)
ON CONFLICT (workspace_id, contact_id) DO UPDATE SET grams = EXCLUDED.grams
"""


def index(contacts: Iterable[Any]) -> None:
    """Make these found by what they are called now: whatever has workspace_id, pk, name and email of a contact."""
    # An array of arrays would be one table of numbers to unnest(): each goes as its text.
    rows = ((one.workspace_id, one.pk, literal(one.workspace_id, one.name, one.email)) for one in contacts)
    arrays.execute(INDEX, [], rows)


def search(contacts: QuerySet, workspace: Any, query: str) -> QuerySet:
    """The contacts of which every word of the query is a fragment of name, address or organization's name."""
    return contacts.filter(condition(workspace, query))


def condition(workspace: Any, query: str) -> Q:
    """The same as a condition, which asks the database who comes into question."""
    workspace_id = getattr(workspace, "pk", workspace)
    found = Q()
    for word in dict.fromkeys(words(query)):
        found &= _matches(workspace_id, word)
    return found


def by_likeness(contacts: QuerySet, query: str) -> Iterator[QuerySet]:
    """Those whose name begins with the query, those whose address does, then all of them, each by name.

    One after the other, since each is in an index's order: together they would all be sorted for the first few.
    """
    start = fold(query.strip())
    for key in ("name_key", "email_key"):
        beginning = contacts.filter(**{f"{key}__gte": start, f"{key}__lt": start + LAST_CHARACTER})
        yield beginning.order_by(key, "id")
    yield contacts.order_by("name_key", "id")


def _matches(workspace_id: int, word: str) -> Q:
    itself = _has(word)
    organizations = list(
        Organization.objects.for_workspace(workspace_id)
        .filter(name_key__contains=word)
        .order_by()
        .values_list("id", flat=True)[: CAP + 1]
    )
    by_organization = (
        Q(organization_id__in=organizations) if len(organizations) <= CAP else Q(organization__name_key__contains=word)
    )
    if len(word) >= SHORTEST:
        ids = _candidates(workspace_id, word)
        if len(ids) <= CAP:
            itself &= Q(id__in=ids)
    return itself | by_organization


def _has(word: str) -> Q:
    """An address with letters beyond ASCII is compared as it is read and folded, never as its key, which is the host's
    ASCII form ("xn--mnchen-3ya"). Few are, so the key of the others comes first.
    """
    beyond_ascii = Q(
        GreaterThan(Func(F("email"), function="octet_length", output_field=IntegerField()), Length("email"))
    )
    return (
        Q(name_key__contains=word)
        | (Q(email_key__contains=word) & ~beyond_ascii)
        | (beyond_ascii & Q(Contains(Fold(F("email")), word)))
    )


def _candidates(workspace_id: int, word: str) -> list[int]:
    """The ids of contacts that have all of the word's grams. CAP + 1 of any where there are more, or many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_contact_ids(%s, %s, %s)", [word, grams(workspace_id, word), CAP + 1])
        return [row[0] for row in cursor.fetchall()]
