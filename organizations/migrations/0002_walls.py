from django.db import migrations

from gopimi.lib.operations import AddForeignKey, ProtectRows


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial")]

    operations = [
        AddForeignKey("organizations_domain", "organization_id", "organizations_organization", on_delete="CASCADE"),
        ProtectRows("organizations_organization"),
        ProtectRows("organizations_domain"),
    ]
