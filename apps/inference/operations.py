"""Asking models: the only door to a provider, with limits on money, time and patience."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import stamina

from apps.accounts.models import Workspace
from apps.inference import attempts, budgets, endpoint, health, queries
from apps.inference.attempts import Answer, Ask
from apps.inference.budgets import BudgetExhausted
from apps.inference.models import Budget, ProviderName, Scope
from apps.inference.providers import offline_embeddings
from apps.inference.providers.base import (
    LONGEST,
    Completion,
    Embeddings,
    Message,
    ProviderError,
    Question,
    Say,
    Tool,
)
from apps.inference.providers.offline_embeddings import NotInstalled, OfflineEmbedder
from apps.inference.queries import OFFLINE_SPACE, EmbeddingSpace, space_of
from apps.inference.routing import EMBEDDING, Option, route

ATTEMPTS = 3  # per tier
MAX_WAIT_S = 10.0  # a provider that asks for a longer pause is left for the fallback
PATIENCE_S = 90.0  # after this, no further attempt is begun on a tier
DIMENSIONS = 384
OFFLINE_MODEL = offline_embeddings.NAME
OFFLINE_INSTALLED = offline_embeddings.INSTALLED


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """One vector of 384 numbers per text, and the space in which alone they may be compared."""

    space: EmbeddingSpace
    vectors: list[list[float]]


class NoModelConfigured(Exception):
    """There is no model to ask. Set OPENAI_BASE_URL or OPENAI_API_KEY, and OPENAI_MODEL, or add a
    tier in the admin.
    """


class ModelUnavailable(Exception):
    """No model gave a usable answer, after retries and fallbacks; the text says why for each."""


class WrongDimensions(ModelUnavailable):
    """The embedding model does not make vectors of 384 numbers."""


def complete(
    *,
    workspace: Workspace,
    run_id: UUID | None,
    purpose: str,
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    tier_need: str = "small",
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
    agent_id: UUID | None = None,
    max_output_tokens: int = 1024,
) -> Completion:
    """A whole answer of the tier needed, or of one of its fallbacks.

    1. Each attempt is paid from the budgets of workspace, agent and run, and recorded as a call.
    2. A repeatable failure is repeated, at most three attempts, waiting as the provider asks.
    3. Then the next fallback is asked; also one that is cheap enough when a budget is short.
    4. What the model says for a run is told meanwhile to who watches it (`inference.streaming`).
    5. Where none answered and a budget was short, that is recorded, once for each limit.

    Must be called outside a transaction: no lock is held while a model thinks. Raises
    `NoModelConfigured`, `BudgetExhausted`, `ModelUnavailable`.
    """
    chain = route(queries.options(workspace), need=tier_need)
    if not chain:
        raise NoModelConfigured(NoModelConfigured.__doc__)
    ask = Ask(
        workspace=workspace,
        run_id=run_id,
        agent_id=agent_id,
        purpose=purpose,
        content={"messages": list(messages), "tools": [_plain(tool) for tool in tools]},
        max_output_tokens=max_output_tokens,
        now=now,
    )

    def send(option: Option, say: Say | None) -> Completion:
        question = Question(
            model=option.model,
            messages=messages,
            tools=tools,
            max_output_tokens=max_output_tokens,
            timeout_s=option.timeout_s,
        )
        return endpoint.provider(option.provider).complete(question, say)

    return _ask_in_turn(chain, ask, send, clock)


def patience(*, workspace: Workspace, tier_need: str = "small") -> timedelta:
    """How long `complete` may take: on each tier the last attempt begins at the last moment."""
    chain = route(queries.options(workspace), need=tier_need)
    each = (PATIENCE_S + MAX_WAIT_S + option.timeout_s * LONGEST for option in chain)
    return timedelta(seconds=sum(each))


def _plain(tool: Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }


def _ask_in_turn(
    chain: Sequence[Option],
    ask: Ask,
    send: Callable[[Option, Say | None], Completion],
    clock: Callable[[], float],
) -> Completion:
    """The first answer along the chain."""
    failures: list[str] = []
    exhausted: BudgetExhausted | None = None
    for option in chain:
        try:
            return _persist(option, ask, send, clock, durable=True)
        except ProviderError as error:
            failures.append(f"{option.name} ({option.model}): {error}")
        except BudgetExhausted as error:
            exhausted = error
    if exhausted:
        budgets.record_exhausted(exhausted, agent_id=ask.agent_id, run_id=ask.run_id, now=ask.now)
    if exhausted and not failures:
        raise exhausted
    raise ModelUnavailable("No model answered. " + "; ".join(failures)) from exhausted


def _persist(
    option: Option,
    ask: Ask,
    send: Callable[[Option, Say | None], Answer],
    clock: Callable[[], float],
    *,
    durable: bool,
) -> Answer:
    """Attempts on one tier until an answer, or until repeating makes no sense.

    Each is let through by the model's breaker, and tells it how it went.
    """
    place = health.Place(
        workspace=ask.workspace, endpoint=endpoint.address(option.provider), model=option.model
    )
    started = clock()

    def at() -> datetime:
        return ask.now + timedelta(seconds=clock() - started)

    retries = stamina.retry_context(
        on=_pause,
        attempts=ATTEMPTS,
        timeout=PATIENCE_S,
        wait_initial=0.2,
        wait_max=2.0,
        wait_jitter=0.2,
    )
    for turn in retries:
        with turn:
            health.enter(place, now=at())
            try:
                answer = attempts.attempt(
                    ask, option, lambda say: send(option, say), clock=clock, durable=durable
                )
            except ProviderError as error:
                health.note(place, error, now=at())
                raise
            health.note(place, None, now=at())
    return answer


def _pause(error: Exception) -> bool | float:
    """Whether to repeat; a number is the pause in seconds the provider asked for."""
    if not isinstance(error, ProviderError) or not error.repeatable:
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s <= MAX_WAIT_S else False


def embed(
    texts: Sequence[str],
    *,
    workspace: Workspace,
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Embedded:
    """Vectors of the texts, with the space they are in.

    With OPENAI_EMBEDDING_MODEL the endpoint is asked (paid and recorded like any call), else the
    offline model. Raises `ModelUnavailable`, `BudgetExhausted`.
    """
    configured = endpoint.configured()
    if not configured.embeds:
        return Embedded(space=OFFLINE_SPACE, vectors=embed_offline(texts))
    space = space_of(configured.embedding_model)
    if not texts:
        return Embedded(space=space, vectors=[])
    option = _embedding_option(workspace, configured.embedding_model)
    ask = Ask(
        workspace=workspace,
        run_id=None,
        agent_id=None,
        purpose="embed",
        content=list(texts),
        max_output_tokens=0,
        now=now,
    )

    def send(option: Option, _say: Say | None) -> Embeddings:
        return endpoint.provider(option.provider).embed(
            texts, model=option.model, dimensions=DIMENSIONS, timeout_s=option.timeout_s
        )

    try:
        vectors = _persist(option, ask, send, clock, durable=False).vectors
    except BudgetExhausted as error:
        budgets.record_exhausted(error, agent_id=None, run_id=None, now=now)
        raise
    except ProviderError as error:
        raise ModelUnavailable(f"No embeddings from {option.model}: {error}") from error
    return Embedded(space=space, vectors=[_checked(vector, option.model) for vector in vectors])


def embed_offline(texts: Sequence[str]) -> list[list[float]]:
    """Vectors of the model that ships, `OFFLINE_MODEL`, whichever endpoint is configured.

    For what was measured with it. Costs nothing, and no text leaves the machine. Raises
    `ModelUnavailable` where it is not installed.
    """
    try:
        made = OfflineEmbedder().embed(
            texts, model=OFFLINE_MODEL, dimensions=DIMENSIONS, timeout_s=PATIENCE_S
        )
    except NotInstalled as error:
        raise ModelUnavailable(str(error)) from error
    return made.vectors


def _embedding_option(workspace: Workspace, model: str) -> Option:
    """The endpoint's embedding model, priced by the workspace's tier named `embedding`."""
    for option in queries.options(workspace):
        if option.name == EMBEDDING and option.provider == ProviderName.OPENAI:
            return Option(
                name=EMBEDDING,
                provider=option.provider,
                model=model,
                price_in=option.price_in,
                timeout_s=option.timeout_s,
                tier_id=option.tier_id,
            )
    return Option(name=EMBEDDING, provider=ProviderName.OPENAI, model=model)


def _checked(vector: list[float], model: str) -> list[float]:
    """The vector, if it has the size the memory's column has."""
    if len(vector) != DIMENSIONS:
        raise WrongDimensions(
            f"{model} answered vectors of {len(vector)} numbers, but the memory keeps "
            f"{DIMENSIONS}. Set OPENAI_EMBEDDING_MODEL to a model that honours `dimensions`, or "
            "leave it empty for the offline model."
        )
    return vector


def set_budget(*, workspace: Workspace, scope: Scope, scope_id: UUID, limit: Decimal) -> Budget:
    """Give a workspace, an agent or a run a hard limit in US dollars, or change it."""
    budget, _ = Budget.objects.update_or_create(
        workspace=workspace, scope=scope, scope_id=scope_id, defaults={"limit": limit}
    )
    return budget


def release_lost(*, now: datetime, limit: int = 100) -> int:
    """Settle calls whose process died before the answer; returns how many."""
    return attempts.release_lost(now=now, limit=limit)
