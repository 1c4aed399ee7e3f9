from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_outside_agents"),
        ("agents", "0007_labelled_examples"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.CheckConstraint(
                condition=models.Q(("name__iendswith", "(outside)"), _negated=True),
                name="agents_are_not_named_as_outside",
                violation_error_message="Only agents that run elsewhere end with (outside).",
            ),
        ),
    ]
