"""Where each case of a run stands: nobody who waits for an answer is forgotten.

A case has ended only when its proposal was done, or a person has decided (a rejection is a
decision: somebody has read it). Until then it stands in an open proposal, or it is open itself and
`apps.agents.referring` puts it before people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.agents.models import CaseState, Handled
from apps.agents.playbooks.base import Planned
from apps.agents.steps import drafting
from apps.agents.steps.base import Context
from apps.proposals.models import Proposal, State

BUSY = "Another proposal about the same thing is open, so nothing of its own could be proposed."
DENIED = "Policy denies what was planned."


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A plan with the proposal that was made of it, or the trouble with it.

    Neither, for a plan with a draft: its target had an open change.
    """

    planned: Planned
    proposal: Proposal | None
    trouble: str = ""


def note(context: Context, taken: Sequence[Taken]) -> None:
    """Write down where each case stands, in the transaction that proposes."""
    Handled.objects.bulk_create(case_of(context, taking) for taking in taken)


def case_of(context: Context, taken: Taken) -> Handled:
    """The case as a row: ended, standing, or to be put before a person."""
    planned, proposal = taken.planned, taken.proposal
    case = Handled(
        workspace_id=context.run.workspace_id,
        playbook=context.playbook.name,
        key=planned.key,
        run=context.run,
        at=context.now,
        proposal=proposal,
    )
    if planned.draft is None or context.playbook.refer(planned.draft, "") is None:
        return case
    case.draft = drafting.to_json(planned)
    if proposal is not None and proposal.state != State.DENIED:
        case.state = CaseState.STANDING
        return case
    case.state, case.rung, case.not_before = CaseState.OPEN, 1, context.now
    case.reason = taken.trouble or (BUSY if proposal is None else DENIED)
    return case
