"""Policies, their immutable versions, the decisions they made, and the rates they compare by."""

from datetime import datetime

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KeyTransform
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.policies.cel import Outcome
from apps.policies.exchange import MAX_AGE_DAYS, OLDEST_RATE

DEFAULT_CURRENCY = "EUR"
ALONE_AFTER_HOURS = 24  # a sole owner publishes alone what lets anything new through
LEAST_HOURS, MOST_HOURS = 1, 24 * 30


class Policy(models.Model):
    """A named guardrail of a workspace. What it says is in its active version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="policies")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_policy_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    """Where a version stands in its life."""

    DRAFT = "draft", "Draft: decides nothing"
    ACTIVE = "active", "Active: decides"
    RETIRED = "retired", "Retired: decided once"


class Version(models.Model):
    """An immutable revision of a policy: rules (`cel.Rule`) and the limits they refer to.

    The database refuses to change rules, limits or number of a version that is not a draft.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    policy = models.ForeignKey(Policy, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.DRAFT)
    rules = models.JSONField()
    limits = models.JSONField(default=dict)
    actions = models.JSONField(default=list)  # those its rules speak of; empty means every one
    digest = models.CharField(max_length=64)  # SHA-256 of the canonical rules and limits
    author = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="one_version_of_a_number"),
            models.UniqueConstraint(
                fields=["policy"], condition=models.Q(stage=Stage.ACTIVE), name="one_active_version"
            ),
            models.CheckConstraint(
                condition=models.Q(stage=Stage.DRAFT) | models.Q(published_at__isnull=False),
                name="published_versions_say_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy.name} v{self.number}"


class Asked(models.TextChoices):
    """What became of a version that waits for a second person."""

    WAITING = "waiting", "Waits for a second person"
    PUBLISHED = "published", "Published"
    TURNED_DOWN = "turned_down", "Turned down, or asked for anew"


class Publication(models.Model):
    """The wish to publish a version that lets something new through: a second person decides.

    `findings` say in words what is new, `replayed` what it would have decided. Both hold against
    the versions in force then, of which `against` is the digest. From `alone_from` on a sole owner
    may publish it without anybody else, which `is_exception` records.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="publications")
    version = models.OneToOneField(Version, models.CASCADE, related_name="publication")
    state = models.CharField(max_length=16, choices=Asked.choices, default=Asked.WAITING)
    findings = models.JSONField()
    replayed = models.JSONField()
    against = models.CharField(max_length=64)
    asked_by = models.CharField(max_length=200)  # actor
    asked_at = models.DateTimeField()
    alone_from = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    is_exception = models.BooleanField(default=False)

    class Meta:
        verbose_name = "policy change"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=Asked.WAITING, decided_at__isnull=True)
                | (~models.Q(state=Asked.WAITING) & models.Q(decided_at__isnull=False)),
                name="a_decided_publication_says_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=Asked.PUBLISHED)
                | models.Q(is_exception=True)
                | ~models.Q(decided_by=models.F("asked_by")),
                name="a_second_person_publishes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_state_display()}"


class PublishingSetting(models.Model):
    """How long a sole owner waits before they publish alone. Without a row: 24 hours.

    A shorter wait holds once the longer one has passed (`shorter_from`): until then it is
    `hours_before`.
    """

    workspace = models.OneToOneField(
        Workspace, models.CASCADE, primary_key=True, related_name="publishing_setting"
    )
    sole_owner_delay_hours = models.PositiveSmallIntegerField(default=ALONE_AFTER_HOURS)
    hours_before = models.PositiveSmallIntegerField(default=ALONE_AFTER_HOURS)
    shorter_from = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    sole_owner_delay_hours__gte=LEAST_HOURS, sole_owner_delay_hours__lte=MOST_HOURS
                ),
                name="sole_owner_delay_in_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"alone after {self.sole_owner_delay_hours} h"

    def hours(self, now: datetime) -> int:
        """How long the wait is for what is asked for now."""
        if self.shorter_from is not None and now < self.shorter_from:
            return self.hours_before
        return self.sole_owner_delay_hours


class Decision(models.Model):
    """The recorded verdict on one change: the rules that fired and the facts they saw.

    `subject_id` is the change. `basis` is the digest over the active versions that were asked;
    an approval is void once it differs.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="decisions")
    subject_id = models.UUIDField(db_index=True)
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="decisions")
    basis = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    rule = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=300)
    reviewers = models.PositiveSmallIntegerField(default=0)
    fired = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.outcome} by {self.rule or 'no rule'}"


class Tally(models.Model):
    """What was let through under one key of a scope, in sums by bucket (see `windows.Tally`).

    One row however long the history is, so that reading and locking it is one statement. A
    submission moves what is `running`; the `sums` of other buckets stay as they are until a bucket
    is over.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    scope = models.CharField(max_length=20)
    key = models.CharField(max_length=32)  # hash of a target, an address ...
    running = models.JSONField(default=dict)
    sums = models.JSONField(default=dict)
    approved = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "scope", "key"], name="one_tally_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class Standing(models.TextChoices):
    """Whether a change counts in its windows."""

    WAITING = "waiting", "A person decides: counts for nothing yet"
    HELD = "held", "Let through: counts"
    DONE = "done", "Done and proven: counts"
    GIVEN_BACK = "given_back", "Came to nothing: counts no longer"


class Place(models.Model):
    """What one change takes up in the windows its policies ask about.

    `counted` says what and where: {action, sum, keys: {scope: key}, spans: {scope: [span]}, price,
    currency}; `at` is when it was let through. `earlier` is the approved price before this one.
    """

    subject_id = models.UUIDField(primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    standing = models.CharField(max_length=10, choices=Standing.choices)
    by_person = models.BooleanField(default=False)
    counted = models.JSONField()
    earlier = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(OpClass(KeyTransform("keys", "counted"), "jsonb_path_ops"),
                     name="place_by_key"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject_id}: {self.standing}"


class CurrencySetting(models.Model):
    """The currency in which a workspace counts, and how old an exchange rate may be.

    `currency` is that of limits whose policy names none. Without a row: `DEFAULT_CURRENCY`, 7 days.
    """

    workspace = models.OneToOneField(
        Workspace, models.CASCADE, primary_key=True, related_name="currency_setting"
    )
    currency = models.CharField(max_length=3, default=DEFAULT_CURRENCY)
    rates_max_age_days = models.PositiveSmallIntegerField(default=MAX_AGE_DAYS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rates_max_age_days__gte=1, rates_max_age_days__lte=OLDEST_RATE),
                name="rates_age_in_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency}, rates up to {self.rates_max_age_days} days old"


class ExchangeRate(models.Model):
    """What one unit of `base` costs in `quote`, on a day, according to a source.

    One row a pair; a newer rate is a new row instead of it. What it was before is in the audit log,
    and in each decision that used it. `told` is the rate people were last told of, or confirmed.
    One that is new or has moved far since then waits for a second person, from `waits_since` on and
    asked for by `asked_by`; until somebody has agreed no amount is converted by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="exchange_rates")
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    told = models.DecimalField(max_digits=24, decimal_places=12)
    as_of = models.DateField()
    source = models.CharField(max_length=100)
    added_by = models.CharField(max_length=200)  # actor
    added_at = models.DateTimeField()
    waits_since = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=200, blank=True)  # actor

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "base", "quote"], name="one_exchange_rate_a_pair"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0) & ~models.Q(base=models.F("quote")),
                name="exchange_rate_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} in {self.quote}"
