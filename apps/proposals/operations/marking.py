"""Noting what in a proposal works on who decides: before rules see it, and anew when it changes."""

from collections.abc import Sequence

from apps.proposals.models import Change, Proposal
from apps.proposals.text import pressure


def mark(proposal: Proposal, changes: Sequence[Change]) -> None:
    """Set the proposal's marks from its texts as they are now; not saved yet."""
    proposal.pressure = pressure.kinds(marks_of(proposal, changes))


def marks_of(proposal: Proposal, changes: Sequence[Change]) -> list[pressure.Mark]:
    """Everything in a proposal and its changes that works on who decides."""
    return pressure.marks(
        title=proposal.title,
        rationale=proposal.rationale,
        evidence=proposal.evidence if isinstance(proposal.evidence, list) else (),
        params=[change.params for change in changes],
        by_own_agent=proposal.run_id is not None,
    )
