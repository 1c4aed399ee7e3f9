"""Agents, their runs, and what is kept so that a run survives the death of its worker."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from uuid_utils.compat import uuid7

from apps.accounts.models import OUTSIDE, Workspace
from apps.proposals.models import Proposal


class Autonomy(models.TextChoices):
    """How far an agent may go; policy decides within it, never beyond."""

    SHADOW = "shadow", "Shadow: works out what it would propose, and proposes nothing"
    REVIEW_ALL = "review_all", "Review all: a person decides each proposal"
    BY_THRESHOLD = "by_threshold", "Review by threshold: policy decides who decides"


class Agent(models.Model):
    """A configured worker: a playbook with its settings, a model tier, a budget.

    `settings` are the playbook's; one that is missing has the playbook's default.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="agents")
    name = models.CharField(max_length=100)
    playbook = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    autonomy = models.CharField(
        max_length=12, choices=Autonomy.choices, default=Autonomy.BY_THRESHOLD
    )
    settings = models.JSONField(default=dict, blank=True)
    tier = models.CharField(max_length=40, default="small", help_text="Class of model it asks for.")
    budget_usd = models.DecimalField(
        "budget",
        max_digits=8,
        decimal_places=2,
        default=Decimal("0.50"),
        validators=[MinValueValidator(Decimal(0))],
        help_text="US dollars its models may cost in one run.",
    )
    priority = models.SmallIntegerField(default=5, help_text="More urgent is higher.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_agent_of_a_name"),
            models.CheckConstraint(
                condition=~models.Q(name__iendswith=OUTSIDE),
                name="agents_are_not_named_as_outside",
                violation_error_message=f"Only agents that run elsewhere end with {OUTSIDE}.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> str:
        """How the audit log names this agent."""
        return f"agent:{self.pk}"


class Stage(models.TextChoices):
    """The stages of the loop, in their order; each with what the agent does in it."""

    SENSE = "sense", "Reads what matters"
    PLAN = "plan", "Works out what to propose"
    ACT = "act", "Submits proposals"
    LEARN = "learn", "Remembers what became of them"


class State(models.TextChoices):
    """Where a run stands; each with the phrase a person reads."""

    RUNNING = "running", "Running"
    WAITING = "waiting", "Waits until its proposals are decided and done"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    ESCALATED = "escalated", "Done, but a person has to look"


LIVE_STATES = (State.RUNNING, State.WAITING)


class Run(models.Model):
    """One execution of an agent's loop. `stage` is the one that comes next.

    A worker holds a run while `lease_until` has not passed. `attempts` counts tries of the stage,
    `deaths` the workers that died with it; `not_before` is the pause after a failed one.
    `waiting_since`: its step waits for something outside that is away, and `error` says for what.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="runs")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=20)
    started_by = models.CharField(max_length=200)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.SENSE)
    priority = models.SmallIntegerField(default=5)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    deaths = models.PositiveSmallIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    summary = models.TextField(blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["-priority", "id"],
                name="run_due",
                condition=models.Q(state=State.RUNNING),
            ),
            models.Index(
                fields=["id"], name="run_waiting", condition=models.Q(state=State.WAITING)
            ),
            models.Index(fields=["workspace", "-id"], name="run_newest"),
            # the list of runs, narrowed
            models.Index(fields=["workspace", "state", "-id"], name="run_newest_in_state"),
            models.Index(fields=["agent", "-id"], name="run_newest_of_agent"),
        ]
        constraints = [
            # What waits for people, or only has to learn, does not block the next run
            models.UniqueConstraint(
                fields=["agent"],
                condition=models.Q(state=State.RUNNING) & ~models.Q(stage=Stage.LEARN),
                name="one_run_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LIVE_STATES, finished_at__isnull=True)
                | (~models.Q(state__in=LIVE_STATES) & models.Q(finished_at__isnull=False)),
                name="ended_runs_say_when",
            ),
        ]

    def __str__(self) -> str:
        return f"run of {self.agent}: {self.get_state_display()}"


class Step(models.Model):
    """One recorded stage of a run; written in the same transaction as its checkpoint.

    `planner` says who thought: `rules`, or `model <name>`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=8, choices=Stage.choices)
    input_digest = models.CharField(max_length=64)  # SHA-256 of the checkpoint it started from
    output = models.JSONField(default=dict)
    summary = models.TextField(blank=True)
    planner = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_step_of_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.stage}"


class Checkpoint(models.Model):
    """What a run needs to go on with `stage`, and nothing more."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    run = models.OneToOneField(Run, models.CASCADE, related_name="checkpoint")
    stage = models.CharField(max_length=8, choices=Stage.choices)
    state = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"before {self.stage}"


class Turn(models.Model):
    """What a model answered while a piece of work was under way, so that it is not asked twice.

    `work` is the piece of work (a stage, or a question), `digest` the SHA-256 of all that was
    asked. It goes with the work: once that is done, nothing of it is kept.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, models.CASCADE, related_name="turns")
    work = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    said = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "work", "digest"], name="a_question_is_answered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work}: {self.digest[:12]}"


class CaseState(models.TextChoices):
    """Where a case stands; each with the phrase a person reads."""

    ENDED = "ended", "Ended in an outcome, or a person has decided"
    STANDING = "standing", "Stands in a proposal that is open"
    OPEN = "open", "To be put before a person"


class Handled(models.Model):
    """A case a playbook has taken up, so that no later run takes it up again, and where it stands.

    Also cases that led to no proposal. `key` is the playbook's, such as `message:<id>`. While
    somebody waits for an answer it is OPEN until it stands in `proposal`, and again if that closes
    without one. `rung` is how it is put before people: 0 as it was planned, 1 as a reply a person
    judges, 2 as a case without any action. `draft` (as `steps.drafting` writes it) and `reason` are
    what it is put with, kept until it has ended; it is tried from `not_before`, for the `tries`-th
    time.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    playbook = models.CharField(max_length=64)
    key = models.CharField(max_length=300)
    run = models.ForeignKey(Run, models.CASCADE, related_name="handled")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.ENDED)
    proposal = models.ForeignKey(Proposal, models.SET_NULL, null=True, related_name="+")
    rung = models.PositiveSmallIntegerField(default=0)
    draft = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    not_before = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"], name="case_open", condition=models.Q(state=CaseState.OPEN)
            ),
            models.Index(
                fields=["id"], name="case_standing", condition=models.Q(state=CaseState.STANDING)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "playbook", "key"], name="a_case_is_handled_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state=CaseState.OPEN, not_before__isnull=False, rung__gte=1)
                | ~models.Q(state=CaseState.OPEN),
                name="open_cases_say_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.playbook}: {self.key}"


class LabelledExample(models.Model):
    """A message whose intent an operator has told, beside the examples that ship.

    `intent` and `language` are the playbook's terms. Used from the next run on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    playbook = models.CharField(max_length=64)
    intent = models.CharField(max_length=40)
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=500)
    added_by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "playbook", "text"], name="an_example_is_labelled_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.intent} ({self.language}): {self.text}"
