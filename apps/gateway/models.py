"""Configured connectors, their sealed credentials, and the executions of approved changes."""

from django.db import models
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace


class Connector(models.Model):
    """One configured connection of a workspace to an outside system."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="connectors")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=32)
    address = models.CharField(max_length=500)
    settings = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_connector_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """The secret of a connector, encrypted; it can be replaced but never read in a page."""

    connector = models.OneToOneField(Connector, models.CASCADE, related_name="credential")
    sealed = models.BinaryField()
    rotated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"credential of {self.connector}"


class State(models.TextChoices):
    """Where an execution stands; each with the phrase a person reads."""

    DUE = "due", "Waits for its turn"
    CLAIMED = "claimed", "A worker has taken it"
    CALLING = "calling", "The back end is being called"
    UNKNOWN = "unknown", "The outcome is not proven yet"
    DONE = "done", "Done and proven"
    REFUSED = "refused", "The back end refused it"
    STALE = "stale", "Not called: what the approval saw has changed"
    NEEDS_PERSON = "needs_person", "A person has to look: the outcome cannot be proven"


FINAL_STATES = (State.DONE, State.REFUSED, State.STALE, State.NEEDS_PERSON)


class Execution(models.Model):
    """Carrying out one approved change, effectively once.

    `key` is derived from content, the same on every attempt. `snapshot` is what the approval
    saw; `subject_id` is the change, `binding` the hash the approval was given on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="executions")
    connector = models.ForeignKey(Connector, models.PROTECT, related_name="executions")
    subject_id = models.UUIDField()
    run_id = models.UUIDField(null=True)
    binding = models.CharField(max_length=64)
    key = models.CharField(max_length=64, unique=True)
    action = models.CharField(max_length=64)
    params = models.JSONField()
    target = models.CharField(max_length=300)
    snapshot = models.JSONField()
    priority = models.SmallIntegerField(default=5)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DUE)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reference = models.CharField(max_length=200, blank=True)
    receipt = models.JSONField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    reported = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["-priority", "id"],
                name="execution_due",
                condition=models.Q(state=State.DUE),
            ),
            models.Index(
                fields=["lease_until"],
                name="execution_open",
                condition=models.Q(state__in=[State.CLAIMED, State.CALLING, State.UNKNOWN]),
            ),
            models.Index(
                fields=["id"],
                name="execution_unreported",
                condition=models.Q(state__in=FINAL_STATES, reported=False),
            ),
            models.Index(fields=["subject_id"], name="execution_subject"),
            models.Index(fields=["workspace", "-id"], name="execution_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state=State.DONE) | models.Q(receipt__isnull=False),
                name="done_has_a_receipt",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}: {self.get_state_display()}"
