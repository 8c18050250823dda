from django.db import migrations

from gopimi.lib.operations import AddForeignKey, ProtectRows

# `contact.open_ticket_count` and `organization.open_ticket_count`: how many tickets aren't resolved or closed.
# A contact that changes its organization, or goes to the trash, takes its open tickets along.
COUNTERS = """
CREATE FUNCTION tickets_apply_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE d record;
BEGIN
  IF TG_OP = 'INSERT' THEN
    FOR d IN SELECT workspace_id, contact_id, count(*)::int AS n FROM fresh
        WHERE status IN ('open', 'pending') GROUP BY 1, 2 ORDER BY 1, 2 LOOP
      UPDATE contacts_contact SET open_ticket_count = open_ticket_count + d.n
        WHERE workspace_id = d.workspace_id AND id = d.contact_id;
    END LOOP;
  ELSIF TG_OP = 'DELETE' THEN
    FOR d IN SELECT workspace_id, contact_id, count(*)::int AS n FROM stale
        WHERE status IN ('open', 'pending') GROUP BY 1, 2 ORDER BY 1, 2 LOOP
      UPDATE contacts_contact SET open_ticket_count = open_ticket_count - d.n
        WHERE workspace_id = d.workspace_id AND id = d.contact_id;
    END LOOP;
  ELSE
    FOR d IN SELECT workspace_id, contact_id, sum(n)::int AS n FROM (
        SELECT workspace_id, contact_id, 1 AS n FROM fresh WHERE status IN ('open', 'pending')
        UNION ALL SELECT workspace_id, contact_id, -1 FROM stale WHERE status IN ('open', 'pending')) x
        GROUP BY 1, 2 HAVING sum(n) <> 0 ORDER BY 1, 2 LOOP
      UPDATE contacts_contact SET open_ticket_count = open_ticket_count + d.n
        WHERE workspace_id = d.workspace_id AND id = d.contact_id;
    END LOOP;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER tickets_counted_insert AFTER INSERT ON tickets_ticket
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION tickets_apply_counts();
CREATE TRIGGER tickets_counted_update AFTER UPDATE ON tickets_ticket
  REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION tickets_apply_counts();
CREATE TRIGGER tickets_counted_delete AFTER DELETE ON tickets_ticket
  REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION tickets_apply_counts();

CREATE FUNCTION tickets_organization_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE d record;
BEGIN
  FOR d IN SELECT workspace_id, organization_id, sum(n)::int AS n FROM (
      SELECT workspace_id, organization_id, open_ticket_count AS n FROM fresh
        WHERE organization_id IS NOT NULL AND deleted_at IS NULL
      UNION ALL
      SELECT workspace_id, organization_id, -open_ticket_count FROM stale
        WHERE organization_id IS NOT NULL AND deleted_at IS NULL) x
      GROUP BY 1, 2 HAVING sum(n) <> 0 ORDER BY 1, 2 LOOP
    UPDATE organizations_organization SET open_ticket_count = open_ticket_count + d.n
      WHERE workspace_id = d.workspace_id AND id = d.organization_id;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER tickets_organization_counts AFTER UPDATE ON contacts_contact
  REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION tickets_organization_counts();
"""
NO_COUNTERS = """
DROP TRIGGER tickets_organization_counts ON contacts_contact;
DROP TRIGGER tickets_counted_insert ON tickets_ticket;
DROP TRIGGER tickets_counted_update ON tickets_ticket;
DROP TRIGGER tickets_counted_delete ON tickets_ticket;
DROP FUNCTION tickets_apply_counts, tickets_organization_counts;
"""
TABLES = [
    "mailbox", "ticket", "tickettag", "conversation", "rawmail", "message", "messageid", "attachment", "event",
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial"), ("contacts", "0002_walls")]

    operations = [
        AddForeignKey("tickets_mailboxaddress", "mailbox_id", "tickets_mailbox", on_delete="CASCADE"),
        # A requester is never deleted under a ticket: purging leaves a tombstone.
        AddForeignKey("tickets_ticket", "contact_id", "contacts_contact"),
        AddForeignKey("tickets_conversation", "contact_id", "contacts_contact"),
        *[
            AddForeignKey(
                table, "assignee_id", "workspaces_membership", to_columns="user_id", on_delete="SET NULL (assignee_id)"
            )
            for table in ("tickets_ticket", "tickets_conversation")
        ],
        *[
            AddForeignKey(table, "mailbox_id", "tickets_mailbox", on_delete="SET NULL (mailbox_id)")
            for table in ("tickets_ticket", "tickets_conversation", "tickets_message")
        ],
        AddForeignKey("tickets_rawmail", "mailbox_id", "tickets_mailbox"),
        AddForeignKey("tickets_tickettag", "ticket_id", "tickets_ticket", on_delete="CASCADE"),
        AddForeignKey("tickets_tickettag", "tag_id", "contacts_tag", on_delete="CASCADE"),
        AddForeignKey("tickets_message", "ticket_id", "tickets_ticket", on_delete="CASCADE"),
        AddForeignKey("tickets_message", "conversation_id", "tickets_conversation", on_delete="CASCADE"),
        AddForeignKey(
            "tickets_message", "author_contact_id", "contacts_contact", on_delete="SET NULL (author_contact_id)"
        ),
        AddForeignKey("tickets_message", "raw_mail_id", "tickets_rawmail", on_delete="SET NULL (raw_mail_id)"),
        AddForeignKey("tickets_messageid", "message_id", "tickets_message", on_delete="CASCADE"),
        AddForeignKey("tickets_attachment", "message_id", "tickets_message", on_delete="CASCADE"),
        AddForeignKey("tickets_event", "ticket_id", "tickets_ticket", on_delete="CASCADE"),
        AddForeignKey("tickets_event", "conversation_id", "tickets_conversation", on_delete="CASCADE"),
        *[ProtectRows(f"tickets_{table}") for table in TABLES],
        migrations.RunSQL(COUNTERS, NO_COUNTERS),
    ]
