import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import gopimi.lib.folding
import gopimi.lib.tenancy
from gopimi.lib.operations import AddForeignKey, ProtectRows

# The pieces of a folded text, of `shortest` to three letters, hashed together with the workspace's id. Search asks by the
# longest alone: the shorter ones are in them.
GRAMS = """
CREATE FUNCTION search_grams(workspace bigint, folded text, shortest int) RETURNS int[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE letters text[] := string_to_array(folded, NULL);
BEGIN
  RETURN ARRAY(
    SELECT DISTINCT hashtext(workspace || ':' || array_to_string(letters[place : place + size - 1], ''))
    FROM generate_series(shortest, 3) AS size, generate_series(1, cardinality(letters) - size + 1) AS place
  );
END $$;
"""

# Reads the index as the owner: under row-level security the planner may not use it (`@>` isn't leakproof). It looks at the
# workspace itself, and answers with ids alone: any `cap` of them where a twentieth of the newest ones have the word, since
# then there are so many that nobody wants them named.
SEARCH = """
CREATE FUNCTION search_{name}_ids(word text, cap int) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000 SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  entered bigint := nullif(current_setting('app.workspace_id', true), '')::bigint;
  wanted int[] := public.search_grams(entered, word, least(length(word), 3));
  looked_at int;
  found int;
BEGIN
  IF cardinality(wanted) > 0 THEN
    SELECT count(*), count(*) FILTER (WHERE position(word IN search_key) > 0) INTO looked_at, found FROM (
      SELECT search_key FROM public.tickets_{name} WHERE workspace_id = entered ORDER BY id DESC LIMIT 500
    ) AS newest;
    IF looked_at = 500 AND found >= 25 THEN
      RETURN QUERY SELECT generate_series(1, cap)::bigint;
      RETURN;
    END IF;
    RETURN QUERY SELECT {name}_id FROM public.tickets_{name}search
      WHERE workspace_id = entered AND grams @> wanted LIMIT cap;
  END IF;
END $$;
REVOKE ALL ON FUNCTION search_{name}_ids FROM PUBLIC;

CREATE FUNCTION tickets_index_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.tickets_{name}search (workspace_id, {name}_id, grams)
  VALUES (NEW.workspace_id, NEW.id, public.search_grams(NEW.workspace_id, NEW.search_key, 2))
  ON CONFLICT (workspace_id, {name}_id) DO UPDATE SET grams = EXCLUDED.grams;
  RETURN NULL;
END $$;
CREATE TRIGGER tickets_indexed_insert AFTER INSERT ON tickets_{name}
  FOR EACH ROW EXECUTE FUNCTION tickets_index_{name}();
CREATE TRIGGER tickets_indexed_update AFTER UPDATE ON tickets_{name}
  FOR EACH ROW WHEN (OLD.search_key IS DISTINCT FROM NEW.search_key) EXECUTE FUNCTION tickets_index_{name}();

INSERT INTO tickets_{name}search (workspace_id, {name}_id, grams)
SELECT workspace_id, id, search_grams(workspace_id, search_key, 2) FROM tickets_{name};
"""
NO_SEARCH = """
DROP TRIGGER tickets_indexed_insert ON tickets_{name};
DROP TRIGGER tickets_indexed_update ON tickets_{name};
DROP FUNCTION tickets_index_{name}, search_{name}_ids;
"""


def search_of(name: str) -> list:
    workspace = models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="workspaces.workspace",
    )
    thread = gopimi.lib.tenancy.CompositeForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=f"tickets.{name}",
    )
    grams = django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)
    index = django.contrib.postgres.indexes.GinIndex(
        fields=["grams"], gin_pending_list_limit=1024, name=f"{name}_search_grams"
    )
    key = models.CompositePrimaryKey(
        "workspace_id", f"{name}_id", blank=True, editable=False, primary_key=True, serialize=False
    )
    return [
        migrations.CreateModel(
            name=f"{name.title()}Search",
            fields=[("pk", key), (name, thread), ("workspace", workspace), ("grams", grams)],
            options={"abstract": False},
        ),
        AddForeignKey(f"tickets_{name}search", f"{name}_id", f"tickets_{name}", on_delete="CASCADE"),
        migrations.RunSQL(SEARCH.format(name=name), NO_SEARCH.format(name=name)),
        migrations.AddIndex(f"{name}search", index),
        ProtectRows(f"tickets_{name}search"),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0005_forget_raw_mail"),
        ("workspaces", "0002_api_limits"),
    ]

    operations = [
        migrations.AddField(
            "ticket",
            "search_key",
            models.GeneratedField(
                db_persist=True,
                expression=gopimi.lib.folding.Fold("subject"),
                output_field=gopimi.lib.folding.key_field(),
            ),
        ),
        migrations.AddField(
            "conversation",
            "search_key",
            models.GeneratedField(
                db_persist=True,
                expression=gopimi.lib.folding.Fold(
                    django.db.models.functions.text.Concat(
                        "subject", models.Value(" "), "from_name", models.Value(" "), "from_email"
                    )
                ),
                output_field=gopimi.lib.folding.key_field(),
            ),
        ),
        migrations.RunSQL(GRAMS, "DROP FUNCTION search_grams"),
        *search_of("ticket"),
        *search_of("conversation"),
        migrations.AddIndex("ticket", models.Index(fields=["workspace", "created_at", "id"], name="ticket_created")),
        migrations.AddIndex("ticket", models.Index(fields=["workspace", "priority", "id"], name="ticket_priority")),
        migrations.AddIndex(
            "conversation", models.Index(fields=["workspace", "created_at", "id"], name="conversation_created")
        ),
    ]
