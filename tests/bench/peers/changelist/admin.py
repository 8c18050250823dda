from typing import Any

from django.contrib import admin

from tests.bench.peers.changelist.models import Person, PersonWithFields, Someone


class PersonAdmin(admin.ModelAdmin):
    """The columns and the order of our table where nothing was chosen."""

    list_display = ["name", "email", "organization", "tags", "updated_at"]
    list_filter = ["plan", "active"]
    search_fields = ["name", "email", "organization"]
    ordering = ["-created_at"]
    list_per_page = 50
    actions = None

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class PersonWithFieldsAdmin(PersonAdmin):
    list_display = ["name", "email", "organization", "plan", "seats", "renewal", "products"]


class Site(admin.AdminSite):
    """Open to everybody: signing in is no part of what is measured."""

    def has_permission(self, request: Any) -> bool:
        return True


site = Site()
site.register([Person, Someone], PersonAdmin)
site.register(PersonWithFields, PersonWithFieldsAdmin)
