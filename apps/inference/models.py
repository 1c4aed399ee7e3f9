"""The tables of inference: which models there are, what may be spent, what was asked."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.breaker.circuit import Circuit
from apps.inference.providers.base import Outcome


class ProviderName(models.TextChoices):
    """The protocols a tier can speak."""

    OPENAI = "openai", "OpenAI protocol"
    FAKE = "fake", "Scripted (tests and demonstrations)"


class Tier(models.Model):
    """A class of model, such as `small` or `large`; agents ask for a tier, never for a model."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tiers")
    name = models.SlugField(
        max_length=40, help_text="small, large, ...; the tier named embedding prices embeddings."
    )
    provider = models.CharField(
        max_length=20, choices=ProviderName.choices, default=ProviderName.OPENAI
    )
    model = models.CharField(
        max_length=200, blank=True, help_text="As the provider calls it; empty: OPENAI_MODEL."
    )
    price_in = models.DecimalField(
        "price of input",
        max_digits=10,
        decimal_places=4,
        default=Decimal(0),
        help_text="US dollars per million tokens.",
    )
    price_out = models.DecimalField(
        "price of output",
        max_digits=10,
        decimal_places=4,
        default=Decimal(0),
        help_text="US dollars per million tokens.",
    )
    timeout_s = models.PositiveSmallIntegerField(
        "timeout", default=30, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    fallback = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_tier_of_a_name"),
            models.CheckConstraint(
                condition=Q(price_in__gte=0, price_out__gte=0), name="tier_prices_not_negative"
            ),
            models.CheckConstraint(condition=Q(timeout_s__gte=1), name="tier_timeout_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What a budget limits."""

    WORKSPACE = "workspace", "Workspace"
    AGENT = "agent", "Agent"
    RUN = "run", "Run"


class Budget(models.Model):
    """A hard limit on money. What is reserved for calls under way counts as if it were spent."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="budgets")
    scope = models.CharField(max_length=20, choices=Scope.choices)
    scope_id = models.UUIDField()
    limit = models.DecimalField(max_digits=16, decimal_places=8, help_text="US dollars.")
    spent = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(0))
    reserved = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "scope", "scope_id"], name="one_budget_each"
            ),
            models.CheckConstraint(condition=Q(limit__gte=0), name="budget_limit_not_negative"),
            models.CheckConstraint(condition=Q(spent__gte=0), name="budget_spent_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0), name="budget_reserved_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.scope_id}: {self.spent:.4f} of {self.limit:.2f}"


class Call(models.Model):
    """One attempt to ask a model. Holds no prompt and no answer, only a keyed digest.

    `cost` is what was charged to the budgets: counted tokens, or the whole reservation if nobody
    knows what the provider bills (`estimated`). `reserved` is held in the `budgets` while the
    outcome is `started`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="model_calls")
    run_id = models.UUIDField(null=True, db_index=True)
    tier = models.CharField(max_length=40)
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=200)
    purpose = models.CharField(max_length=100)
    outcome = models.CharField(
        max_length=20,
        choices=[(outcome.value, outcome.value) for outcome in Outcome],
        default=Outcome.STARTED,
    )
    error = models.CharField(max_length=300, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(0))
    estimated = models.BooleanField(default=False)
    latency_ms = models.PositiveIntegerField(null=True)
    prompt_digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    overdue_at = models.DateTimeField()
    reserved = models.DecimalField(max_digits=16, decimal_places=8, default=Decimal(0))
    budgets = ArrayField(models.UUIDField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "at"], name="inference_call_workspace"),
            models.Index(
                fields=["overdue_at"],
                name="inference_call_open",
                condition=Q(outcome=Outcome.STARTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.model}: {self.outcome}"


class Breaker(models.Model):
    """What all workers together know of a model at an endpoint that failed; no row: nothing.

    The rules are `apps.breaker.circuit`. `probe_at` is when the next single call may pass.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=200)
    model = models.CharField(max_length=200)
    circuit = models.CharField(
        max_length=10,
        choices=[(circuit.value, circuit.value.replace("_", " ")) for circuit in Circuit],
        default=Circuit.CLOSED.value,
    )
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "endpoint", "model"], name="one_breaker_each_model"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.endpoint}: {self.circuit}"
