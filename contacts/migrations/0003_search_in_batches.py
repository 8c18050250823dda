from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_walls")]

    operations = [
        migrations.RemoveIndex("contactsearch", "contact_search_grams"),
        migrations.AddIndex(
            "contactsearch", GinIndex(fields=["grams"], name="contact_search_grams", gin_pending_list_limit=256)
        ),
    ]
