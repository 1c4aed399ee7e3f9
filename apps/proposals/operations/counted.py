"""What became of changes, told to the windows they count in: done, or given back. Once each."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from apps.gateway import catalogue
from apps.gateway import queries as outside
from apps.gateway.catalogue.action_spec import Reversibility
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.policies import operations as policies
from apps.proposals.models import Change, State

OPEN = (State.WAITING, State.APPROVED)
WITHOUT_EFFECT = (State.FAILED, State.REJECTED, State.EXPIRED, State.DENIED, State.UNDONE)
NEVER_HAPPENED = (ExecutionState.REFUSED, ExecutionState.CANCELLED)
ON_ITS_OWN = "saga"  # the trigger of an undo nobody asked for


class Fate(StrEnum):
    """What became of a change, as far as its windows go."""

    DONE = "done"
    VOID = "void"  # nothing has happened
    UNDONE = "undone"  # or is an undo: no money is moved by the two, but the price went to and fro


def balance(changes: Iterable[Change], *, now: datetime) -> None:
    """Confirm in their windows what of these is done, and give back what came to nothing.

    With what they were to undo. What is not proven yet counts on. Runs in the transaction in which
    it ended; one statement where no rule asks for a window.
    """
    named = {pk for change in changes for pk in (change.pk, change.compensates_id) if pk}
    counting = policies.counting(named)
    if not counting:
        return
    rows = Change.objects.filter(pk__in=counting).select_related("proposal")
    own = list(rows.prefetch_related("compensations__proposal"))
    newest = outside.executions_of(counting)
    ended = {change.pk: fate(change, newest.get(change.pk)) for change in own}
    of = {kind: {pk for pk, found in ended.items() if found == kind} for kind in Fate}
    policies.conclude(done=of[Fate.DONE], void=of[Fate.VOID], undone=of[Fate.UNDONE], now=now)


def fate(change: Change, execution: Execution | None) -> Fate | None:
    """What became of a change; None while that is open.

    An undo a person asked for takes the money it and its effect have moved out of the windows, if
    the effect can be taken back: a second letter is a second letter. Both have happened all the
    same, and count as changes. One nobody asked for counts in full: else a set that always breaks
    off would move a price to and fro unseen.
    """
    state = State(change.proposal.state)
    made_up = execution is not None and execution.state == ExecutionState.COMPENSATED
    if made_up or state == State.UNDONE:
        return Fate.UNDONE if is_taken_back(change) else Fate.DONE
    if state == State.DONE:
        is_undo = change.compensates_id is not None and change.proposal.trigger != ON_ITS_OWN
        return Fate.UNDONE if is_undo and is_reversible(change.action) else Fate.DONE
    if execution is not None and execution.state == ExecutionState.DONE:
        return Fate.DONE
    never = execution is not None and execution.state in NEVER_HAPPENED and state not in OPEN
    return Fate.VOID if never or state in WITHOUT_EFFECT else None


def is_taken_back(change: Change) -> bool:
    """Whether a person had the effect undone, and nothing of it is left."""
    undos: Collection[Change] = change.compensations.all()
    alone = any(undo.proposal.trigger == ON_ITS_OWN for undo in undos
                if undo.proposal.state == State.DONE)  # fmt: skip
    return is_reversible(change.action) and not alone


def is_reversible(action: str) -> bool:
    """Whether the action takes its own effect back."""
    return catalogue.spec(action).reversibility == Reversibility.REVERSIBLE
