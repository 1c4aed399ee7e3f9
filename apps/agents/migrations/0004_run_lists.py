"""Indexes for the list of runs, narrowed to an agent or a state."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two indexes."""

    dependencies = [("agents", "0003_autonomy")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["workspace", "state", "-id"], name="run_newest_in_state"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["agent", "-id"], name="run_newest_of_agent"),
        ),
    ]
