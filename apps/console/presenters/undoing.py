"""Taking back and undoing in words: how long an approval is held, and what an undo would take."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.proposals.effects import Effect, obstacle
from apps.proposals.models import OPEN_STATES, State
from apps.proposals.queries import ProposalView

TEXT = "text-"  # begins the name of an input in which a person writes a message
WAITS = timedelta(seconds=3)  # due for longer than this, it is being held up


@dataclass(frozen=True, kw_only=True)
class Hold:
    """An approval that can still be taken back; `seconds` are left until it is carried out.

    `seconds` 0: its turn has come, and no worker has begun it yet.
    """

    seconds: int
    at: datetime

    @property
    def words(self) -> str:
        """When it is carried out, in words."""
        if not self.seconds:
            return "Not begun yet"
        if self.seconds >= 120:
            return f"Carried out in {self.seconds // 60} min"
        return f"Carried out in {self.seconds} s"


def hold(view: ProposalView, now: datetime) -> Hold | None:
    """How long the approval is still held; None when nothing can be taken back any more."""
    executions = [change_view.execution for change_view in view.changes if change_view.execution]
    return remaining(State(view.proposal.state), executions, now=now)


def remaining(state: State, executions: Iterable[Execution], *, now: datetime) -> Hold | None:
    """The same for a proposal in this state with these executions."""
    due = [execution for execution in executions if execution.state == ExecutionState.DUE]
    if state != State.APPROVED or not due:
        return None
    at = due[0].not_before
    if at <= now < at + WAITS:  # about to be called: nothing that flashes up and is gone
        return None
    return Hold(seconds=max(math.ceil((at - now).total_seconds()), 0), at=at)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a person has to write so that a message can be made up for."""

    name: str
    to: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """What can be undone of a proposal: `why_not` says why nothing can, else it is empty."""

    why_not: str
    titles: list[str]
    letters: list[Letter]


def undoing(view: ProposalView, posted: Mapping[str, str] | None = None) -> Undoing | None:
    """What can be undone, holding what was typed; None where the question does not arise."""
    effects = view.effects
    under_way = any(undo.state in OPEN_STATES for undo in view.undos)
    asked = view.proposal.state in (State.DONE, State.NEEDS_PERSON)
    if not asked or not effects or under_way or view.undoes:
        return None
    why_not = obstacle(effects)
    return Undoing(
        why_not=why_not,
        titles=[effect.spec.title for effect in effects],
        letters=[] if why_not else letters(effects, posted or {}),
    )


def letters(effects: Sequence[Effect], posted: Mapping[str, str]) -> list[Letter]:
    """The messages to be corrected, each begun in the customer's language."""
    return [
        Letter(
            name=text_name(effect),
            to=str(effect.change.params.get("to", "")),
            text=posted.get(text_name(effect), effect.offered),
        )
        for effect in effects
        if effect.is_written
    ]


def text_name(effect: Effect) -> str:
    """How the input of what a person writes is called in the form."""
    return f"{TEXT}{effect.change.pk}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Why a person has to look, what they should do, and the two answers they may give."""

    title: str
    advice: str
    yes: str
    no: str
    asks: str = "What did you see?"


UNPROVEN = Case(
    title="AIOS cannot prove whether this happened",
    advice="Look in the outside system, then say below what you saw. "
    "Nothing more is sent from here.",
    yes="It happened",
    no="It did not happen",
)
NOT_UNDONE = Case(
    title="The undo of this did not go through",
    advice="What stands and what does not is below. Try to undo it again, or look in the outside "
    "system and say what you saw.",
    yes="It stands",
    no="It has been undone",
)
REFERRED = Case(
    title="A person has to see to this",
    advice="Nothing could be proposed for it; what was read and why are below. See to it yourself, "
    "then say here what you did. Nothing is sent from here.",
    yes="It is seen to",
    no="There is nothing to do",
    asks="What did you do?",
)
HALF_DONE = Case(
    title="Only a part of this was done",
    advice="What stands and what does not is below. Undo what was done, or look in the outside "
    "system and say what you saw.",
    yes="What was done stands",
    no="Nothing of it stands",
)


def case(view: ProposalView) -> Case:
    """What a person is asked about a proposal which needs one."""
    if not view.changes:
        return REFERRED
    states = {change_view.execution.state for change_view in view.changes if change_view.execution}
    known = {ExecutionState.DONE, ExecutionState.COMPENSATED, ExecutionState.REFUSED}
    if not states or not states <= known | {ExecutionState.STALE, ExecutionState.CANCELLED}:
        return UNPROVEN
    return NOT_UNDONE if view.undos else HALF_DONE
