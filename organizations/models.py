"""The companies that contacts belong to, and the mail domains that are theirs."""

from collections.abc import Sequence
from typing import Any

import idna
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from gopimi.lib.folding import Fold, Lower, key_field
from gopimi.lib.refusals import Refusals
from gopimi.lib.tenancy import CompositeForeignKey, TenantModel
from organizations.querysets import OrganizationQuerySet


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
        # None on the counters: they change with every contact, which without an index touches no other either (HOT).
        indexes = [
            models.Index(fields=["workspace", "name_key", "id"], name="organization_name"),
            models.Index(fields=["workspace", "created_at", "id"], name="organization_created"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def domain_names(self) -> list[str]:
        return [domain.name for domain in self.domains.all()]

    @transaction.atomic
    def change(self, **given: Any) -> None:
        """Change the name or the domains, those that are given. Raises ValidationError by attribute."""
        siblings = Organization.objects.for_workspace(self.workspace_id)
        siblings.lock()
        refusals = Refusals()
        checks = {"name": siblings.free_name, "domains": siblings.free_domains}
        checked = {key: refusals.attempt(checks[key], value, self) for key, value in given.items()}
        refusals.check()
        self.name = checked.get("name", self.name)
        self.updated_at = timezone.now()
        self.save(update_fields=["name", "updated_at"])
        if "domains" in checked:
            self.set_domains(checked["domains"])

    @transaction.atomic
    def delete(self, *args: Any, **options: Any) -> Any:
        """Its contacts stay, without organization. The workspace first: many may be changing these contacts."""
        Organization.objects.for_workspace(self.workspace_id).lock()
        return super().delete(*args, **options)

    def set_domains(self, names: Sequence[str]) -> None:
        """Have exactly these domains, checked before by `free_domains`."""
        domains = Domain.objects.for_workspace(self.workspace_id)
        own = domains.filter(organization=self)
        own.exclude(name__in=names).delete()
        kept = set(own.values_list("name", flat=True))
        added = [
            Domain(workspace_id=self.workspace_id, organization=self, name=one) for one in names if one not in kept
        ]
        domains.bulk_create(added)
        getattr(self, "_prefetched_objects_cache", {}).pop("domains", None)


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
        """As people write it: münchen.example."""
        try:
            return idna.decode(self.name)
        except idna.IDNAError:
            return self.name
