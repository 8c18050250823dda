"""The customers: contacts with their tags, what search finds them by, what changed, and saved views of the table."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from contacts import history, searching
from contacts.bulkedits.records import BulkEdit
from contacts.erasing.records import Erasure
from contacts.history import Change
from contacts.importing.records import Import, ImportMade, ImportProblem, ImportRow
from contacts.querysets import AddressTaken, ContactQuerySet, TagQuerySet
from contacts.searching import ContactSearch
from customfields import values as field_values
from gopimi.lib import addresses
from gopimi.lib.folding import Fold, Lower, key_field
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.models import Membership, Workspace
from organizations.models import Organization

__all__ = [
    "BulkEdit", "Change", "Contact", "ContactSearch", "ContactTag", "Erasure", "Import", "ImportMade",
    "ImportProblem", "ImportRow", "Source", "Tag", "View",
]  # fmt: skip

ALIVE = Q(deleted_at__isnull=True)


class Source(models.TextChoices):
    MANUAL = "manual", gettext_lazy("By hand")
    EMAIL = "email", gettext_lazy("Email")
    IMPORT = "import", gettext_lazy("Import")
    API = "api", "API"


class Contact(TenantModel):
    """A customer of a workspace, known by an address.

    In the trash `deleted_at` is set, and the address stays taken. After a person was erased the row is a nameless
    tombstone without an address, so that tickets keep their requester.
    """

    organization = CompositeForeignKey(Organization, null=True, blank=True, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320, null=True)
    # Who somebody is: made by `gopimi.lib.addresses.email_key`, since PostgreSQL knows no IDNA. Never accent-stripped.
    email_key = models.TextField(db_collation="C", null=True, editable=False)
    name_key = models.GeneratedField(expression=Fold("name"), output_field=key_field(), db_persist=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.MANUAL)
    # Who made it, as an `Actor`: the first line of its history, which is no row of its own.
    creator_kind = models.CharField(max_length=8, choices=ActorKind, db_default=ActorKind.SYSTEM, editable=False)
    creator_id = models.BigIntegerField(null=True, editable=False)
    # Kept by a trigger on tickets.
    open_ticket_count = models.PositiveIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, editable=False, related_name="+")
    # All that one deletion put into the trash has one number, so that Undo brings exactly these back.
    deletion = models.UUIDField(null=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    tags: Any = models.ManyToManyField("Tag", through="ContactTag", related_name="contacts")

    objects = ContactQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="contact_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "email_key"], name="contact_email_unique"),
            models.CheckConstraint(condition=~Q(email="") & ~Q(email_key=""), name="contact_email_not_empty"),
            models.CheckConstraint(
                condition=Q(email__isnull=True, email_key__isnull=True, erased_at__isnull=False)
                | Q(email__isnull=False, email_key__isnull=False, erased_at__isnull=True),
                name="contact_has_email_unless_erased",
            ),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="contact_source_known"),
            models.CheckConstraint(condition=Q(creator_kind__in=ActorKind.values), name="contact_creator_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "name_key", "id"], name="contact_name", condition=ALIVE),
            models.Index(fields=["workspace", "email_key", "id"], name="contact_email", condition=ALIVE),
            models.Index(fields=["workspace", "created_at", "id"], name="contact_created", condition=ALIVE),
            models.Index(fields=["workspace", "updated_at", "id"], name="contact_updated", condition=ALIVE),
            models.Index(
                fields=["workspace", "organization", "name_key", "id"],
                name="contact_organization",
                condition=Q(organization__isnull=False),
            ),
            models.Index(fields=["workspace", "open_ticket_count", "id"], name="contact_open_tickets", condition=ALIVE),
            models.Index(fields=["workspace", "deleted_at", "id"], name="contact_trash", condition=~ALIVE),
            models.Index(fields=["workspace", "deletion"], name="contact_deletion", condition=~ALIVE),
            models.Index(
                fields=["workspace", "creator_id"], name="contact_imported", condition=Q(creator_kind=ActorKind.IMPORT)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or gettext("Deleted person")

    @property
    def is_trashed(self) -> bool:
        return self.deleted_at is not None

    def change(
        self,
        actor: Actor,
        properties: dict[str, Any] | None = None,
        values: dict[Any, Any] | None = None,
        tags: Iterable[str] | None = None,
        expected: dict[Any, Any] | None = None,
    ) -> bool:
        """Change what is given and nothing else, and write it down; answers whether anything became another.

        `properties` may have name, email and organization (an Organization or None); `values` are parsed values by
        Field, None clears; `tags` replaces all tags. `expected` holds, by Field, the values that the writer saw.
        Raises InvalidAddress, AddressTaken, and Conflict of `customfields.values`.
        """
        entries = [*self._change_properties(properties or {}), *self._change_values(values or {}, expected or {})]
        if tags is not None:
            entries += self._change_tags(tags)
        if entries:
            history.record(self.workspace_id, actor, entries)
            self._itself().update(updated_at=Now())
            self.refresh_from_db(fields=["updated_at"])
        return bool(entries)

    def fill(self, tags: Iterable[str], values: dict[Any, Any]) -> None:
        """Give a new contact its tags and values; that it was created is history enough."""
        if tags:
            self.set_tags(tags)
        if values:
            field_values.write_many(self.workspace_id, {self.pk: values})

    def set_tags(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Have exactly these tags, made where they are new; answers with the names before and after."""
        return Tag.objects.for_workspace(self.workspace_id).put_on(ContactTag, "contact", self, names)

    def _itself(self) -> ContactQuerySet:
        return Contact.objects.for_workspace(self.workspace_id).filter(pk=self.pk)

    def _change_properties(self, properties: dict[str, Any]) -> list[history.Entry]:
        columns: dict[str, Any] = {}
        entries = []
        if "email" in properties and properties["email"] != self.email:
            address = addresses.parse(properties["email"])
            Workspace(pk=self.workspace_id).lock()  # like all who take an address
            taken = Contact.objects.for_workspace(self.workspace_id).filter(email_key=address.key).exclude(pk=self.pk)
            if other := taken.first():
                raise AddressTaken(other)
            columns.update(email=address.given, email_key=address.key)
            entries.append(history.Entry(self.pk, "email", self.email, address.given))
        if "name" in properties and properties["name"] != self.name:
            columns["name"] = properties["name"]
            entries.append(history.Entry(self.pk, "name", self.name, properties["name"]))
        if "organization" in properties:
            organization = properties["organization"]
            if (organization.pk if organization else None) != self.organization_id:
                columns["organization"] = organization
                old = self.organization.name if self.organization else None
                entries.append(history.Entry(self.pk, "organization", old, organization.name if organization else None))
        if columns:
            self._itself().update(**columns)
            self.refresh_from_db(fields=[*columns, "name_key"])
            if columns.keys() & {"name", "email"}:
                searching.index([self])
        return entries

    def _change_values(self, values: dict[Any, Any], expected: dict[Any, Any]) -> list[history.Entry]:
        entries = []
        for field, value in values.items():
            seen = expected.get(field, field_values.UNCHECKED)
            old, new = field_values.write(self.workspace_id, self.pk, field, value, seen)
            if old != new:
                entries.append(history.of_value(self.pk, field, old, new))
        return entries

    def _change_tags(self, names: Iterable[str]) -> list[history.Entry]:
        before, after = self.set_tags(names)
        return [history.Entry(self.pk, "tags", ", ".join(before), ", ".join(after))] if before != after else []


