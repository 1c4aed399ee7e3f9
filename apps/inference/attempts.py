"""One attempt to ask a model, in the order of writes that survives a crash.

1. Commit: the most it can cost is held in the budgets, and a call row says `started`.
2. Ask; no transaction is open meanwhile. Who watches the run hears the words as they come.
3. Commit: the row says how it ended, the reservation becomes what was spent, and the audit log
   has its event.

A process that dies in between leaves a `started` row, which `release_lost` settles later.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from apps.accounts.models import Workspace
from apps.audit import operations as audit
from apps.audit.events.runs import ModelCalled
from apps.inference import budgets
from apps.inference.models import Call, Scope
from apps.inference.providers.base import (
    LONGEST,
    Completion,
    Embeddings,
    Outcome,
    ProviderError,
    Say,
    Usage,
)
from apps.inference.routing import Option
from apps.inference.streaming import Voice

Answer = TypeVar("Answer", Completion, Embeddings)
GRACE = timedelta(minutes=5)
ANSWER_TOKEN_BYTES = 4  # a rough average, used only when a provider does not count tokens


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Who asks what for; `content` is what is sent (JSON values)."""

    workspace: Workspace
    run_id: UUID | None
    agent_id: UUID | None
    purpose: str
    content: object
    max_output_tokens: int
    now: datetime

    def encode(self) -> bytes:
        """The content as bytes: for its digest, and as an upper bound of its tokens."""
        return json.dumps(self.content, sort_keys=True, ensure_ascii=False).encode()

    def scopes(self) -> Mapping[Scope, UUID]:
        """Whose budgets are charged."""
        found = {Scope.WORKSPACE: self.workspace.pk, Scope.AGENT: self.agent_id}
        found[Scope.RUN] = self.run_id
        return {scope: pk for scope, pk in found.items() if pk is not None}


def attempt(
    ask: Ask,
    option: Option,
    send: Callable[[Say | None], Answer],
    *,
    clock: Callable[[], float],
    durable: bool,
) -> Answer:
    """Ask once. Raises `BudgetExhausted` before asking, or the provider's `ProviderError`."""
    call = _open(ask, option, durable=durable)
    started = clock()
    try:
        answer = aloud(call, send)
    except ProviderError as error:
        charged = call.reserved if error.may_be_billed else Decimal(0)
        call.outcome, call.error = error.outcome, str(error)[:300]
        call.cost, call.estimated = charged, error.may_be_billed
        call.latency_ms = _elapsed_ms(started, clock)
        _close(call, now=ask.now)
        raise
    _count(call, ask, option, answer)
    call.latency_ms = _elapsed_ms(started, clock)
    _close(call, now=ask.now)
    return answer


def aloud(call: Call, send: Callable[[Say | None], Answer]) -> Answer:
    """The answer, told while it comes if the call is part of a run somebody could watch."""
    if call.run_id is None:
        return send(None)
    voice = Voice(
        workspace_id=call.workspace_id, run_id=call.run_id, call_id=call.pk, purpose=call.purpose
    )
    try:
        return send(voice.say)
    finally:
        voice.end()


def _open(ask: Ask, option: Option, *, durable: bool) -> Call:
    """Hold the money and write the row that says a call is under way."""
    encoded = ask.encode()
    # No tokenizer makes more tokens than bytes, so this is the most the call can cost
    most = option.cost(input_tokens=len(encoded), output_tokens=ask.max_output_tokens)
    with transaction.atomic(durable=durable):
        held = budgets.reserve(workspace=ask.workspace, scopes=ask.scopes(), amount=most)
        return Call.objects.create(
            workspace=ask.workspace,
            run_id=ask.run_id,
            tier=option.name,
            provider=option.provider,
            model=option.model,
            purpose=ask.purpose,
            prompt_digest=salted_hmac(
                "apps.inference.prompt", encoded, algorithm="sha256"
            ).hexdigest(),
            at=ask.now,
            overdue_at=ask.now + timedelta(seconds=option.timeout_s * LONGEST) + GRACE,
            reserved=most,
            budgets=held,
        )


def _count(call: Call, ask: Ask, option: Option, answer: Completion | Embeddings) -> None:
    """Write down tokens and cost of an answer."""
    usage = answer.usage or _estimate(ask, answer)
    call.outcome, call.estimated = Outcome.OK, answer.usage is None
    call.input_tokens, call.output_tokens = usage.input_tokens, usage.output_tokens
    call.cost = option.cost(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)


def _estimate(ask: Ask, answer: Completion | Embeddings) -> Usage:
    """Tokens by length, for providers that do not count."""
    said = ""
    if isinstance(answer, Completion):
        said = answer.text + "".join(call.name + call.arguments for call in answer.tool_calls)
    return Usage(
        input_tokens=-(-len(ask.encode()) // ANSWER_TOKEN_BYTES),
        output_tokens=-(-len(said.encode()) // ANSWER_TOKEN_BYTES),
    )


def _elapsed_ms(started: float, clock: Callable[[], float]) -> int:
    return max(0, round((clock() - started) * 1000))


@transaction.atomic
def _close(call: Call, *, now: datetime) -> None:
    """Write the outcome, settle the budgets, record the event; only for an open call."""
    moved = Call.objects.filter(pk=call.pk, outcome=Outcome.STARTED).update(
        outcome=call.outcome,
        error=call.error,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cost=call.cost,
        estimated=call.estimated,
        latency_ms=call.latency_ms,
    )
    if not moved:
        return  # it was overdue and has been settled as lost
    budgets.settle(call.budgets, reserved=call.reserved, cost=call.cost)
    audit.record(
        ModelCalled(
            purpose=call.purpose,
            tier=call.tier,
            model=call.model,
            tokens=call.input_tokens + call.output_tokens,
            input_tokens=call.input_tokens,
            output_tokens=call.output_tokens,
            cost=f"{call.cost:f}",
            estimated=call.estimated,
            latency_ms=call.latency_ms,
            outcome=str(call.outcome),
            error=call.error,
        ),
        workspace_id=call.workspace_id,
        actor="inference",
        subject_kind="call",
        subject_id=call.pk,
        run_id=call.run_id,
        now=now,
    )


def release_lost(*, now: datetime, limit: int) -> int:
    """Settle calls whose process died; each is charged in full, since it may have been billed."""
    overdue = Call.objects.filter(outcome=Outcome.STARTED, overdue_at__lt=now)
    calls = list(overdue.order_by("overdue_at")[:limit])
    for call in calls:
        call.outcome, call.error = Outcome.LOST, "the asking process ended before the answer"
        call.cost, call.estimated = call.reserved, True
        _close(call, now=now)
    return len(calls)
