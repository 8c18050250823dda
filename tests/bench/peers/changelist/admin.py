from typing import Any

from django.contrib import admin

from tests.bench.peers.changelist.models import Person


class PersonAdmin(admin.ModelAdmin):
    list_display = ["name", "email", "organization", "plan", "seats", "renewal", "products"]
    list_filter = ["plan", "active"]
    search_fields = ["name", "email", "organization"]
    ordering = ["-id"]
    list_per_page = 50

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True


class Site(admin.AdminSite):
    """Open to everybody: signing in is no part of what is measured."""

    def has_permission(self, request: Any) -> bool:
        return True


site = Site()
site.register(Person, PersonAdmin)
