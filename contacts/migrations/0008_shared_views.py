from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_count_at_once")]

    operations = [
        migrations.AddField(model_name="view", name="shared", field=models.BooleanField(default=False)),
    ]
