"""The customers: contacts with their tags, what search finds them by, what changed, and saved views of the table."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from contacts.querysets import ContactQuerySet
from gopimi.lib.folding import Fold, Lower, key_field
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from gopimi.workspaces.actor import ActorKind
from organizations.models import Organization

ALIVE = Q(deleted_at__isnull=True)


class Source(models.TextChoices):
    MANUAL = "manual", "By hand"
    EMAIL = "email", "Email"
    IMPORT = "import", "Import"
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
    # Kept by a trigger on tickets.
    open_ticket_count = models.PositiveIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, editable=False, related_name="+")
    # All that one deletion put into the trash has one number, so that Undo brings exactly these back.
    deletion = models.UUIDField(null=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    tags = models.ManyToManyField("Tag", through="ContactTag", related_name="contacts")

    objects = ContactQuerySet.as_manager()

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
        ]

    def __str__(self) -> str:
        return self.name or self.email or "Deleted person"

    @property
    def is_trashed(self) -> bool:
        return self.deleted_at is not None


class Tag(TenantModel):
    """A word that agents put on contacts and tickets."""

    name = models.CharField(max_length=60)
    name_lower = models.GeneratedField(expression=Lower("name"), output_field=key_field(), db_persist=True)

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


class ContactSearch(TenantModel):
    """What search finds a contact by: hashes of the two- and three-letter pieces of its name and address.

    Row-level security keeps the planner from using a GIN index, so it is read by the function `search_contact_ids`,
    which runs as the owner and looks at the workspace itself.
    """

    pk = models.CompositePrimaryKey("workspace_id", "contact_id")
    contact = CompositeForeignKey(Contact, related_name="+")
    grams = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="contact_search_grams", fastupdate=False)]

    def __str__(self) -> str:
        return f"Search of {self.contact_id}"


class Change(TenantModel):
    """One thing that happened to a contact: what changed, from what to what, when and by whom.

    `what` is a property's name ("name", "organization"), "field" for a custom field's value, or an event ("created",
    "deleted", "restored").
    """

    contact = CompositeForeignKey(Contact, related_name="changes")
    at = models.DateTimeField(db_default=Now(), editable=False)
    what = models.CharField(max_length=20)
    field = CompositeForeignKey("customfields.Field", null=True, blank=True, related_name="+")
    old = models.TextField(null=True, blank=True)
    new = models.TextField(null=True, blank=True)
    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="change_actor_known")]
        indexes = [
            models.Index(fields=["workspace", "contact", "id"], name="change_contact"),
            models.Index(fields=["workspace", "field"], name="change_field", condition=Q(field__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {self.contact_id}"


class View(TenantModel):
    """A named set of filters, columns and sort of a table, one member's or shared by all."""

    class Table(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        TICKETS = "tickets", "Tickets"
        CONVERSATIONS = "conversations", "Inbox"

    table = models.CharField(max_length=16, choices=Table)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey("workspaces.User", models.CASCADE, null=True, blank=True, related_name="+")
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
