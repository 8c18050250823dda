from django.db import migrations

from gopimi.lib.operations import AddForeignKey, ProtectRows

# Without them the planner takes the three columns for independent, and misestimates an option's rows by a factor of 78.
STATISTICS = """
ALTER TABLE customfields_fieldvalue
    ALTER workspace_id SET STATISTICS 1000, ALTER field_id SET STATISTICS 1000, ALTER option_id SET STATISTICS 1000;
CREATE STATISTICS customfields_fieldvalue_dependencies (dependencies)
    ON workspace_id, field_id, option_id FROM customfields_fieldvalue;
"""


FINITE = """
ALTER TABLE customfields_fieldvalue ADD CONSTRAINT value_number_finite
    CHECK (number_value NOT IN ('NaN', 'Infinity', '-Infinity'));
"""


class Migration(migrations.Migration):
    dependencies = [("customfields", "0002_values")]

    operations = [
        AddForeignKey("customfields_option", "field_id", "customfields_field", on_delete="CASCADE"),
        # The kind is part of the key: a value can't be of another type than its field.
        AddForeignKey(
            "customfields_fieldvalue", "field_id, kind", "customfields_field", to_columns="id, kind",
            on_delete="CASCADE",
        ),
        AddForeignKey(
            "customfields_fieldvalue", "field_id, option_id", "customfields_option", to_columns="field_id, id",
            on_delete="CASCADE",
        ),
        migrations.RunSQL(STATISTICS, "DROP STATISTICS customfields_fieldvalue_dependencies"),
        migrations.RunSQL(FINITE, "ALTER TABLE customfields_fieldvalue DROP CONSTRAINT value_number_finite"),
        ProtectRows("customfields_field"),
        ProtectRows("customfields_option"),
        ProtectRows("customfields_fieldvalue"),
    ]  # fmt: skip
