from django.db import migrations, models


class Migration(migrations.Migration):
    """What is snoozed until the shop changes is looked at in turn."""

    dependencies = [("proposals", "0008_words")]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="looked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                models.OrderBy(models.F("looked_at"), nulls_first=True),
                condition=models.Q(wakes_on_change=True),
                name="proposal_watched",
            ),
        ),
    ]
