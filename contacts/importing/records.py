"""What is kept of imports: the import itself, the rows that failed with their problems, and what it made besides."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy, ngettext

from gopimi.lib.counting import counted
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel, TenantQuerySet
from gopimi.workspaces.actor import Actor, ActorKind


class Status(models.TextChoices):
    DRAFT = "draft", gettext_lazy("Draft")  # in the wizard; the API shows none
    QUEUED = "queued", gettext_lazy("Queued")
    RUNNING = "running", gettext_lazy("Running")
    DONE = "done", gettext_lazy("Done")
    FAILED = "failed", gettext_lazy("Failed")  # the file as a whole was refused, as `problem` says
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
    UNDOING = "undoing", gettext_lazy("Undoing")
    UNDONE = "undone", gettext_lazy("Undone")


class OnConflict(models.TextChoices):
    UPDATE = "update", gettext_lazy("Update")  # the file wins; empty cells change nothing
    FILL = "fill", gettext_lazy("Fill blanks only")
    SKIP = "skip", gettext_lazy("Skip")


class NewOptions(models.TextChoices):
    REFUSE = "refuse", gettext_lazy("Refuse")  # a row with an option that the field hasn't fails
    ADD = "add", gettext_lazy("Add")


class DateOrder(models.TextChoices):
    DMY = "dmy", gettext_lazy("Day, month, year")
    MDY = "mdy", gettext_lazy("Month, day, year")
    YMD = "ymd", gettext_lazy("Year, month, day")


class DecimalMark(models.TextChoices):
    POINT = ".", gettext_lazy("Point (1,234.50)")
    COMMA = ",", gettext_lazy("Comma (1.234,50)")


class Delimiter(models.TextChoices):
    COMMA = ",", gettext_lazy("Comma ( , )")
    SEMICOLON = ";", gettext_lazy("Semicolon ( ; )")
    TAB = "\t", gettext_lazy("Tab")
    PIPE = "|", gettext_lazy("Pipe ( | )")


ACTIVE = (Status.QUEUED, Status.RUNNING, Status.UNDOING)
COUNTS = ("created", "updated", "unchanged", "skipped", "failed")  # they add up to the file's rows


class ImportQuerySet(TenantQuerySet):
    def shown(self) -> "ImportQuerySet":
        """Without the wizard's drafts."""
        return self.exclude(status=Status.DRAFT)


