from django.db import migrations, models
from django.db.models.functions import Now

# The checks of the foreign keys are not put off, since the tables get an index afterwards.
SINCE = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE tickets_{kind} AS thread SET last_message_at = coalesce(
    (SELECT max(message.created_at) FROM tickets_message AS message
     WHERE message.workspace_id = thread.workspace_id AND message.{kind}_id = thread.id
     AND message.direction <> 'note'),
    thread.created_at
);
"""
KINDS = ("ticket", "conversation")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0011_draft_files")]

    operations = [
        *[
            migrations.AddField(kind, "last_message_at", models.DateTimeField(db_default=Now(), editable=False))
            for kind in KINDS
        ],
        *[migrations.RunSQL(SINCE.format(kind=kind), migrations.RunSQL.noop) for kind in KINDS],
        *[
            migrations.AddIndex(
                kind, models.Index(fields=["workspace", "last_message_at", "id"], name=f"{kind}_last_message")
            )
            for kind in KINDS
        ],
    ]
