"""Executions in words: attempts told from the log, grants, and what a dry run has shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.console.presenters.proposals import (
    EXECUTION_TONES,
    Difference,
    currency_of,
    difference,
)
from apps.console.presenters.values import Row, money, rows
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Execution, Grant, State
from apps.proposals.operations import DryRunExecution

GUARDS = {
    "state": "Where it stands",
    "connector": "Connector",
    "switch": "Kill switch",
    "breaker": "Breaker",
    "rate": "Rate",
    "target": "Target",
    "approval": "Approval",
    "grant": "Grant",
}
STEP_WORDS = {  # an entry of a saga's progress has one of these
    "reference": ("good", "Proven"),
    "failed": ("warn", "Failed"),
    "turned": ("warn", "Turned back"),
    "undone": ("", "Undone"),
}


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try: what was sent when, and what came of it.

    `request` and `answer` are SHA-256 digests of what was sent and of what came back, in hex.
    """

    number: int
    started_at: datetime
    request: str
    ended_at: datetime | None = None
    outcome: str = "Under way, or its worker is gone"
    tone: str = "busy"
    answer: str = ""
    reference: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SagaStep:
    """What became of a step; `detail` is the back end's reference, or why."""

    step: str
    tone: str
    state: str
    detail: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A grant with how it stands now."""

    grant: Grant
    tone: str
    state: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Hindrance:
    """What keeps a call from being made; `until` is when it ends by itself, if known."""

    guard: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a dry run has shown; `reading` is empty where nothing is unproven."""

    tone: str
    verdict: str
    hindrances: list[Hindrance]
    changed: list[Difference]
    effect: list[Difference]
    reading: str


def title_of(action: str) -> str:
    """What a person calls the action."""
    return ACTIONS[action].title if action in ACTIONS else action


def tone_of(execution: Execution) -> str:
    """The tone of its state."""
    return EXECUTION_TONES.get(State(execution.state), "busy")


def attempts(events: Sequence[Recorded]) -> list[Attempt]:
    """The tries an execution's events tell of, in order."""
    found: list[Attempt] = []
    for event in events:
        if event.kind == Kind.EXECUTION_STARTED:
            found = [*(superseded(attempt) for attempt in found), begun(event, len(found) + 1)]
        elif found and event.kind in (Kind.EXECUTION_UNKNOWN, Kind.EXECUTION_FINISHED):
            found[-1] = ended(found[-1], event)
    return found


def begun(event: Recorded, number: int) -> Attempt:
    """A try that has begun."""
    fields = event.fields or {}
    return Attempt(
        number=int(fields.get("attempt") or number),
        started_at=event.at,
        request=str(fields.get("request") or ""),
    )


def superseded(attempt: Attempt) -> Attempt:
    """A try after which another began: only one that is surely without effect is followed."""
    absent = {"outcome": "Not carried out", "tone": ""}
    is_open = attempt.tone in ("busy", "warn")
    return replace(attempt, **absent) if is_open else attempt  # type: ignore[arg-type]


def ended(attempt: Attempt, event: Recorded) -> Attempt:
    """The try with what an event says became of it."""
    fields = event.fields or {}
    state = State(str(fields.get("outcome") or State.UNKNOWN))
    return replace(
        attempt,
        ended_at=event.at,
        outcome=str(state.label),
        tone=EXECUTION_TONES.get(state, "busy"),
        answer=str(fields.get("answer") or attempt.answer),
        reference=str(fields.get("reference") or attempt.reference),
        error=str(fields.get("error") or ""),
    )


def permission(grant: Grant, *, now: datetime) -> Permission:
    """A grant in words."""
    if grant.consumed_at:
        tone, state = "", "Used"
    elif grant.revoked_at:
        tone, state = "", "Withdrawn"
    elif grant.expires_at <= now:
        tone, state = "warn", "Expired unused"
    else:
        tone, state = "good", "Open"
    amount = "" if grant.amount is None else money(grant.amount, grant.currency)
    return Permission(grant=grant, tone=tone, state=state, amount=amount)


def params_of(execution: Execution) -> list[Row]:
    """The parameters it is called with."""
    return list(rows(execution.params))


def steps_of(execution: Execution) -> list[SagaStep]:
    """What has become of the steps of a saga, in the order it happened."""
    entries = (entry for entry in execution.progress if isinstance(entry, Mapping))
    return [saga_step(entry) for entry in entries]


def saga_step(entry: Mapping[str, Any]) -> SagaStep:
    """One entry of the progress in words."""
    kind = next((kind for kind in STEP_WORDS if kind in entry), "")
    tone, state = STEP_WORDS.get(kind, ("", ""))
    detail = entry.get(kind)
    return SagaStep(
        step=str(entry.get("step", "")).replace("_", " "),
        tone=tone,
        state=state,
        detail=detail if isinstance(detail, str) else "",
        at=datetime.fromisoformat(str(entry["at"])) if entry.get("at") else None,
    )


def dry_run(found: DryRunExecution) -> DryRun:
    """What a dry run has shown, in words."""
    execution = found.execution
    currency = currency_of(execution.params, found.after or {})
    tone, verdict = verdict_of(found)
    return DryRun(
        tone=tone,
        verdict=verdict,
        hindrances=[
            Hindrance(
                guard=GUARDS.get(obstacle.guard.value, obstacle.guard.value.capitalize()),
                reason=obstacle.reason,
                until=obstacle.until,
            )
            for obstacle in found.obstacles
        ],
        changed=[difference(diff, currency) for diff in found.changed],
        effect=[difference(diff, currency) for diff in found.fields],
        reading=reading_of(found),
    )


def reading_of(found: DryRunExecution) -> str:
    """What reading an unproven call back shows; empty where nothing is unproven."""
    shown = found.shown
    if shown is None:
        return ""
    known = {True: "it happened", False: "it did not happen", None: "it cannot be told"}
    return known[shown.happened] + (f": {shown.reason}" if shown.reason else ".")


def verdict_of(found: DryRunExecution) -> tuple[str, str]:
    """Tone and sentence: called now, called once it is its turn, or not."""
    if found.would_be_called:
        return "good", "It would be called now."
    if found.would_be_called_once_due:
        return "warn", "Nothing but where it stands keeps it from being called."
    return "bad", "It would not be called now."
