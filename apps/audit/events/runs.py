"""Events of the loop; a `stage` is sense, plan, act or learn."""

from dataclasses import dataclass

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """An agent began to work; `trigger` is what began it, such as schedule or person."""

    kind = Kind.RUN_STARTED
    agent: str
    playbook: str
    trigger: str


@dataclass(frozen=True, kw_only=True)
class RunStepped(Event):
    """A stage is done. `number` counts the steps of the run from 1.

    `planner` is the model that planned, or rules. Of planning also how many `cases` there were and
    how many items were `recalled`.
    """

    kind = Kind.RUN_STEPPED
    stage: str
    number: int
    summary: str
    planner: str
    cases: int = -1
    recalled: int = -1


@dataclass(frozen=True, kw_only=True)
class RunWaiting(Event):
    """It waits for decisions on so many proposals."""

    kind = Kind.RUN_WAITING
    proposals: int


@dataclass(frozen=True, kw_only=True)
class RunPaused(Event):
    """Something is away, by `reason`; the run goes on by itself."""

    kind = Kind.RUN_PAUSED
    stage: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """It is at its end, with what came of it in words."""

    kind = Kind.RUN_FINISHED
    summary: str


@dataclass(frozen=True, kw_only=True)
class RunFailed(Event):
    """It broke off for good."""

    kind = Kind.RUN_FAILED
    stage: str
    error: str


@dataclass(frozen=True, kw_only=True)
class RunRetried(Event):
    """A person had it try again what had failed of `error`."""

    kind = Kind.RUN_RETRIED
    stage: str
    error: str


@dataclass(frozen=True, kw_only=True)
class RunCancelled(Event):
    """A person ended it."""

    kind = Kind.RUN_CANCELLED
    reason: str


@dataclass(frozen=True, kw_only=True)
class RunEscalated(Event):
    """It ended by asking a person to look."""

    kind = Kind.RUN_ESCALATED
    stage: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BudgetExhausted(Event):
    """A budget did not cover a call; once for each limit.

    `limit` and `needed` are US dollars as text, `agent` the id of whose budget it is or empty.
    """

    kind = Kind.BUDGET_EXHAUSTED
    scope: str
    limit: str
    needed: str
    agent: str


@dataclass(frozen=True, kw_only=True)
class ModelCalled(Event):
    """A request to a model has ended. `tokens` are in and out together; `cost` is US dollars.

    `estimated`: the server told no tokens. `outcome` is ok, error, timeout, rate_limited, malformed
    or lost.
    """

    kind = Kind.MODEL_CALLED
    purpose: str
    tier: str
    model: str
    tokens: int
    input_tokens: int
    output_tokens: int
    cost: str
    estimated: bool
    latency_ms: int | None
    outcome: str
    error: str
