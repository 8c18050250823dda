from django.apps import AppConfig
from django.db.models.signals import post_migrate

from gopimi.lib.roles import grant_to_application


class WorkspacesConfig(AppConfig):
    name = "gopimi.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        from gopimi.workspaces import checks  # noqa: F401 -- registers the system checks

        post_migrate.connect(grant_to_application, dispatch_uid="grant_to_application")
