"""Runs in words and figures: how they stand, how long their steps took, what they cost. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from apps.agents.models import LIVE_STATES, Run, Stage, State, Step
from apps.agents.queries import RunView
from apps.console import reader
from apps.console.presenters.trace import STAGES, Row, dollars, duration
from apps.inference.queries import Spent

TONES = {
    State.RUNNING: "busy",
    State.WAITING: "warn",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELLED: "",
    State.ESCALATED: "warn",
}
ICONS = {
    State.RUNNING: "run",
    State.WAITING: "wait",
    State.DONE: "check",
    State.FAILED: "alert",
    State.CANCELLED: "stop",
    State.ESCALATED: "person",
}
STATES = {
    State.RUNNING: "Running",
    State.WAITING: "Waiting",
    State.DONE: "Done",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
    State.ESCALATED: "Needs a look",
}
MOST_SHOWN = 140  # characters of a summary in the list


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in the list."""

    run: Run
    state: str
    tone: str
    icon: str
    says: str
    duration: str
    cost: str
    tokens: int
    proposals: int


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """A step of a run; `share` is its part of the longest one's time, in per cent.

    `planner` is who thought, where that is not said already.
    """

    step: Step
    stage: str
    time: str
    share: int
    cost: str
    planner: str


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What the bars of calls are measured by: the longest and the dearest shown."""

    ms: int
    cost: Decimal


def run_row(run: Run, spent: Spent | None, proposals: int, *, now: datetime) -> RunRow:
    """The run with what it cost and made."""
    state = State(run.state)
    says = run.error or run.summary or run.get_stage_display()
    return RunRow(
        run=run,
        state=STATES[state],
        tone=TONES[state],
        icon=ICONS[state],
        says=says if len(says) <= MOST_SHOWN else f"{says[: MOST_SHOWN - 1]}…",
        duration=length(run, now),
        cost=dollars(spent.cost) if spent else "",
        tokens=spent.tokens if spent else 0,
        proposals=proposals,
    )


def figures(view: RunView, spent: Spent | None, *, now: datetime) -> list[dict[str, Any]]:
    """The figures at the head of a run, each with a note on what is counted."""
    run = view.run
    so_far = " so far" if run.state in LIVE_STATES else ""
    rows = [
        {"name": "Time", "value": length(run, now), "note": f"from start to end{so_far}"},
        {"name": "At work", "value": duration(sum(map(ms_of, view.steps))),
         "note": f"in {count(len(view.steps), 'step')}, without waiting for people"},
    ]  # fmt: skip
    if spent:
        rows += [
            {"name": "Model", "value": duration(spent.ms), "note": count(spent.calls, "call")},
            {"name": "Cost", "value": dollars(spent.cost),
             "note": cost_note(spent)},
            {"name": "Tokens", "value": reader.number(spent.tokens),
             "note": f"{reader.number(spent.tokens_in)} in, {reader.number(spent.tokens_out)} out"},
        ]  # fmt: skip
    else:
        rows.append({"name": "Model", "value": "none", "note": "planned by rules, at no cost"})
    rows.append({"name": "Proposals", "value": str(len(view.proposals)), "note": "made by it"})
    return rows


def cost_note(spent: Spent) -> str:
    """What the cost of a run rests on."""
    if spent.tokens and not spent.cost:
        return "no price is set for its model"
    return "partly estimated" if spent.estimated else "as counted by the provider"


def steps(view: RunView, spent: Spent | None) -> list[StepRow]:
    """The steps in order, their times side by side; a model is asked while planning."""
    longest = max(map(ms_of, view.steps), default=0)
    planned = [step.number for step in view.steps if step.stage == Stage.PLAN]
    return [
        StepRow(
            step=step,
            stage=STAGES[step.stage],
            time=duration(ms_of(step)),
            share=share_of(ms_of(step), longest),
            cost=dollars(spent.cost) if spent and step.number in planned[-1:] else "",
            planner=planner_of(step),
        )
        for step in view.steps
    ]


def planner_of(step: Step) -> str:
    """Who thought, on the step that planned; empty where its summary says so."""
    said = step.stage != Stage.PLAN or step.planner in step.summary
    return "" if said else step.planner


def by_stage(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows (newest first) by stage of the loop, oldest first within each."""
    grouped: dict[str, list[Row]] = {stage: [] for stage in STAGES}
    for row in rows:
        grouped[row.stage].insert(0, row)
    phrases = {stage.value: stage.label for stage in Stage}
    return [
        {"value": stage, "label": STAGES[stage], "phrase": phrases[stage], "rows": found}
        for stage, found in grouped.items()
    ]


def scale_of(rows: Iterable[Row]) -> Scale:
    """The longest and the dearest call among the rows."""
    calls = [row.figures for row in rows if row.figures]
    return Scale(
        ms=max((call.ms for call in calls), default=0),
        cost=max((Decimal(call.cost) for call in calls), default=Decimal(0)),
    )


def share_of(part: Decimal | float, whole: Decimal | float) -> int:
    """A part in per cent of the whole, at least 1 if there is any: a bar one can see."""
    if not part or not whole:
        return 0
    return max(1, round(float(part) / float(whole) * 100))


def ms_of(step: Step) -> float:
    """Milliseconds a step took."""
    return (step.finished_at - step.started_at).total_seconds() * 1_000


def length(run: Run, now: datetime) -> str:
    """How long the run took, or takes by now."""
    return duration(max(((run.finished_at or now) - run.started_at).total_seconds(), 0) * 1_000)


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{reader.number(number)} {noun if number == 1 else noun + 's'}"


def query_of(**wanted: object) -> str:
    """As the query of an address; what is empty is left out."""
    return urlencode({name: value for name, value in wanted.items() if value})
