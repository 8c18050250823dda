from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tickets", "0004_webhook_secrets")]

    operations = [
        migrations.AlterField("rawmail", "data", models.BinaryField(null=True)),
        migrations.RemoveIndex("rawmail", "raw_mail_received"),
        migrations.AddIndex(
            "rawmail", models.Index(fields=["workspace", "mailbox", "received_at"], name="raw_mail_mailbox")
        ),
        migrations.AddIndex(
            "rawmail",
            models.Index(
                fields=["workspace", "received_at"],
                name="raw_mail_to_forget",
                condition=Q(state__in=["done", "automatic"], data__isnull=False),
            ),
        ),
    ]
