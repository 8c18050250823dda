"""The companies that contacts belong to, and the mail domains that are theirs."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from gopimi.lib.folding import Fold, Lower, key_field
from gopimi.lib.naming import NamedQuerySet
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel


class OrganizationQuerySet(NamedQuerySet):
    def named(self, name: str) -> "Organization":
        """The organization with this name, without regard to case, made where it is new."""
        return self.get(pk=self.find_or_make([name])[name])  # type: ignore[no-any-return]


class Organization(TenantModel):
    name = models.CharField(max_length=200)
    # `name_lower` is the identity (unique without regard to case), `name_key` what is searched and sorted by.
    name_lower = models.GeneratedField(expression=Lower("name"), output_field=key_field(), db_persist=True)
    name_key = models.GeneratedField(expression=Fold("name"), output_field=key_field(), db_persist=True)
    # Both kept by triggers of the apps that know the cause: contacts outside of the trash, and their open tickets.
    contact_count = models.PositiveIntegerField(db_default=0, editable=False)
    open_ticket_count = models.PositiveIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OrganizationQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="organization_workspace_id"),
            models.UniqueConstraint(fields=["workspace", "name_lower"], name="organization_name_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="organization_name_not_empty"),
        ]
        indexes = [
            models.Index(fields=["workspace", "name_key", "id"], name="organization_name"),
            models.Index(fields=["workspace", "created_at", "id"], name="organization_created"),
            models.Index(fields=["workspace", "contact_count", "id"], name="organization_contacts"),
        ]

    def __str__(self) -> str:
        return self.name


class Domain(TenantModel):
    """A mail domain of an organization: a new contact with an address there joins it."""

    organization = CompositeForeignKey(Organization, related_name="domains")
    name = models.CharField(max_length=253)  # lower case, IDNA ASCII

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="domain_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="domain_name_not_empty"),
        ]
        indexes = [models.Index(fields=["workspace", "organization"], name="domain_organization")]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
