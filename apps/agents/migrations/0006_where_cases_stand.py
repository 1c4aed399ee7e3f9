"""Where each case stands, and what it is put before people with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns of the handled cases; those there are have ended."""

    dependencies = [
        ("accounts", "0004_look_and_keys"),
        ("agents", "0005_turns_and_waiting"),
        ("proposals", "0009_looked_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="handled",
            name="draft",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="handled",
            name="not_before",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="handled",
            name="proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="proposals.proposal",
            ),
        ),
        migrations.AddField(
            model_name="handled",
            name="reason",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="handled",
            name="rung",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="handled",
            name="state",
            field=models.CharField(
                choices=[
                    ("ended", "Ended in an outcome, or a person has decided"),
                    ("standing", "Stands in a proposal that is open"),
                    ("open", "To be put before a person"),
                ],
                default="ended",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="handled",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="handled",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["not_before"], name="case_open"
            ),
        ),
        migrations.AddIndex(
            model_name="handled",
            index=models.Index(
                condition=models.Q(("state", "standing")), fields=["id"], name="case_standing"
            ),
        ),
        migrations.AddConstraint(
            model_name="handled",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("not_before__isnull", False), ("rung__gte", 1), ("state", "open")),
                    models.Q(("state", "open"), _negated=True),
                    _connector="OR",
                ),
                name="open_cases_say_when",
            ),
        ),
    ]
