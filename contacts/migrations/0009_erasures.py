import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from gopimi.lib.operations import ProtectRows

# A text's pieces that may be an address, compared in lower case: a text is read once, however many are looked for.
MENTIONS = r"""
CREATE FUNCTION mentions_address(text text, wanted text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT strpos(text, '@') > 0 AND EXISTS (
    SELECT FROM regexp_matches(
      lower(text COLLATE "pg_c_utf8"), '[^\s<>,;:"''()\[\]?&=/|]+@[^\s<>,;:"''()\[\]?&=/|]+', 'g'
    ) AS found WHERE rtrim(found[1], '.') = ANY(wanted))
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0008_shared_views"), ("workspaces", "0002_api_limits")]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("contact_id", models.BigIntegerField()),
                ("names", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("emails", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
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
            options={"indexes": [models.Index(fields=["workspace", "id"], name="erasure_waiting")]},
        ),
        ProtectRows("contacts_erasure"),
        migrations.RunSQL(MENTIONS, "DROP FUNCTION mentions_address"),
    ]
