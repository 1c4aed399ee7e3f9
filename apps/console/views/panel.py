"""What the page of one proposal shows; shared by the inbox, the direct page and decisions."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.http import Http404

from apps.accounts.models import User
from apps.audit import queries as audit
from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.console.access import Seat
from apps.console.names import tell_all
from apps.console.presenters import proposals as words
from apps.console.presenters.evidence import exhibits
from apps.console.presenters.impact import impacts
from apps.console.presenters.moments import Moment, moments
from apps.console.presenters.paragraphs import cited_by
from apps.console.presenters.pressure import pressed
from apps.console.presenters.reasons import guidelines, missing
from apps.console.presenters.thread import exchanges
from apps.console.views import deciding, related
from apps.console.views.deciding import FormError
from apps.console.views.queue import Place
from apps.proposals import queries
from apps.proposals.models import Proposal, Risk, State
from apps.proposals.queries import ProposalView

COMINGS_AND_GOINGS = (Kind.PROPOSAL_CLAIMED, Kind.PROPOSAL_RELEASED)  # change nothing about it
ARGUMENTS = (Kind.PROPOSAL_ANSWERED,)  # events in which the proposer speaks for itself


def find(seat: Seat, proposal_id: UUID) -> ProposalView:
    """The proposal as this person may see it, if it is of this workspace; else 404."""
    try:
        found = queries.detail(seat.workspace.pk, proposal_id)
    except Proposal.DoesNotExist:
        raise Http404("This workspace has no such proposal.") from None
    return queries.seen_by(found, seat.user)


def build(
    seat: Seat,
    view: ProposalView,
    place: Place,
    *,
    seen: int,
    chosen: bool,
    form_error: FormError | None = None,
    said: str = "",
) -> dict[str, Any]:
    """The context of `console/inbox/panel.html`.

    `place` is where in the queue the person is, `seen` the number of the newest event before
    anything was read; `chosen` tells that the person opened it, and `said` is read out by screen
    readers.
    """
    read = shown(seat, view)
    return {
        "seat": seat,
        "seen": seen,
        **read,
        **deciding.context(seat, view, place, opened=read["opened"], form_error=form_error),
        "chosen": chosen,
        "said": said,
    }


def shown(seat: Seat, view: ProposalView) -> dict[str, Any]:
    """Everything to be read about the proposal."""
    proposal = view.proposal
    is_open = proposal.state == State.WAITING
    opened = is_high(view) and queries.has_opened(proposal, seat.user)
    withheld = is_high(view) and not opened
    evidence = None if withheld else proposal.evidence
    cards = [words.card(change_view, evidence, withheld=withheld) for change_view in view.changes]
    decisions = [change_view.decision for change_view in view.changes if change_view.decision]
    questions = queries.questions_of(proposal)
    met = [
        seat.user,
        *(review.reviewer for review in view.reviews),
        *(question.asked_by for question in questions),
    ]
    told = timeline(seat, view, withheld=withheld, known=known_names(proposal, met))
    return {
        "proposal": proposal,
        "proposer": proposer(proposal, told),
        "opened": opened,
        "withheld": withheld,
        "is_open": is_open,
        "tone": words.TONES[State(proposal.state)],
        "amount": words.amount_of(proposal),
        "impacts": impacts(proposal, view.changes, cards),
        "changes": related.draw(view, cards) if not withheld else cards,
        "edits": words.summarise_edits(cards),
        "about": " ".join(
            [str(proposal.pk), *(str(change_view.change.pk) for change_view in view.changes)]
        ),
        "evidence": exhibits(evidence, cited_by([(card.id, card.paragraphs) for card in cards])),
        "exhibits_count": len(proposal.evidence) if isinstance(proposal.evidence, list) else 0,
        "missing": missing(proposal, decisions),
        "guidelines": guidelines(decisions),
        "pressed": pressed(
            proposal, [change_view.change for change_view in view.changes], withheld=withheld
        ),
        "returned": words.returns(proposal) if is_open else [],
        "thread": exchanges(questions, proposal.currency),
        "blind": is_open and proposal.reviewers > 1 and queries.is_blind(view, seat.user),
        "reviews": view.reviews,
        "approvals_left": view.approvals_left if is_open else 0,
        "timeline": told,
        "undoes": view.undoes,
        "undos": [(undo, words.TONES[State(undo.state)]) for undo in view.undos],
        **related.context(view, withheld=withheld),
    }


def proposer(proposal: Proposal, told: list[Moment]) -> str:
    """Who proposed it, by the name people know; the actor's own where the log has none yet."""
    names = (moment.told.who for moment in told if moment.told.event.actor == proposal.submitted_by)
    return proposal.agent or next(names, proposal.submitted_by)


def is_high(view: ProposalView) -> bool:
    """Whether the facts have to be looked at before the proposer's word: high risk that waits."""
    proposal = view.proposal
    return proposal.risk == Risk.HIGH and proposal.state == State.WAITING


def known_names(proposal: Proposal, people: Iterable[User]) -> dict[str, str]:
    """Names by actor that need no look-up: of the agent that proposed it, and of these people."""
    names = {person.actor: str(person) for person in people}
    if proposal.agent and proposal.submitted_by.startswith("agent:"):
        names[proposal.submitted_by] = proposal.agent
    return names


def timeline(
    seat: Seat, view: ProposalView, *, withheld: bool, known: Mapping[str, str]
) -> list[Moment]:
    """What the log tells of the proposal, its changes and their executions, in order.

    Without what others have voted before this person has, and without the proposer's arguments
    while they are withheld. `known` are names by actor.
    """
    events = audit.history_of(
        {
            "proposal": [view.proposal.pk],
            "change": [change_view.change.pk for change_view in view.changes],
            "execution": [
                change_view.execution.pk for change_view in view.changes if change_view.execution
            ],
        },
        without=COMINGS_AND_GOINGS,
    )
    blind = queries.is_blind(view, seat.user)
    kept = [
        event
        for event in events
        if not (blind and tells_a_vote(event, view)) and not (withheld and event.kind in ARGUMENTS)
    ]
    return moments(tell_all(seat.workspace.pk, kept, known))


def tells_a_vote(event: Recorded, view: ProposalView) -> bool:
    """Whether the event tells how somebody judged what others have still to judge."""
    fields = event.fields or {}
    if event.kind == Kind.REVIEW_RECORDED:
        return fields.get("binding") == view.proposal.binding
    return event.kind == Kind.PROPOSAL_EDITED and view.proposal.reviewers > 1
