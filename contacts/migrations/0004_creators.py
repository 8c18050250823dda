from django.db import migrations, models
from django.db.models import Q

KINDS = ["agent", "api", "email", "import", "system"]
CHOICES = [("agent", "Agent"), ("api", "API token"), ("email", "Email"), ("import", "Import"), ("system", "GoPimi")]

# Who created a contact was a row of its history; it becomes two columns of the contact.
MOVE = """
UPDATE contacts_contact AS contact SET creator_kind = change.actor_kind, creator_id = change.actor_id
FROM contacts_change AS change
WHERE change.workspace_id = contact.workspace_id AND change.contact_id = contact.id AND change.what = 'created';
DELETE FROM contacts_change WHERE what = 'created';
"""
MOVE_BACK = """
INSERT INTO contacts_change (workspace_id, contact_id, at, what, actor_kind, actor_id)
SELECT workspace_id, id, created_at, 'created', creator_kind, creator_id FROM contacts_contact ORDER BY created_at, id;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_search_in_batches")]

    operations = [
        migrations.AddField(
            "contact",
            "creator_kind",
            models.CharField(choices=CHOICES, db_default="system", editable=False, max_length=8),
        ),
        migrations.AddField("contact", "creator_id", models.BigIntegerField(editable=False, null=True)),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(condition=Q(creator_kind__in=KINDS), name="contact_creator_known"),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["workspace", "creator_id"], name="contact_imported", condition=Q(creator_kind="import")
            ),
        ),
    ]
