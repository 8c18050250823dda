from django.db import migrations, models

import tickets.models

# Two random UUIDs are 244 bits that nobody can guess (pg_strong_random).
FILL = """
UPDATE tickets_mailbox SET webhook_secret = replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
WHERE webhook_secret = '';
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_sending")]

    operations = [
        migrations.AddField("mailbox", "webhook_signing_key", models.CharField(blank=True, max_length=200)),
        migrations.AlterField(
            "mailbox", "webhook_secret", models.CharField(default=tickets.models.new_secret, max_length=64)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "mailbox",
            models.CheckConstraint(
                condition=models.Q(("webhook_secret", ""), _negated=True), name="mailbox_has_webhook_secret"
            ),
        ),
    ]
