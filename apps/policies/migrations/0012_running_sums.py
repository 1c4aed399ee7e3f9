"""What the windows of a tally hold now, beside its buckets; added up at the next submission.

The column has no default in the database: a process of the version before, which would count past
it, is refused.
"""

from django.db import migrations, models

LAY_BACK = """
UPDATE policies_tally tally SET sums = tally.sums || COALESCE((
    SELECT jsonb_object_agg(span.key || ':' || (span.value ->> 'number'), span.value -> 'bucket')
    FROM jsonb_each(tally.running) span
), '{}')
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0011_policy_changes_stand")]

    operations = [
        migrations.AddField("tally", "running", models.JSONField(default=dict)),
        migrations.RunSQL(migrations.RunSQL.noop, LAY_BACK),
    ]
