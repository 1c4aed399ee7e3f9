"""An index by connector: how many executions wait for it, and which of them are next."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gateway", "0002_guards")]

    operations = [
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                condition=models.Q(("state", "due")),
                fields=["connector", "-priority", "id"],
                name="execution_queue",
            ),
        ),
    ]
