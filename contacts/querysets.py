"""Placeholder docstring, replaced below."""

from gopimi.lib.tenancy import TenantQuerySet


class ContactQuerySet(TenantQuerySet):
    def alive(self) -> "ContactQuerySet":
        return self.filter(deleted_at__isnull=True)

    def trashed(self) -> "ContactQuerySet":
        return self.filter(deleted_at__isnull=False, erased_at__isnull=True)
