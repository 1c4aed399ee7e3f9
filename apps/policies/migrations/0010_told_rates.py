from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    """The rate people were last told of: of those that are kept already, the rate itself."""

    dependencies = [("policies", "0009_places_by_key")]

    operations = [
        migrations.AddField(
            model_name="exchangerate",
            name="told",
            field=models.DecimalField(decimal_places=12, default=Decimal(1), max_digits=24),
            preserve_default=False,
        ),
        migrations.RunSQL("UPDATE policies_exchangerate SET told = rate", migrations.RunSQL.noop),
    ]
