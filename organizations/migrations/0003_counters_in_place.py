from django.db import migrations

# A counter that no index holds is changed in place (HOT), where the page has room for the row's next version.
ROOM = "ALTER TABLE organizations_organization SET (fillfactor = 70)"


class Migration(migrations.Migration):
    dependencies = [("organizations", "0002_walls")]

    operations = [
        migrations.RemoveIndex("organization", "organization_contacts"),
        migrations.RunSQL(ROOM, "ALTER TABLE organizations_organization RESET (fillfactor)"),
    ]
