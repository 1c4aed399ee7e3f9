"""What is noted of proposals that will wait: what in them works on people, and their round."""

from collections.abc import Sequence

from django.db.models import Count, Max

from apps.proposals import crowd, pressure
from apps.proposals.crowd import Alike
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.judge import changes_of
from apps.proposals.queries import FOR_A_PERSON


def note_standing(proposals: Sequence[Proposal], rows: Sequence[Change]) -> None:
    """Set the marks and the round of those that wait for a person; one statement, none saved."""
    waiting = [one for one in proposals if one.state == State.WAITING]
    if not waiting:
        return
    for proposal in waiting:
        own = changes_of(proposal, rows)
        proposal.pressure = pressure.kinds(marks_of(proposal, own))
        proposal.alike = likeness_of(proposal, own)
    kinds = [one.alike for one in waiting]
    alike = Proposal.objects.filter(
        workspace_id=waiting[0].workspace_id, state__in=FOR_A_PERSON, alike__in=set(kinds)
    ).values_list("alike", Count("pk"), Max("crowd"))  # fmt: skip
    before = {kind: Alike(count, last) for kind, count, last in alike}
    for proposal, place in zip(waiting, crowd.places(kinds, before), strict=True):
        proposal.crowd = place


def marks_of(proposal: Proposal, changes: Sequence[Change]) -> list[pressure.Mark]:
    """Everything in a proposal and its changes that works on who decides."""
    return pressure.marks(
        title=proposal.title,
        rationale=proposal.rationale,
        evidence=proposal.evidence if isinstance(proposal.evidence, list) else (),
        params=[change.params for change in changes],
        by_own_agent=proposal.run_id is not None,
    )


def likeness_of(proposal: Proposal, changes: Sequence[Change]) -> str:
    """The kind of a proposal whose changes are decided."""
    decisions = [change.decision for change in changes if change.decision]
    return crowd.likeness(
        by=proposal.submitted_by,
        actions=[change.action for change in changes],
        rules=[decision.rule for decision in decisions],
        amount=proposal.amount,
        currency=proposal.currency,
        moved=[
            float(decision.facts["change_percent"])
            for decision in decisions
            if decision.facts.get("has_change")
        ],
        marked=proposal.pressure,
    )
