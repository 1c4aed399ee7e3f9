"""What a person can do with the proposal they look at: the bar with its buttons and forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from apps.console.access import Seat
from apps.console.forms import REASONS, edit_groups
from apps.console.presenters.undoing import case, hold, undoing
from apps.proposals import queries
from apps.proposals.models import Proposal, State
from apps.proposals.queries import ProposalView


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """Why a decision was not taken.

    `form` (approve, edit, reject, resolve, undo) stays open with what was typed; `errors` say which
    field has which problem.
    """

    message: str
    form: str
    posted: QueryDict
    errors: Sequence[Mapping[str, Any]] = field(default_factory=list)


def context(
    seat: Seat, view: ProposalView, waiting: Sequence[Proposal], *, mishap: Mishap | None
) -> dict[str, Any]:
    """The context of `_components/decide.html`."""
    proposal = view.proposal
    mine = [r for r in view.reviews if r.reviewer_id == seat.user.pk]
    voted = any(review.binding == proposal.binding for review in mine)
    is_open = proposal.state == State.WAITING
    is_unproven = proposal.state == State.NEEDS_PERSON
    return {
        "can_decide": is_open and not voted,
        "voted": is_open and voted,
        "is_unproven": is_unproven,
        "case": case(view) if is_unproven else None,
        "forbidden": why_not(seat, view) if is_unproven or (is_open and not voted) else None,
        "hold": hold(view, timezone.now()) if may_take_back(seat, view) else None,
        **forms(view, mishap),
        "next": next_waiting(proposal, waiting),
        "left": len([one for one in waiting if one.pk != proposal.pk]),
    }


def forms(view: ProposalView, mishap: Mishap | None) -> dict[str, Any]:
    """The forms of the panel, with what was typed before a mishap."""
    posted = {mishap.form: mishap.posted} if mishap else {}
    return {
        "undoing": undoing(view, posted.get("undo")),
        "groups": edit_groups(view.changes, posted.get("edit"), mishap.errors if mishap else ()),
        "reasons": REASONS,
        "mishap": mishap,
        "chips": mishap.posted.getlist("chip") if mishap else [],
        "typed": mishap.posted.get("reason", "") if mishap else "",
    }


def may_take_back(seat: Seat, view: ProposalView) -> bool:
    """Whether this person may take the approval back; the server asks again when they do."""
    if view.proposal.state != State.APPROVED:
        return False
    approved = any(
        review.reviewer_id == seat.user.pk
        and review.verdict == "approve"
        and review.binding == view.proposal.binding
        for review in view.reviews
    )
    return not queries.why_not_take_back(seat.user, view.proposal, view.at_stake, approved=approved)


def why_not(seat: Seat, view: ProposalView) -> str | None:
    """Why this person may not decide; the server asks the same again when they do."""
    return queries.why_not(seat.user, view.proposal, view.at_stake)


def next_waiting(proposal: Proposal, waiting: Sequence[Proposal]) -> Proposal | None:
    """The one after this in the order of the inbox, else the first; None when nothing waits."""
    others = [one for one in waiting if one.pk != proposal.pk]
    behind = [one for one in others if queries.place(one) > queries.place(proposal)]
    return next(iter([*behind, *others]), None)
