from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_keys_stand"),
        ("proposals", "0014_pressure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("agent_id__isnull", False)),
                fields=["workspace", "agent_id", "-id"],
                name="proposal_of_agent",
            ),
        ),
    ]