class Import(TenantModel):
    """A CSV file, how it is read and where its columns go, and how far its run has come.

    A dry run ends `done` with the counts that the import would have; `start()` can then make it a real one. `position`
    is the last row of the file that is done with. Rows are numbered as a spreadsheet numbers them: the header is in
    row 1, blank lines count.
    """

    actor_kind = models.CharField(max_length=8, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True, blank=True)
    file = models.CharField(max_length=200, blank=True)  # in the storage; empty once it was deleted
    filename = models.CharField(max_length=255)  # as the person has it
    size = models.PositiveBigIntegerField(default=0)  # bytes
    encoding = models.CharField(max_length=40)  # a codec's name, of `files.ENCODINGS` or another
    delimiter = models.CharField(max_length=1, choices=Delimiter, default=Delimiter.COMMA)
    date_order = models.CharField(max_length=3, choices=DateOrder, default=DateOrder.DMY)
    decimal = models.CharField(max_length=1, choices=DecimalMark, default=DecimalMark.POINT)
    headers = ArrayField(models.TextField(), default=list)  # in the file's order
    headers_mark = models.CharField(max_length=64, blank=True, editable=False)  # the same for the same headers
    mapping = models.JSONField(default=dict)  # header -> target: "name", "email", "organization", "tags", "cf_<key>"
    on_conflict = models.CharField(max_length=8, choices=OnConflict, default=OnConflict.UPDATE)
    new_options = models.CharField(max_length=8, choices=NewOptions, default=NewOptions.REFUSE)
    dry_run = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    rows = models.PositiveIntegerField(default=0)  # of the file, known soon after the start
    processed = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # New besides contacts: {"organizations": 3, "tags": 1, "options": {"plan": ["Gold"]}}, by the fields' keys.
    made = models.JSONField(default=dict)
    problem = models.JSONField(null=True, blank=True)  # {"line": 3 or null, "code", "reason"} where it failed
    cancel_asked = models.BooleanField(default=False)
    undo_after = models.JSONField(default=dict)  # how far the undo has come
    trashed = models.PositiveIntegerField(default=0)  # by the undo: created contacts that went to the trash
    reverted = models.PositiveIntegerField(default=0)  # contacts that got something back
    kept = models.PositiveIntegerField(default=0)  # contacts of which something stays, since others changed it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ImportQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="import_workspace_id"),
            models.CheckConstraint(condition=Q(actor_kind__in=ActorKind.values), name="import_actor_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="import_status_known"),
            models.CheckConstraint(
                condition=Q(
                    processed=F("created") + F("updated") + F("unchanged") + F("skipped") + F("failed"),
                    processed__lte=F("rows"),
                ),
                name="import_counts_add_up",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "headers_mark", "id"], name="import_headers"),
            models.Index(fields=["workspace", "created_at"], name="import_file_kept", condition=~Q(file="")),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def actor(self) -> Actor:
        """Who does what the import does: the contacts' histories name it."""
        return Actor(ActorKind.IMPORT, self.pk, self.filename)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}

    @property
    def mapped(self) -> list[str]:
        """The headers of the columns that go somewhere, in the file's order."""
        return [header for header in self.headers if header in self.mapping]

    @property
    def can_undo(self) -> bool:
        """Whether it has written something that can be taken back."""
        return not self.dry_run and self.status in (Status.DONE, Status.CANCELLED, Status.FAILED) and self.processed > 0

    @property
    def made_words(self) -> str:
        """What it made besides contacts: "2 organizations, 1 tag, options Gold, Silver of plan"."""
        organizations, tags = self.made.get("organizations", 0), self.made.get("tags", 0)
        told = [counted(organizations, "{number} organization", "{number} organizations")] if organizations else []
        if tags:
            told.append(counted(tags, "{number} tag", "{number} tags"))
        for key, labels in self.made.get("options", {}).items():
            said = ngettext("option {labels} of {field}", "options {labels} of {field}", len(labels))
            told.append(said.format(labels=", ".join(labels), field=key))
        return ", ".join(told)

    @property
    def can_repair(self) -> bool:
        return self.status in (Status.DONE, Status.CANCELLED) and self.failed > 0


class ImportRow(TenantModel):
    """A row that failed, and what may be corrected in it; after a dry run also one that was `edited`, for the import.

    `email_key` says whose row it is, where its address can be read: erasing a person finds it by that. The cells go
    with the file's headers, and may be fewer or more.
    """

    pk = models.CompositePrimaryKey("workspace_id", "run_id", "row")
    run = CompositeForeignKey(Import, related_name="failed_rows")
    row = models.PositiveIntegerField()
    line = models.PositiveIntegerField()  # of the file, where the row begins
    cells = ArrayField(models.TextField())
    email_key = models.TextField(db_collation="C", null=True, editable=False)
    edited = models.BooleanField(default=False)  # by hand, after a dry run
    repaired = models.BooleanField(default=False)  # nothing is wrong with it any more

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "email_key"], name="import_row_person", condition=Q(email_key__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"Row {self.row}"


class ImportProblem(TenantModel):
    """One thing that is wrong with a failed row. `column` is the file's header, empty where it is the whole row."""

    pk = models.CompositePrimaryKey("workspace_id", "run_id", "row", "position")
    run = CompositeForeignKey(Import, related_name="problems")
    row = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    column = models.TextField(blank=True)
    value = models.TextField(blank=True)
    code = models.CharField(max_length=40)
    reason = models.TextField()

    def __str__(self) -> str:
        return f"Row {self.row}: {self.reason}"


class ImportMade(TenantModel):
    """An organization, a tag or an option that an import made, so that its undo can remove it again."""

    class Kind(models.TextChoices):
        ORGANIZATION = "organization", gettext_lazy("Organization")
        TAG = "tag", gettext_lazy("Tag")
        OPTION = "option", gettext_lazy("Option")

    pk = models.CompositePrimaryKey("workspace_id", "run_id", "kind", "made_id")
    run = CompositeForeignKey(Import, related_name="makings")
    kind = models.CharField(max_length=12, choices=Kind)
    made_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} {self.made_id}"
