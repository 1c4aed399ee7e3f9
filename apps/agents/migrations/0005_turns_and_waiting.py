"""What a model has answered is kept until its work is done; runs wait for what is away."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of turns, and since when a run waits."""

    dependencies = [
        ("accounts", "0004_look_and_keys"),
        ("agents", "0004_run_lists"),
    ]

    operations = [
        migrations.AddField("run", "waiting_since", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False,
                                           verbose_name="ID")),
                ("work", models.CharField(max_length=60)),
                ("digest", models.CharField(max_length=64)),
                ("said", models.JSONField()),
                ("at", models.DateTimeField(db_index=True)),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE,
                                          related_name="turns", to="agents.run")),
                ("workspace", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE,
                                                related_name="+", to="accounts.workspace")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "work", "digest"),
                                            name="a_question_is_answered_once"),
                ],
            },
        ),
    ]  # fmt: skip
