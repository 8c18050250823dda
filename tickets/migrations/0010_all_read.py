from django.db import migrations, models
from django.db.models import Q

# What was one row for all tickets and conversations is one for each. The checks of the foreign keys are not put off,
# since the table is changed afterwards.
APART = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO tickets_seen (workspace_id, user_id, state, all_of)
SELECT workspace_id, user_id, state, 'conversation' FROM tickets_seen
WHERE ticket_id IS NULL AND conversation_id IS NULL;
UPDATE tickets_seen SET all_of = 'ticket' WHERE ticket_id IS NULL AND conversation_id IS NULL AND all_of = '';
"""
TOGETHER = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM tickets_seen WHERE all_of = 'conversation';
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0009_grams_in_a_loop")]

    operations = [
        migrations.AddField("seen", "all_of", models.CharField(blank=True, db_default="", max_length=12)),
        migrations.RemoveConstraint("seen", "seen_all_unique"),
        migrations.RunSQL(APART, TOGETHER),
        migrations.AddConstraint(
            "seen",
            models.UniqueConstraint(
                fields=["workspace", "user", "all_of"], condition=~Q(all_of=""), name="seen_all_unique"
            ),
        ),
        migrations.AddConstraint(
            "seen",
            models.CheckConstraint(
                condition=Q(ticket__isnull=False, all_of="")
                | Q(conversation__isnull=False, all_of="")
                | Q(ticket__isnull=True, conversation__isnull=True, all_of__in=["ticket", "conversation"]),
                name="seen_one_or_all",
            ),
        ),
    ]
