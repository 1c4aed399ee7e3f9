import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_invitation"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutsideAgent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[("model", "A language model"), ("rules", "Rules or a script")],
                        default="model",
                        max_length=10,
                    ),
                ),
                ("scopes", models.JSONField(default=list)),
                ("actions", models.JSONField(blank=True, default=list)),
                (
                    "hourly",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="At most, by all its keys together; empty: any number.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="proposals an hour",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outside_agents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outside_agents",
                        to="accounts.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apikey",
            name="agent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="keys",
                to="accounts.outsideagent",
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideagent",
            constraint=models.UniqueConstraint(
                fields=("workspace", "name"), name="one_outside_agent_of_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideagent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        [
                            "proposals:read",
                            "proposals:submit",
                            "runs:read",
                            "executions:read",
                            "events:read",
                        ],
                    )
                ),
                name="outside_agents_decide_nothing",
            ),
        ),
    ]
