from django.db import migrations

# What counts nothing anew costs little: a ticket that is opened changes its contact, and a contact mostly has no
# organization, so most of the work of the counters in 0006 was about nothing.
# Organizations are named by ANY, and those that get as many contacts are changed together. The join of 0006 took a second
# for 2,000 organizations in a workspace that the server's statistics didn't know yet.
COUNTERS = """
CREATE OR REPLACE FUNCTION contacts_apply_counts(workspaces bigint[], organizations bigint[], added int[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  changed record;
BEGIN
  IF workspaces IS NULL THEN RETURN; END IF;
  FOR changed IN
    SELECT workspace, n FROM unnest(workspaces, organizations, added) AS given (workspace, organization, n)
      WHERE organization IS NULL AND n <> 0 ORDER BY workspace
  LOOP
    UPDATE workspaces_workspace SET contact_count = contact_count + changed.n
      WHERE id = changed.workspace AND (changed.n < 0 OR contact_quota IS NULL
        OR contact_count + changed.n <= contact_quota OR current_setting('app.quota_exempt', true) = 'on');
    IF NOT FOUND AND changed.n > 0 THEN RAISE EXCEPTION 'contact quota' USING errcode = 'GP429'; END IF;
  END LOOP;
  IF num_nonnulls(VARIADIC organizations) = 0 THEN RETURN; END IF;
  PERFORM 1 FROM organizations_organization
    WHERE workspace_id = ANY(workspaces) AND id = ANY(organizations) ORDER BY workspace_id, id FOR NO KEY UPDATE;
  FOR changed IN
    SELECT workspace, n, array_agg(organization) AS ids
      FROM unnest(workspaces, organizations, added) AS given (workspace, organization, n)
      WHERE organization IS NOT NULL AND n <> 0 GROUP BY workspace, n
  LOOP
    UPDATE organizations_organization SET contact_count = contact_count + changed.n
      WHERE workspace_id = changed.workspace AND id = ANY(changed.ids);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION contacts_counted_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM contacts_apply_counts(array_agg(workspace_id), array_agg(organization_id), array_agg(n)) FROM (
    SELECT workspace_id, NULL::bigint AS organization_id, sum(n)::int AS n FROM (
      SELECT workspace_id, 1 AS n FROM fresh WHERE deleted_at IS NULL
      UNION ALL SELECT workspace_id, -1 FROM stale WHERE deleted_at IS NULL) w GROUP BY 1 HAVING sum(n) <> 0
    UNION ALL
    SELECT workspace_id, organization_id, sum(n)::int FROM (
      SELECT workspace_id, organization_id, 1 AS n FROM fresh WHERE deleted_at IS NULL AND organization_id IS NOT NULL
      UNION ALL
      SELECT workspace_id, organization_id, -1 FROM stale WHERE deleted_at IS NULL AND organization_id IS NOT NULL) o
      GROUP BY 1, 2 HAVING sum(n) <> 0) counts;
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0009_erasures")]

    operations = [migrations.RunSQL(COUNTERS, migrations.RunSQL.noop)]
