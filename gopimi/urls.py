"""Every address of GoPimi. Pages of a workspace live under its slug, which the middleware turns into the workspace."""

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path, re_path

from gopimi.api import api, unknown
from gopimi.styleguide import styleguide
from gopimi.workspaces import urls as settings
from gopimi.workspaces.views import entry, first, invitations
from tickets import urls as tickets

workspace_pages: list[URLPattern | URLResolver] = [
    path("", entry.start, name="start"),
    path("contacts/organizations/", include("organizations.urls")),
    path("contacts/fields/", include("customfields.urls")),
    path("contacts/", include("contacts.urls")),
    path("settings/", include(([*settings.urlpatterns, *tickets.settings_pages], "settings"))),
    path("", include("tickets.urls")),
]

# Of allauth's pages those that we use, under its own names.
account_pages = [
    path("login/", first.sign_in, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.base.urls")),
    path("2fa/totp/", include("allauth.mfa.totp.urls")),
    path("2fa/recovery-codes/", include("allauth.mfa.recovery_codes.urls")),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]

urlpatterns = [
    path("", entry.home, name="home"),
    path("healthz", entry.health, name="health"),
    path("accounts/", include(account_pages)),
    path("styleguide/", styleguide, name="styleguide"),
    path("welcome/", first.first_run, name="first_run"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("dashboard/<slug:slug>/", include(workspace_pages)),
    path("hooks/mail/", include("tickets.webhooks")),
    path("api/v1/", api.urls),
    re_path("^api/", unknown),
]

handler400 = "gopimi.workspaces.errors.bad_request"
handler403 = "gopimi.workspaces.errors.forbidden"
handler404 = "gopimi.workspaces.errors.not_found"
handler500 = "gopimi.workspaces.errors.server_error"