class Tag(TenantModel):
    """A word that agents put on contacts and tickets."""

    name = models.CharField(max_length=60)
    name_lower = models.GeneratedField(expression=Lower("name"), output_field=key_field(), db_persist=True)

    objects = TagQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="tag_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "name_lower"], name="tag_name_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="tag_name_not_empty"),
        ]
        ordering = ["name_lower"]

    def __str__(self) -> str:
        return self.name


class ContactTag(TenantModel):
    pk = models.CompositePrimaryKey("workspace_id", "contact_id", "tag_id")
    contact = CompositeForeignKey(Contact, related_name="+")
    tag = CompositeForeignKey(Tag, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["workspace", "tag", "contact"], name="contact_tag")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.contact_id}"


class View(TenantModel):
    """A named set of filters, columns and sort of a table: its owner's alone, or shared with everybody."""

    class Table(models.TextChoices):
        CONTACTS = "contacts", gettext_lazy("Contacts")
        TICKETS = "tickets", gettext_lazy("Tickets")
        CONVERSATIONS = "conversations", gettext_lazy("Inbox")

    table = models.CharField(max_length=16, choices=Table)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey("workspaces.User", models.CASCADE, null=True, blank=True, related_name="+")
    shared = models.BooleanField(default=False)
    query = models.TextField(blank=True)  # the URL's query, as the page and the API read it
    columns = ArrayField(models.TextField(), default=list, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(table__in=["contacts", "tickets", "conversations"]), name="view_table_known"
            )
        ]
        indexes = [models.Index(fields=["workspace", "table", "position"], name="view_table")]

    def __str__(self) -> str:
        return self.name

    def may_change(self, membership: Membership) -> bool:
        """Whoever made it may, and of what is shared every admin."""
        return self.owner_id == membership.user_id or (self.shared and membership.is_admin)
