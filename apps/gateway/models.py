"""Connectors with their secrets and guards, executions of approved changes, and their grants."""

from django.db import models
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace


class Connector(models.Model):
    """One configured connection of a workspace to an outside system.

    `catalogue_size` is how many variants it had when they were counted last (`catalogue_size.py`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="connectors")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=32)
    address = models.CharField(max_length=500)
    settings = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)
    calls_per_second = models.FloatField(
        null=True, blank=True, help_text="At most so many calls a second; empty: no limit of ours."
    )
    changed_at = models.DateTimeField()
    catalogue_size = models.PositiveIntegerField(null=True, editable=False)
    catalogue_counted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_connector_of_a_name"),
            models.CheckConstraint(
                condition=models.Q(calls_per_second=None) | models.Q(calls_per_second__gt=0),
                name="a_rate_is_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(catalogue_size=None, catalogue_counted_at=None)
                | models.Q(catalogue_size__gt=0, catalogue_counted_at__isnull=False),
                name="a_catalogue_was_counted",
            ),
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
    CANCELLED = "cancelled", "Taken back before it was called"
    COMPENSATED = "compensated", "Done and proven, and made up for since"
    PARKED = "parked", "Set aside: its worker died again and again"
    NEEDS_PERSON = "needs_person", "A person has to look: the outcome cannot be proven"


FINAL_STATES = (State.DONE, State.REFUSED, State.STALE, State.PARKED, State.NEEDS_PERSON)
# What somebody still has to see to, a worker or a person
OPEN = models.Q(
    state__in=[
        State.DUE, State.CLAIMED, State.CALLING, State.UNKNOWN, State.PARKED, State.NEEDS_PERSON,
    ]
) | models.Q(state=State.STALE, reported=False)  # fmt: skip


class Execution(models.Model):
    """Carrying out one approved change, effectively once.

    `key` is derived from content, the same on every attempt. `snapshot` is what the approval
    saw; `subject_id` is the change, `binding` the hash the approval was given on. `deliveries`
    counts how often a worker took it since it last came back in order; `progress` tells a saga:
    {step, at} with the `reference` of what stands, or why it `failed`, `turned` back, is `undone`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="executions")
    connector = models.ForeignKey(Connector, models.PROTECT, related_name="executions")
    subject_id = models.UUIDField()
    run_id = models.UUIDField(null=True)
    agent_id = models.UUIDField(null=True)
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
    deliveries = models.PositiveSmallIntegerField(default=0)
    progress = models.JSONField(default=list)
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
                fields=["connector", "-priority", "id"],
                name="execution_queue",
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
            models.Index(fields=["workspace", "id"], name="execution_unsettled", condition=OPEN),
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


class Grant(models.Model):
    """A single-use, short-lived permission to carry one execution out once.

    Minted with the decision, for one task (`run_id`), bound by `action_hash` to exactly what may
    be called; consumed in the transaction that commits the intent to call.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    execution = models.ForeignKey(Execution, models.CASCADE, related_name="grants")
    connector = models.ForeignKey(Connector, models.PROTECT, related_name="+")
    run_id = models.UUIDField(null=True)
    action_hash = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    minted_by = models.CharField(max_length=200)
    minted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["execution"],
                condition=models.Q(consumed_at__isnull=True, revoked_at__isnull=True),
                name="one_open_grant_each",
            ),
        ]

    def __str__(self) -> str:
        return f"grant for {self.execution_id}"


class Scope(models.TextChoices):
    """What a kill switch stops."""

    WORKSPACE = "workspace", "Everything"
    AGENT = "agent", "One agent"
    CONNECTOR = "connector", "One connector"
    ACTION = "action", "One kind of action"


class KillSwitch(models.Model):
    """While engaged, no call of its scope starts; what was due waits.

    `target` is the id of the agent or connector, the name of the action, or empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="kill_switches")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    target = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    engaged_by = models.CharField(max_length=200)
    engaged_at = models.DateTimeField()
    released_by = models.CharField(max_length=200, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "scope", "target"],
                condition=models.Q(released_at__isnull=True),
                name="one_engaged_switch_each",
            ),
            models.CheckConstraint(
                condition=models.Q(released_at__isnull=True) | ~models.Q(released_by=""),
                name="a_release_has_an_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.target}".strip()


class Circuit(models.TextChoices):
    """Where a breaker stands (Nygard, Release It!)."""

    CLOSED = "closed", "Closed: calls pass"
    OPEN = "open", "Open: nothing is called"
    HALF_OPEN = "half_open", "Half open: one call tries"


class Breaker(models.Model):
    """What all workers together know of a connector's health, and its token bucket."""

    connector = models.OneToOneField(
        Connector, models.CASCADE, primary_key=True, related_name="breaker"
    )
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    circuit = models.CharField(max_length=10, choices=Circuit.choices, default=Circuit.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    tokens = models.FloatField(default=0)
    refilled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.connector}: {self.get_circuit_display()}"


class LastAnswer(models.Model):
    """The last good answer of a connector to a read, for when it does not answer.

    `rows` are the records as JSON; `at` says how old they are.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, models.CASCADE, related_name="+")
    resource = models.CharField(max_length=64)
    query = models.CharField(max_length=64)
    rows = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connector", "resource", "query"], name="one_last_answer_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.connector}"


class WhenAway(models.TextChoices):
    """What becomes of a due action whose back end does not answer."""

    WAIT = "wait", "Wait until it answers"
    PERSON = "person", "Give it back to a person"


class ActionSetting(models.Model):
    """How a workspace handles one kind of action; without a row the catalogue's defaults hold."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="action_settings")
    action = models.CharField(max_length=64)
    hold_seconds = models.PositiveIntegerField(
        default=0, help_text="How long an approval can be taken back before it is carried out."
    )
    when_away = models.CharField(max_length=10, choices=WhenAway.choices, default=WhenAway.WAIT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "action"], name="one_setting_an_action"),
            models.CheckConstraint(
                condition=models.Q(hold_seconds__lte=86_400), name="held_a_day_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.action


class Source(models.Model):
    """From which connector a workspace reads something that several of its connectors could tell.

    `resource` is what is read, or an action that several could carry out. Without a row see
    `apps.gateway.sources`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    resource = models.CharField(max_length=64)
    connector = models.ForeignKey(Connector, models.CASCADE, related_name="sources")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "resource"], name="one_source_each"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} from {self.connector}"


class OddRow(models.Model):
    """A row from outside that was left out, or `is_read` without a part of it, and why.

    The same row seen again only counts. `place` and `excerpt` are of the last time.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, models.CASCADE, related_name="odd_rows")
    resource = models.CharField(max_length=64)
    identity = models.CharField(max_length=64)
    place = models.CharField(max_length=100)
    reason = models.CharField(max_length=500)
    excerpt = models.TextField()
    is_read = models.BooleanField()
    times = models.PositiveIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connector", "resource", "identity"], name="one_odd_row_each"
            ),
        ]
        indexes = [models.Index(fields=["connector", "-last_seen"], name="odd_row_newest")]

    def __str__(self) -> str:
        return f"{self.resource} of {self.connector}, {self.place}: {self.reason}"
