import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import gopimi.lib.tenancy
from gopimi.lib.operations import AddForeignKey


class Migration(migrations.Migration):
    dependencies = [
        ("customfields", "0004_order_of_close_numbers"),
        ("workspaces", "0002_api_limits"),
    ]

    operations = [
        migrations.AddField(
            model_name="option",
            name="former_labels",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, default=list, editable=False, size=None
            ),
        ),
        migrations.AddField(
            model_name="option",
            name="replaced_by",
            field=gopimi.lib.tenancy.CompositeForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="customfields.option",
            ),
        ),
        migrations.AddField(
            model_name="option",
            name="to_move",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="option",
            index=models.Index(
                condition=models.Q(("replaced_by__isnull", False)),
                fields=["workspace", "field", "replaced_by"],
                name="option_replaced_by",
            ),
        ),
        AddForeignKey(
            "customfields_option",
            "field_id, replaced_by_id",
            "customfields_option",
            to_columns="field_id, id",
            on_delete="SET NULL (replaced_by_id)",
        ),
    ]
