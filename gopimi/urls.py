"""Every address of GoPimi. Pages of a workspace live under its slug, which the middleware turns into the workspace."""

from django.urls import include, path

from gopimi.workspaces import views

workspace_pages = [
    path("contacts/organizations/", include("organizations.urls")),
    path("contacts/fields/", include("customfields.urls")),
    path("contacts/", include("contacts.urls")),
    path("settings/", include("gopimi.workspaces.urls")),
    path("", include("tickets.urls")),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.health, name="health"),
    path("accounts/", include("allauth.urls")),
    path("dashboard/<slug:slug>/", include(workspace_pages)),
]

handler400 = "gopimi.workspaces.errors.bad_request"
handler403 = "gopimi.workspaces.errors.forbidden"
handler404 = "gopimi.workspaces.errors.not_found"
handler500 = "gopimi.workspaces.errors.server_error"
