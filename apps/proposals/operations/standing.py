"""What is noted of proposals that will wait: their kind, and their round in the queue."""

from collections.abc import Sequence

from django.db.models import Count, Max
from django.db.models.functions import Left

from apps.proposals import crowd
from apps.proposals.crowd import Alike
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.judge import changes_of
from apps.proposals.queries import FOR_A_PERSON


def note_standing(proposals: Sequence[Proposal], rows: Sequence[Change]) -> None:
    """Set the kind and the round of those that wait for a person; one statement, none saved."""
    waiting = [candidate for candidate in proposals if candidate.state == State.WAITING]
    if not waiting:
        return
    for proposal in waiting:
        own = changes_of(proposal, rows)
        proposal.alike = likeness_of(proposal, own)
    kinds = [candidate.alike for candidate in waiting]
    alike = (
        Proposal.objects.filter(workspace_id=waiting[0].workspace_id, state__in=FOR_A_PERSON)
        .annotate(kin=Left("alike", crowd.KIN))
        .filter(kin__in={crowd.kin_of(kind) for kind in kinds})
        .values_list("alike", Count("pk"), Max("crowd"))
    )
    before = {kind: Alike(count, last) for kind, count, last in alike}
    for proposal, place in zip(waiting, crowd.places(kinds, before), strict=True):
        proposal.crowd = place


def likeness_of(proposal: Proposal, changes: Sequence[Change]) -> str:
    """The kind of a proposal whose changes are decided."""
    decisions = [change.decision for change in changes if change.decision]
    return crowd.likeness(
        by=proposal.on_behalf_of or proposal.submitted_by,
        risk=proposal.risk,
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
