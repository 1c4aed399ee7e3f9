"""A change set with its reasons, and the people who judged it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from uuid_utils.compat import uuid7

from apps.accounts.models import User, Workspace
from apps.gateway.models import Connector
from apps.money.currency import written
from apps.policies.models import Decision


class State(models.TextChoices):
    """Where a proposal stands; each with the phrase a person reads."""

    WAITING = "waiting", "Waits for a person"
    APPROVED = "approved", "Approved, being carried out"
    DONE = "done", "Done and proven"
    DENIED = "denied", "Denied by policy"
    REJECTED = "rejected", "Rejected by a person"
    FAILED = "failed", "Refused by the back end"
    NEEDS_PERSON = "needs_person", "A person has to look"
    EXPIRED = "expired", "Expired without a decision"
    UNDONE = "undone", "Done, then undone"


WORDS = SearchVector("title", "subject", config="simple")  # as they are, in any language
OPEN_STATES = (State.WAITING, State.APPROVED, State.NEEDS_PERSON)


class Risk(models.TextChoices):
    """The highest risk among the changes."""

    HIGH = "high", "High risk"
    MEDIUM = "medium", "Medium risk"
    LOW = "low", "Low risk"


class Proposal(models.Model):
    """What an agent (or an integrator) asks for, why, and what became of it.

    `evidence` is a list of {kind, title, detail, item_id?}; `case` describes the situation in the
    proposer's own terms, so that a later, similar case can be recognised. `binding` is the hash
    an approval has to name. `returned` lists what had changed when an approval became void.
    `unwinding`: it broke off half-way, and undoing what was done has still to be proposed.

    A reviewer holds it until `claimed_until`; others only read. It is hidden from the queue until
    `snoozed_until`, or until the shop has changed if it `wakes_on_change`; `looked_at` is when the
    shop was last asked for that. `due_at` is when somebody should have decided; after it people are
    told (`escalated_at`).

    `pressure` are the kinds of text in it that work on who decides. `alike` is the same for those
    of a kind, of which only some stand in the first round (`crowd` 0) of the queue.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="proposals")
    run_id = models.UUIDField(null=True)
    agent_id = models.UUIDField(null=True)
    agent = models.CharField(max_length=100, blank=True)
    playbook = models.CharField(max_length=64, blank=True)
    trigger = models.CharField(max_length=20, blank=True)
    submitted_by = models.CharField(max_length=200)
    on_behalf_of = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300)
    rationale = models.TextField()
    evidence = models.JSONField(default=list)
    case = models.JSONField(default=dict)
    subject = models.CharField(max_length=200, blank=True)
    confidence = models.FloatField(default=1.0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    risk = models.CharField(max_length=10, choices=Risk.choices)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    priority = models.SmallIntegerField(default=5)
    state = models.CharField(max_length=16, choices=State.choices)
    revision = models.PositiveIntegerField(default=1)
    binding = models.CharField(max_length=64)
    reviewers = models.PositiveSmallIntegerField(default=0)
    returned = models.JSONField(default=list)
    unwinding = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    snoozed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    snoozed_until = models.DateTimeField(null=True)
    wakes_on_change = models.BooleanField(default=False)
    looked_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    pressure = models.JSONField(default=list)
    alike = models.CharField(max_length=16, blank=True, default="")
    crowd = models.PositiveIntegerField(default=0)

    @property
    def amount_text(self) -> str | None:
        """The amount at stake in the digits of its currency: `1500.00`, `1000`; None without."""
        return None if self.amount is None else written(self.amount, self.currency)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "state", "-id"], name="proposal_inbox"),
            models.Index(fields=["workspace", "subject", "-id"], name="proposal_subject"),
            models.Index(
                fields=["workspace", "id"],
                name="proposal_for_a_person",
                condition=models.Q(state__in=[State.WAITING, State.NEEDS_PERSON]),
            ),
            models.Index(
                fields=["due_at"],
                name="proposal_due",
                condition=models.Q(state=State.WAITING, escalated_at__isnull=True),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="proposal_snoozed",
                condition=models.Q(snoozed_until__isnull=False),
            ),
            models.Index(
                models.F("looked_at").asc(nulls_first=True),
                name="proposal_watched",
                condition=models.Q(wakes_on_change=True),
            ),
            models.Index(
                fields=["claimed_until"],
                name="proposal_claims",
                condition=models.Q(claimed_until__isnull=False),
            ),
            GinIndex(WORDS, name="proposal_words"),
            models.Index(fields=["workspace", "-created_at"], name="proposal_newest"),
            models.Index(fields=["run_id"], name="proposal_run"),
            models.Index(
                fields=["workspace", "agent_id", "-id"],
                name="proposal_of_agent",
                condition=models.Q(agent_id__isnull=False),
            ),
            models.Index(
                fields=["workspace", "alike", "crowd"],
                name="proposal_alike",
                condition=models.Q(state__in=[State.WAITING, State.NEEDS_PERSON]),
            ),
            models.Index(fields=["workspace", "playbook", "-id"], name="proposal_playbook"),
            models.Index(
                models.F("workspace"),
                KeyTextTransform("about", "case"),
                models.F("id").desc(),
                name="proposal_about",
            ),
            models.Index(
                fields=["expires_at"],
                name="proposal_expiry",
                condition=models.Q(state=State.WAITING),
            ),
            models.Index(
                fields=["id"], name="proposal_unwinding", condition=models.Q(unwinding=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0, confidence__lte=1), name="confidence_0_to_1"
            ),
            models.CheckConstraint(
                condition=models.Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | models.Q(claimed_until__isnull=False),
                name="claims_lapse",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    """One action with the target's state before and after, as seen when it was proposed.

    `proposed` keeps the agent's parameters when a reviewer has edited them. `compensates` is the
    earlier change this one makes up for. `sources` has a list per paragraph of its text: the places
    in the proposal's evidence it was made from; empty where nothing supports it. `customer_orders`
    are those its customer had paid for before the one it is about, None where that is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="changes")
    position = models.PositiveSmallIntegerField(default=0)
    connector = models.ForeignKey(Connector, models.PROTECT, related_name="+")
    action = models.CharField(max_length=64)
    params = models.JSONField()
    proposed = models.JSONField()
    target = models.CharField(max_length=300)
    before = models.JSONField()
    after = models.JSONField()
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="+")
    binding = models.CharField(max_length=64, blank=True)
    is_open = models.BooleanField(default=True)
    compensates = models.ForeignKey("self", models.PROTECT, null=True, related_name="compensations")
    sources = models.JSONField(default=list)
    customer_orders = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "target", "-id"], name="change_target"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "position"], name="one_change_each_place"),
            models.UniqueConstraint(
                fields=["workspace", "action", "target"],
                condition=models.Q(is_open=True),
                name="one_open_change_per_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class Review(models.Model):
    """A person's recorded verdict on exactly one binding.

    `alone` names the policies that let a sole owner decide what they asked for themselves. `key` is
    the prefix of the API key it came with, `key_allowed_by` the policies that let one approve high
    risk; both are mostly empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="reviews", db_index=False)
    verdict = models.CharField(
        max_length=10, choices=[("approve", "Approve"), ("reject", "Reject")]
    )
    binding = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    edited = models.JSONField(default=list)
    via = models.CharField(max_length=20, default="console")
    alone = models.TextField(blank=True, default="")
    key = models.CharField(max_length=16, blank=True, default="")
    key_allowed_by = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at"], name="review_newest"),
            models.Index(fields=["reviewer", "-at"], name="review_by_reviewer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "reviewer", "binding"], name="one_review_of_a_binding"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.verdict}"


class Skip(models.Model):
    """That a person put a proposal behind all others in their own order of the queue."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="skips")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "user"], name="one_skip_each"),
        ]

    def __str__(self) -> str:
        return f"{self.user} skipped {self.proposal_id}"


class Question(models.Model):
    """What a reviewer asked the proposer, and the answer; the proposal stays open meanwhile.

    `changed` lists what the answer changed in the proposal ({field, before, after}). `attempts`
    counts tries to answer; nobody tries before `not_before`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField()
    asked_at = models.DateTimeField()
    answered_by = models.CharField(max_length=200, blank=True)  # actor
    answer = models.TextField(blank=True)
    changed = models.JSONField(default=list)
    answered_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"],
                name="question_open",
                condition=models.Q(answered_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=True, answer="")
                | (models.Q(answered_at__isnull=False) & ~models.Q(answer="")),
                name="answers_say_when",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Viewing(models.Model):
    """That a person opened a section of a proposal as it was then; an approval may depend on it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="viewings")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    binding = models.CharField(max_length=64)
    section = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "user", "binding", "section"], name="one_viewing_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} opened {self.section}"
