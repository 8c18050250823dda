"""What goes on in the background. Arguments are ids alone, never what a customer wrote."""

from django.db import close_old_connections
from procrastinate.contrib.django import app

from customfields import removing
from customfields.models import Field, Option
from gopimi.lib.tenancy import workspace
from gopimi.workspaces.actor import Actor, ActorKind
from gopimi.workspaces.tasks import AGAIN


@app.task(name=removing.FIELD, retry=AGAIN)
def erase_field(workspace_id: int, field_id: int) -> None:
    """Delete the next batch of a deleted field's values; a batch that is there already, or a field gone, is fine."""
    close_old_connections()
    with workspace(workspace_id):
        deleted = Field.objects.for_workspace(workspace_id).filter(deleted_at__isnull=False)
        if field := deleted.select_for_update().filter(pk=field_id).first():
            removing.erase_field(field)


@app.task(name=removing.OPTION, retry=AGAIN)
def erase_option(workspace_id: int, option_id: int, actor_kind: str, actor_id: int | None) -> None:
    """Take an option that goes from the next batch of contacts."""
    close_old_connections()
    with workspace(workspace_id):
        options = Option.objects.for_workspace(workspace_id).leaving().select_related("field", "replaced_by")
        if option := options.filter(pk=option_id).first():
            removing.erase_option(option, Actor(ActorKind(actor_kind), actor_id))
