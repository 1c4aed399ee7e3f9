"""A key names the kinds of action it may propose; those there are may propose every kind still.

The product's role may not change them later: it updates a key's last use and its end, no more.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_keys_stand")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="actions",
            field=models.JSONField(default=None, null=True),
        ),
    ]
