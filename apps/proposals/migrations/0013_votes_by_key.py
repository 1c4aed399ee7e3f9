from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0012_votes_stand"),
    ]

    operations = [
        migrations.AddField(
            model_name="review",
            name="key",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="review",
            name="key_allowed_by",
            field=models.TextField(blank=True, default=""),
        ),
    ]
