from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0007_bulk_edits")]

    operations = [
        migrations.AddField(model_name="view", name="shared", field=models.BooleanField(default=False)),
    ]
