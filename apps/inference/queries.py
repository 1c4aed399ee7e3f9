"""Reading what is configured: which models can be asked, which embeddings are in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from apps.accounts.models import Workspace
from apps.breaker.circuit import Circuit
from apps.inference import endpoint
from apps.inference.models import Breaker, Call, ProviderName, Tier
from apps.inference.providers import offline_embeddings
from apps.inference.routing import EMBEDDING, Option, route

DEFAULT_TIER = "default"


@dataclass(frozen=True, kw_only=True)
class EmbeddingSpace:
    """Vectors are comparable only within one space.

    `name` is the model's, of at most 100 characters, and is kept beside each of its vectors;
    `related` is the cosine from which on two texts are taken to be about the same thing.
    """

    name: str
    related: float


OFFLINE_SPACE = EmbeddingSpace(name=offline_embeddings.NAME, related=offline_embeddings.RELATED)


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a run's calls to models took in all: US dollars, tokens, milliseconds."""

    calls: int
    cost: Decimal
    tokens_in: int
    tokens_out: int
    ms: int
    estimated: bool

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens_in + self.tokens_out


def spent_by_run(run_ids: Sequence[UUID]) -> dict[UUID, Spent]:
    """What each of these runs spent on models, for those that asked one; one query."""
    rows = (
        Call.objects.filter(run_id__in=run_ids)
        .values("run_id")
        .annotate(
            calls=Count("pk"),
            spent=Sum("cost"),
            tokens_in=Sum("input_tokens"),
            tokens_out=Sum("output_tokens"),
            ms=Coalesce(Sum("latency_ms"), 0),
            guessed=Count("pk", filter=Q(estimated=True)),
        )
    )
    return {
        row["run_id"]: Spent(
            calls=row["calls"],
            cost=row["spent"],
            tokens_in=row["tokens_in"],
            tokens_out=row["tokens_out"],
            ms=row["ms"],
            estimated=bool(row["guessed"]),
        )
        for row in rows
        if row["run_id"]
    }


def options(workspace: Workspace) -> list[Option]:
    """The models that can be asked: enabled tiers, else the model of the environment.

    The environment's model steps in only where no tier was made: what an operator switched off
    stays off.
    """
    configured = endpoint.configured()
    tiers = list(Tier.objects.filter(workspace=workspace).select_related("fallback"))
    found = [_option(tier, configured.model) for tier in tiers if tier.enabled]
    usable = [
        option
        for option in found
        if option.model and (configured.reachable or option.provider != ProviderName.OPENAI)
    ]
    no_tiers = all(tier.name == EMBEDDING for tier in tiers)
    if no_tiers and configured.model and configured.reachable:
        usable.append(
            Option(name=DEFAULT_TIER, provider=ProviderName.OPENAI, model=configured.model)
        )
    return usable


def _option(tier: Tier, default_model: str) -> Option:
    """A tier as routing sees it."""
    model = tier.model or (default_model if tier.provider == ProviderName.OPENAI else tier.name)
    return Option(
        name=tier.name,
        provider=tier.provider,
        model=model,
        price_in=tier.price_in,
        price_out=tier.price_out,
        timeout_s=float(tier.timeout_s),
        fallback=tier.fallback.name if tier.fallback else None,
        tier_id=tier.pk,
    )


def model_configured(workspace: Workspace) -> bool:
    """Whether there is a model to ask at all; if not, planners use their rules."""
    return bool(route(options(workspace), need=DEFAULT_TIER))


def model_name(workspace: Workspace, *, tier_need: str = "small") -> str:
    """The model that would be asked first, for display; empty if there is none."""
    chain = route(options(workspace), need=tier_need)
    return chain[0].model if chain else ""


def embedding_space() -> EmbeddingSpace | None:
    """The embeddings in use: the configured endpoint's, else the offline model's; None: neither."""
    configured = endpoint.configured()
    if configured.embeds:
        return space_of(configured.embedding_model)
    return OFFLINE_SPACE if offline_embeddings.INSTALLED else None


def space_of(model: str) -> EmbeddingSpace:
    """The space of an endpoint's model."""
    return EmbeddingSpace(name=model[:100], related=0.3)


def cost_of_run(run_id: UUID) -> Decimal:
    """What the models a run has asked have cost so far, in US dollars."""
    return Call.objects.filter(run_id=run_id).aggregate(cost=Sum("cost"))["cost"] or Decimal(0)


def left_alone(workspace_id: UUID) -> list[Breaker]:
    """The models that fail and are not asked for now, by name; one query."""
    rows = Breaker.objects.filter(workspace_id=workspace_id)
    return list(rows.exclude(circuit=Circuit.CLOSED.value).order_by("model"))
