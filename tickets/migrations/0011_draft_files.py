import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

import gopimi.lib.tenancy
from gopimi.lib.operations import AddForeignKey, ProtectRows


class Migration(migrations.Migration):
    dependencies = [("tickets", "0010_all_read")]

    operations = [
        migrations.AddConstraint(
            "draft", models.UniqueConstraint(fields=["workspace", "id"], name="draft_workspace_id")
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("filename", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=255)),
                ("size", models.PositiveBigIntegerField()),
                ("file", models.FileField(max_length=300, upload_to="attachments")),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                (
                    "draft",
                    gopimi.lib.tenancy.CompositeForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="files",
                        to="tickets.draft",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["workspace", "draft", "id"], name="draftfile_draft")],
            },
        ),
        # Whatever becomes of a draft, its files are still found, and deleted from the storage.
        AddForeignKey("tickets_draftfile", "draft_id", "tickets_draft", on_delete="SET NULL (draft_id)"),
        ProtectRows("tickets_draftfile"),
    ]
