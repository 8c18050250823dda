"""What goes on in the background. Arguments are ids alone, never what a customer wrote.

Each locks the field's row before any of its options and values, as `Field.touch` says.
"""

from procrastinate.contrib.django import app

from customfields.models import Field, Option
from gopimi.lib.tenancy import workspace


@app.task(name="customfields.erase_field")
def erase_field(workspace_id: int, field_id: int) -> None:
    """Delete the next batch of a deleted field's values; a batch that is there already, or a field gone, is fine."""
    with workspace(workspace_id):
        deleted = Field.objects.for_workspace(workspace_id).filter(deleted_at__isnull=False)
        if field := deleted.select_for_update().filter(pk=field_id).first():
            field.erase()


@app.task(name="customfields.erase_option")
def erase_option(workspace_id: int, option_id: int, replace_with: int | None = None) -> None:
    """Delete or move the next batch of a deleted option's values."""
    with workspace(workspace_id):
        options = Option.objects.for_workspace(workspace_id).select_related("field")
        locked = options.filter(deleted_at__isnull=False).select_for_update(no_key=True, of=("field",))
        if option := locked.filter(pk=option_id).first():
            option.erase(options.filter(pk=replace_with).first() if replace_with else None)
