from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations


class Migration(migrations.Migration):
    """Find proposals by words of their title and subject."""

    dependencies = [("proposals", "0007_pace_of_review")]

    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=GinIndex(
                SearchVector("title", "subject", config="simple"), name="proposal_words"
            ),
        ),
    ]
