"""What the page of one proposal shows; shared by the inbox, the direct page and decisions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import Http404

from apps.audit import queries as audit
from apps.console.access import Seat
from apps.console.names import tell_all
from apps.console.presenters import proposals as words
from apps.console.presenters.events import Told
from apps.console.presenters.evidence import exhibits
from apps.console.views import deciding
from apps.console.views.deciding import Mishap
from apps.proposals import queries
from apps.proposals.models import Proposal, State
from apps.proposals.queries import ProposalView


def find(seat: Seat, proposal_id: UUID) -> ProposalView:
    """The proposal, if it is of this workspace; else 404."""
    try:
        return queries.detail(seat.workspace.pk, proposal_id)
    except Proposal.DoesNotExist:
        raise Http404("This workspace has no such proposal.") from None


def build(
    seat: Seat,
    view: ProposalView,
    waiting: Sequence[Proposal],
    *,
    seen: int,
    chosen: bool,
    mishap: Mishap | None = None,
    said: str = "",
) -> dict[str, Any]:
    """The context of `_components/panel.html`.

    `seen` is the number of the newest event before anything was read, `chosen` tells that the
    person opened it, and `said` is read out by screen readers.
    """
    proposal = view.proposal
    is_open = proposal.state == State.WAITING
    cards = [words.card(change) for change in view.changes]
    return {
        "seat": seat,
        "proposal": proposal,
        "seen": seen,
        "tone": words.TONES[State(proposal.state)],
        "amount": words.amount_of(proposal),
        "changes": cards,
        "edits": words.summarise_edits(cards),
        "about": " ".join([str(proposal.pk), *(str(one.change.pk) for one in view.changes)]),
        "evidence": exhibits(proposal.evidence),
        "returned": words.returns(proposal) if is_open else [],
        "reviews": view.reviews,
        "approvals_left": view.approvals_left if is_open else 0,
        "timeline": timeline(seat, view),
        "undoes": view.undoes,
        "undos": [(undo, words.TONES[State(undo.state)]) for undo in view.undos],
        **deciding.context(seat, view, waiting, mishap=mishap),
        "chosen": chosen,
        "said": said,
    }


def timeline(seat: Seat, view: ProposalView) -> list[Told]:
    """Everything the log tells of the proposal, its changes and their executions, in order."""
    executions = [one.execution.pk for one in view.changes if one.execution]
    subjects: dict[str, list[UUID]] = {
        "proposal": [view.proposal.pk],
        "change": [one.change.pk for one in view.changes],
        "execution": executions,
    }
    events = [
        event
        for kind, ids in subjects.items()
        if ids
        for event in audit.history(subject_kind=kind, subject_ids=ids)
    ]
    return tell_all(seat.workspace.pk, sorted(events, key=lambda event: event.index))
