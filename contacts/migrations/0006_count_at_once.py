import django.db.models.deletion
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

# Counters kept by statement-level triggers, as in 0002: there each organization was updated by a statement of its own,
# which took two thirds of the time of inserting contacts of many organizations.
# Organizations are locked in the order of their ids first, so that two statements can't lock each other out.
COUNTERS = """
CREATE FUNCTION contacts_apply_counts(workspaces bigint[], organizations bigint[], added int[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  changed record;
BEGIN
  FOR changed IN
    SELECT workspace, n FROM unnest(workspaces, organizations, added) AS given (workspace, organization, n)
      WHERE organization IS NULL AND n <> 0 ORDER BY workspace
  LOOP
    UPDATE workspaces_workspace SET contact_count = contact_count + changed.n
      WHERE id = changed.workspace AND (changed.n < 0 OR contact_quota IS NULL
        OR contact_count + changed.n <= contact_quota OR current_setting('app.quota_exempt', true) = 'on');
    IF NOT FOUND AND changed.n > 0 THEN RAISE EXCEPTION 'contact quota' USING errcode = 'GP429'; END IF;
  END LOOP;
  PERFORM 1 FROM organizations_organization AS known
    WHERE (known.workspace_id, known.id) IN (
      SELECT workspace, organization FROM unnest(workspaces, organizations, added) AS given (workspace, organization, n)
        WHERE organization IS NOT NULL AND n <> 0)
    ORDER BY known.workspace_id, known.id FOR NO KEY UPDATE;
  UPDATE organizations_organization AS known SET contact_count = known.contact_count + given.n
    FROM unnest(workspaces, organizations, added) AS given (workspace, organization, n)
    WHERE known.workspace_id = given.workspace AND known.id = given.organization AND given.n <> 0;
END $$;

CREATE OR REPLACE FUNCTION contacts_counted_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM contacts_apply_counts(array_agg(workspace_id), array_agg(organization_id), array_agg(n)) FROM (
    SELECT workspace_id, NULL::bigint AS organization_id, count(*)::int AS n FROM fresh WHERE deleted_at IS NULL GROUP BY 1
    UNION ALL
    SELECT workspace_id, organization_id, count(*)::int FROM fresh
      WHERE deleted_at IS NULL AND organization_id IS NOT NULL GROUP BY 1, 2) counts;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION contacts_counted_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM contacts_apply_counts(array_agg(workspace_id), array_agg(organization_id), array_agg(n)) FROM (
    SELECT workspace_id, NULL::bigint AS organization_id, sum(n)::int AS n FROM (
      SELECT workspace_id, 1 AS n FROM fresh WHERE deleted_at IS NULL
      UNION ALL SELECT workspace_id, -1 FROM stale WHERE deleted_at IS NULL) w GROUP BY 1
    UNION ALL
    SELECT workspace_id, organization_id, sum(n)::int FROM (
      SELECT workspace_id, organization_id, 1 AS n FROM fresh WHERE deleted_at IS NULL AND organization_id IS NOT NULL
      UNION ALL
      SELECT workspace_id, organization_id, -1 FROM stale WHERE deleted_at IS NULL AND organization_id IS NOT NULL) o
      GROUP BY 1, 2) counts;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION contacts_counted_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM contacts_apply_counts(array_agg(workspace_id), array_agg(organization_id), array_agg(n)) FROM (
    SELECT workspace_id, NULL::bigint AS organization_id, -count(*)::int AS n FROM stale WHERE deleted_at IS NULL GROUP BY 1
    UNION ALL
    SELECT workspace_id, organization_id, -count(*)::int FROM stale
      WHERE deleted_at IS NULL AND organization_id IS NOT NULL GROUP BY 1, 2) counts;
  RETURN NULL;
END $$;

DROP FUNCTION contacts_apply_counts(bigint, bigint, int);
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_imports"), ("workspaces", "0002_api_limits")]

    operations = [
        migrations.RunSQL(COUNTERS, migrations.RunSQL.noop),
        migrations.RemoveIndex("contactsearch", "contact_search_grams"),
        migrations.AddIndex(
            "contactsearch", GinIndex(fields=["grams"], name="contact_search_grams", gin_pending_list_limit=1024)
        ),
        # The contact's key holds the workspace, too.
        migrations.AlterField(
            "contactsearch",
            "workspace",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="workspaces.workspace",
            ),
        ),
    ]
