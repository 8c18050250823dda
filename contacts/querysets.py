"""The one way to make, trash and restore contacts: addresses, uniqueness, quota, search and history live here."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from contacts import finding, history, searching
from gopimi.lib import addresses, statements
from gopimi.lib.folding import lower
from gopimi.lib.naming import NamedQuerySet
from gopimi.lib.tenancy import TenantQuerySet
from gopimi.workspaces.actor import EMAIL, Actor, ActorKind
from gopimi.workspaces.models import QuotaExceeded, Workspace
from organizations.models import Organization

FIND_OR_MAKE = f"""
WITH workspace AS (SELECT %(workspace)s::bigint AS id), {finding.FIND_OR_MAKE}
SELECT {{columns}}, true FROM made AS contact UNION ALL SELECT {{columns}}, false FROM known AS contact
"""  # noqa: S608


class AddressTaken(Exception):
    """Another contact of the workspace, `contact`, has this address. In the trash it stays taken."""

    def __init__(self, contact: Any) -> None:
        said = (
            gettext("{contact} has this address already. It is in the trash.")
            if contact.is_trashed
            else gettext("{contact} has this address already.")
        )
        super().__init__(said.format(contact=contact))
        self.contact = contact


@dataclass(frozen=True)
class Restored:
    """What a restore brought back, and what stayed because the quota had no room: ids, ascending."""

    ids: list[int]
    left: list[int]


class ContactQuerySet(TenantQuerySet):
    """Start from `Contact.objects.for_workspace(workspace)`."""

    def alive(self) -> "ContactQuerySet":
        """Neither in the trash nor erased."""
        return self.filter(deleted_at__isnull=True)

    def trashed(self) -> "ContactQuerySet":
        return self.filter(deleted_at__isnull=False, erased_at__isnull=True)

    def of_domains(self, domains: Iterable[str]) -> "ContactQuerySet":
        """Those alive with an address of these domains, given as organizations keep them (ASCII)."""
        found = Q(pk__in=())
        for domain in domains:
            # Search has an index for fragments, but finds an international domain by how it is read.
            likely = self.alive() if "xn--" in domain else searching.search(self.alive(), self._workspace, f"@{domain}")
            found |= Q(pk__in=likely.filter(email_key__endswith=f"@{domain}").values("pk"))
        return self.alive().filter(found)

    def add(
        self,
        actor: Actor,
        *,
        email: str,
        name: str = "",
        organization: Organization | None = None,
        source: str = "manual",
        tags: Iterable[str] = (),
        values: dict[Any, Any] | None = None,
    ) -> Any:
        """Create a contact. Without a name it is called by its address; without an organization it joins its domain's.

        `values` are parsed values of custom fields by Field. Raises InvalidAddress, AddressTaken and QuotaExceeded.
        """
        address = addresses.parse(email)
        workspace = self._lock()
        if workspace.contacts_available == 0:
            self._require_free(address)
            raise QuotaExceeded(workspace.contact_quota or 0, workspace.contact_count, 1)
        contact, made = self._find_or_make(actor, address, name, organization, source)
        if not made:
            raise AddressTaken(contact)
        contact.fill(tags, values or {})
        return contact

    def by_mail(self, email: str, name: str = "", workspace: Workspace | None = None) -> tuple[Any, bool]:
        """The sender of a mail and whether they are new: found by exact address, brought back from the trash, or made.

        Never refused for quota. `workspace` is locked already, if given. Raises InvalidAddress.
        """
        address = addresses.parse(email)
        workspace = workspace or self._lock()
        with quota_exempt() if workspace.contacts_available == 0 else nullcontext():
            contact, made = self._find_or_make(EMAIL, address, name, None, "email")
            if contact.is_trashed:
                self._revive([contact.pk], EMAIL)
                contact.refresh_from_db()
        return contact, made

    def trash(self, actor: Actor, deletion: uuid.UUID | None = None) -> tuple[int, uuid.UUID]:
        """Put these contacts into the trash; answers with how many, and the deletion's own id for Undo."""
        self._lock()
        deletion = deletion or uuid.uuid4()
        ids = list(self.alive().order_by("id").values_list("id", flat=True))
        by = actor.id if actor.kind == ActorKind.AGENT else None
        self._all().filter(id__in=ids).update(deleted_at=Now(), deleted_by_id=by, deletion=deletion)
        history.record(self._workspace, actor, (history.Entry(pk, "deleted") for pk in ids))
        return len(ids), deletion

    def restore(self, actor: Actor) -> Restored:
        """Bring these contacts back from the trash, as far as the quota has room, the lowest ids first."""
        room = self._lock().contacts_available
        ids = list(self.trashed().order_by("id").values_list("id", flat=True))
        fitting = ids if room is None else ids[:room]
        self._revive(fitting, actor)
        return Restored(fitting, ids[len(fitting) :])

    @property
    def _workspace(self) -> int:
        assert self.workspace_id is not None, "start from for_workspace()"
        return self.workspace_id

    def _all(self) -> "ContactQuerySet":
        return self.model.objects.for_workspace(self._workspace)  # type: ignore[attr-defined,no-any-return]

    def _lock(self) -> Workspace:
        return Workspace(pk=self._workspace).lock()

    def _require_free(self, address: addresses.Address) -> None:
        if taken := self._all().filter(email_key=address.key).first():
            raise AddressTaken(taken)

    def _find_or_make(
        self, actor: Actor, address: addresses.Address, name: str, organization: Organization | None, source: str
    ) -> tuple[Any, bool]:
        """Whose address it is, in the trash or not, or a new contact; and whether it is new."""
        given = finding.given(self._workspace, actor, address, name, source, organization.pk if organization else None)
        statement = FIND_OR_MAKE.format(columns=statements.columns(self.model, "contact"))
        ((*row, made),) = statements.fetch(statement, given)
        return statements.instance(self.model, row), made

    def _revive(self, ids: list[int], actor: Actor) -> None:
        self._all().filter(id__in=ids).update(deleted_at=None, deleted_by=None, deletion=None)
        history.record(self._workspace, actor, (history.Entry(pk, "restored") for pk in ids))


