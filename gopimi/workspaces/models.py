"""People who work here, the workspaces that they work in, and the keys that programs work with. Global tables."""

import hashlib
import secrets
import zoneinfo
from datetime import UTC, timedelta, tzinfo
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from gopimi.lib import routes, statements
from gopimi.lib.figures import figure
from gopimi.lib.tenancy import ENTER, TenantModel

SLUG_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are read for one another


def display_name(name: str, email: str) -> str:
    """What a person is called: by the address where no name is known."""
    return name or email.split("@")[0]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        user = self.model(email=email.strip().lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def find_or_create(self, email: str, password: str) -> "User":
        """The account of this address, which keeps its password, or a new one with this password."""
        try:
            return self.get_by_natural_key(email)
        except self.model.DoesNotExist:
            return self.create_user(email, password)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in. What they may do is said by their memberships alone."""

    email = models.EmailField(max_length=254, unique=True)  # lower case
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(
        max_length=8,
        default="system",
        choices=[("system", gettext_lazy("System")), ("light", gettext_lazy("Light")), ("dark", gettext_lazy("Dark"))],
    )
    language = models.CharField(
        max_length=8, default="", blank=True, choices=[("", gettext_lazy("Browser's language")), *settings.LANGUAGES]
    )
    # What the browser asked for when it was seen last, for mails.
    browser_language = models.CharField(max_length=8, default=settings.LANGUAGE_CODE, editable=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return display_name(self.name, self.email)

    @property
    def reads(self) -> str:
        """The language to write to them in."""
        return self.language or self.browser_language

    @property
    def zone(self) -> tzinfo:
        """Where dates are shown in; UTC where this machine doesn't know their zone."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return UTC


def new_slug() -> str:
    return "".join(secrets.choice(SLUG_LETTERS) for _ in range(8))


class QuotaExceeded(Exception):
    """Creating these contacts would go over the workspace's quota."""

    def __init__(self, limit: int, used: int, requested: int) -> None:
        said = gettext("This workspace has room for {limit} contacts and {used} are used.")
        super().__init__(said.format(limit=figure(limit), used=figure(used)))
        self.limit, self.used, self.requested = limit, used, requested


class Workspace(models.Model):
    """A company's own help desk. It shares nothing with another."""

    slug = models.SlugField(max_length=32, unique=True, default=new_slug)
    name = models.CharField(max_length=200)
    contact_quota = models.PositiveIntegerField(null=True, blank=True, help_text="Most contacts; empty for no limit")
    # Kept by a trigger on contacts: those outside of the trash.
    contact_count = models.PositiveIntegerField(default=0, editable=False)
    # The last number given to a ticket: numbers have no gaps, so a sequence won't do.
    last_ticket_number = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def ids(cls) -> list[int]:
        """Of all workspaces: for what is done every night, in each."""
        return list(cls.objects.order_by("pk").values_list("pk", flat=True))

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The address of a page inside this workspace: `workspace.url("contacts:detail", contact.pk)`."""
        if kwargs:
            return reverse(name, kwargs={"slug": self.slug, **kwargs})
        return routes.address(name, self.slug, *args)

    def lock(self) -> "Workspace":
        """Hold this workspace's row until the transaction ends, and read it anew.

        Whoever creates contacts or tickets takes it first: counts stay right, and overlapping writers don't deadlock.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("A workspace is locked inside a transaction.")
        rows = statements.fetch(LOCK.format(more=""), {"workspace": self.pk})
        if not rows:
            raise Workspace.DoesNotExist("The workspace was deleted.")
        locked: Workspace = statements.instance(Workspace, rows[0])
        return locked

    @property
    def contacts_available(self) -> int | None:
        """How many contacts can still be created; None where there is no limit."""
        return None if self.contact_quota is None else max(0, self.contact_quota - self.contact_count)

    def next_ticket_number(self) -> int:
        """The next number, without gaps or repeats: the row stays locked until the ticket is committed."""
        ((number,),) = statements.fetch(NEXT_TICKET_NUMBER, [self.pk])
        self.last_ticket_number = number
        return self.last_ticket_number


LOCK = f"""
SELECT {statements.columns(Workspace, "workspace")}{{more}} FROM workspaces_workspace AS workspace
WHERE id = %(workspace)s FOR NO KEY UPDATE
"""  # noqa: S608
LOCK_AND_ENTER = LOCK.format(more=f", {ENTER.format('id')} AS entered")  # see `tenancy.entering`
NEXT_TICKET_NUMBER = """
UPDATE workspaces_workspace SET last_ticket_number = last_ticket_number + 1 WHERE id = %s RETURNING last_ticket_number
"""


class Role(models.TextChoices):
    ADMIN = "admin", gettext_lazy("Admin")
    AGENT = "agent", gettext_lazy("Agent")


class Membership(models.Model):
    """What a person may do in a workspace, and how they like its tables."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, db_index=False, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.AGENT)
    # Column keys of the contacts table in this member's order ("email", "cf_plan"); empty is the default.
    contact_columns = ArrayField(models.TextField(), default=list, blank=True)
    # Of which new mail they are told by mail: in what is assigned to them, and in what is nobody's.
    notify_assigned = models.BooleanField(
        gettext_lazy("In a ticket or conversation that is assigned to me"), default=True
    )
    notify_unassigned = models.BooleanField(gettext_lazy("In one that nobody is assigned to"), default=False)
    # Whether the list of first steps in a new workspace was dismissed.
    first_steps_hidden = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="membership_unique"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


def digest(secret: str) -> str:
    """What is stored of a secret that was handed out: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Invitation(models.Model):
    """A way into a workspace sent to an address: it works once, for seven days."""

    LIFETIME = timedelta(days=7)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=8, choices=Role, default=Role.AGENT)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_role_known"),
            models.UniqueConstraint(
                "workspace", Lower("email"), condition=Q(accepted_at__isnull=True), name="invitation_open_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.workspace}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Whether its link still works."""
        return self.accepted_at is None and not self.is_expired

    @staticmethod
    def path(token: str) -> str:
        """Where the link leads."""
        return reverse("invitation", args=[token])


class Scope(models.TextChoices):
    CONTACTS_READ = "contacts:read", gettext_lazy("Read contacts")
    CONTACTS_WRITE = "contacts:write", gettext_lazy("Change contacts")
    FIELDS_WRITE = "fields:write", gettext_lazy("Define custom fields")
    TICKETS_READ = "tickets:read", gettext_lazy("Read tickets and conversations")
    TICKETS_WRITE = "tickets:write", gettext_lazy("Change tickets and conversations")


class ApiToken(models.Model):
    """A program's key to one workspace. It is shown once; only its SHA-256 is stored."""

    PREFIX = "gp_"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=200)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope))
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(
        cls, workspace: Workspace, name: str, scopes: list[str], created_by: User | None = None
    ) -> tuple["ApiToken", str]:
        """Make a token and return it with its secret, which can't be read again."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            workspace=workspace, name=name, scopes=scopes, token_hash=digest(secret), created_by=created_by
        )
        return token, secret

    def allows(self, scope: str) -> bool:
        """Whether the token has this scope; a write scope implies its read."""
        return scope in self.scopes or (scope.endswith(":read") and f"{scope[:-5]}:write" in self.scopes)


class TokenUse(models.Model):
    """How often a token was used in the present minute, counted by all processes. A crash may forget it."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="+")
    minute = models.BigIntegerField()  # since 1970
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} uses of {self.token_id}"


class KeptAnswer(TenantModel):
    """The answer to a POST with an Idempotency-Key, for whoever sends it again; without a status while it runs."""

    token = models.ForeignKey(ApiToken, models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=255)
    path = models.TextField()
    fingerprint = models.CharField(max_length=64)  # SHA-256 of query and body
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key", "path"], name="kept_answer_unique")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_created")]

    def __str__(self) -> str:
        return f"{self.status} of {self.path}"
