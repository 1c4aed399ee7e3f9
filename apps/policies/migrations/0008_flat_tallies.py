"""Buckets of a tally side by side, named `24h:493021`: a submission writes those it counts in."""

from django.db import migrations

FLATTEN = """
UPDATE policies_tally tally SET sums = COALESCE((
    SELECT jsonb_object_agg(span.key || ':' || bucket.key, bucket.value)
    FROM jsonb_each(tally.sums) span, jsonb_each(span.value) bucket
), '{}')
"""
NEST = """
UPDATE policies_tally tally SET sums = COALESCE((
    SELECT jsonb_object_agg(span, buckets) FROM (
        SELECT split_part(key, ':', 1) AS span,
               jsonb_object_agg(split_part(key, ':', 2), value) AS buckets
        FROM jsonb_each(tally.sums) GROUP BY 1
    ) AS nested
), '{}')
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0007_policy_changes")]

    operations = [migrations.RunSQL(FLATTEN, NEST)]