def tag_names(names: Iterable[str]) -> list[str]:
    """The names as tags have them: spaces tidied, each once without regard to case, of two spellings the last."""
    tidy = (" ".join(name.split()) for name in names)
    return list({lower(name): name for name in tidy if name}.values())


HOLD_TAGS = """
SELECT id FROM contacts_tag WHERE workspace_id = %s AND id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
"""


class TagQuerySet(NamedQuerySet):
    def find_or_make(self, names: Iterable[str]) -> dict[str, int]:
        """The ids of all, made where they are new, and held until the transaction ends: one that is being deleted is
        made anew, and one that is put on something isn't deleted before that is seen."""
        names = list(names)
        while True:
            found = super().find_or_make(names)
            ids = sorted(set(found.values()))
            if not ids or len(self.hold(ids)) == len(ids):
                return found

    def hold(self, ids: Sequence[int]) -> set[int]:
        """Keep these from being deleted until the transaction ends; answers with those that are there."""
        return {row[0] for row in statements.fetch(HOLD_TAGS, [self.workspace_id, list(ids)])}

    def named(self, names: Iterable[str]) -> list[Any]:
        """The tags with these names, without regard to case, made where they are new."""
        return list(self.filter(pk__in=self.find_or_make(tag_names(names)).values()))

    def put_on(self, links: Any, side: str, row: Any, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Give `row` exactly these tags; answers with the names before and after, sorted.

        `links` is the model between (ContactTag), and `side` what it calls the row ("contact").
        """
        present = links.objects.for_workspace(self.workspace_id).filter(**{side: row})
        before = {link.tag_id: link.tag.name for link in present.select_related("tag")}
        after = {tag.pk: tag.name for tag in self.named(names)}
        if gone := before.keys() - after.keys():
            present.filter(tag_id__in=gone).delete()
        new = sorted(after.keys() - before.keys())
        links.objects.bulk_create(
            [links(workspace_id=self.workspace_id, tag_id=pk, **{side: row}) for pk in new], ignore_conflicts=True
        )
        return sorted(before.values()), sorted(after.values())


@contextmanager
def quota_exempt() -> Iterator[None]:
    """Inbound mail is never refused: its contact is created even where the quota is used up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.quota_exempt', 'on', true)")
        yield
        cursor.execute("SELECT set_config('app.quota_exempt', '', true)")
