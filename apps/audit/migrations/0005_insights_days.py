from django.db import migrations, models

PLACE = ["workspace_id", "at", "id"]
KINDS = {
    "audit_event_decided": models.Q(
        kind__in=[
            "proposal.approved",
            "proposal.denied",
            "proposal.rejected",
            "proposal.expired",
        ]
    ),
    "audit_event_settled": models.Q(kind="proposal.settled"),
    "audit_event_mishap": models.Q(
        kind__in=["execution.unknown", "breaker.opened", "breaker.closed"]
    ),
    "audit_event_stepped": models.Q(kind="run.stepped"),
}


class Migration(migrations.Migration):
    """What insights counts by day is found by its day."""

    dependencies = [("audit", "0004_review_kinds")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=PLACE, name=name, condition=condition),
        )
        for name, condition in KINDS.items()
    ]
