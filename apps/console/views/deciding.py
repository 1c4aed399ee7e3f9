"""What a person can do with the proposal they look at: the bar with its buttons and forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from apps.console.access import Seat
from apps.console.forms import (
    LASTS,
    REASONS,
    changed_fields,
    changed_lists,
    edit_groups,
    read_reason,
)
from apps.console.presenters.undoing import TEXT, case, hold, undoing
from apps.console.presenters.values import Row, label, listed
from apps.console.views.queue import Place, holder_of
from apps.proposals import queries
from apps.proposals.models import Risk, State
from apps.proposals.queries import ProposalView


@dataclass(frozen=True, kw_only=True)
class FormError:
    """Why a decision was not taken.

    `form` (approve, edit, reject, ask, snooze, resolve, undo) stays open with what was typed;
    `errors` say which field has which problem; at `confirm` the person shows that it is they.
    """

    message: str
    form: str
    posted: QueryDict
    errors: Sequence[Mapping[str, Any]] = field(default_factory=list)
    confirm: str = ""


def context(
    seat: Seat, view: ProposalView, place: Place, *, opened: bool, form_error: FormError | None
) -> dict[str, Any]:
    """The context of `console/inbox/decide.html` and `console/inbox/panel/claim.html`.

    `opened`: the person has opened the facts of what is of high risk.
    """
    proposal, now = view.proposal, timezone.now()
    mine = [r for r in view.reviews if r.reviewer_id == seat.user.pk]
    voted = any(review.binding == proposal.binding for review in mine)
    is_open = proposal.state == State.WAITING
    is_unproven = proposal.state == State.NEEDS_PERSON
    can_decide = is_open and not voted
    forbidden = why_not(seat, view) if is_unproven or can_decide else None
    return {
        "place": place,
        "address": place.address(proposal.pk),
        "next": place.next,
        "left": place.left,
        "can_decide": can_decide,
        "voted": is_open and voted,
        "is_unproven": is_unproven,
        "case": case(view) if is_unproven else None,
        "forbidden": forbidden,
        "hold": hold(view, now) if may_take_back(seat, view) else None,
        "is_snoozed": proposal.snoozed_until is not None and proposal.snoozed_until > now,
        **claim(seat, view, can_claim=(can_decide or is_unproven) and not forbidden, now=now),
        **gate(view, can_decide=can_decide and not forbidden, opened=opened),
        **forms(view, form_error),
        "unsent": unsent(view, form_error, can_decide=can_decide, can_tell=is_unproven),
    }


def claim(seat: Seat, view: ProposalView, *, can_claim: bool, now: datetime) -> dict[str, Any]:
    """Who decides it now: `claim` is other, mine, free, or empty where there is nothing to hold."""
    holder = holder_of(view.proposal, now=now)
    if holder and holder.pk != seat.user.pk:
        state = "other"
    elif not can_claim:
        state = ""
    else:
        state = "mine" if holder else "free"
    return {"claim": state, "holder": holder if state == "other" else None, "can_claim": can_claim}


def gate(view: ProposalView, *, can_decide: bool, opened: bool) -> dict[str, Any]:
    """Whether high risk has still to be looked at; the server asks again when it is approved."""
    closed = can_decide and view.proposal.risk == Risk.HIGH and not opened
    return {"is_gated": closed, "can_type": closed and view.proposal.amount is not None}


def forms(view: ProposalView, form_error: FormError | None) -> dict[str, Any]:
    """The forms of the panel, with what was typed before a form_error."""
    posted = {form_error.form: form_error.posted} if form_error else {}
    return {
        "undoing": undoing(view, posted.get("undo")),
        "groups": edit_groups(
            view.changes, posted.get("edit"), form_error.errors if form_error else ()
        ),
        "reasons": REASONS,
        "lasts": LASTS,
        "form_error": form_error,
        "chips": form_error.posted.getlist("chip") if form_error else [],
        "typed": form_error.posted.get("reason", "") if form_error else "",
        "posted": form_error.posted if form_error else {},
    }


def unsent(
    view: ProposalView, form_error: FormError | None, *, can_decide: bool, can_tell: bool
) -> list[Row]:
    """What was typed into a form that is no longer there: it can be read and copied at least."""
    if form_error is None:
        return []
    posted, form = form_error.posted, form_error.form
    there = {"undo": undoing(view) is not None, "resolve": can_tell}
    if there.get(form, can_decide):
        return []
    edited = changed_fields(view.changes, posted) if form == "edit" else ()
    lists = changed_lists(view.changes, posted) if form == "edit" else ()
    return [
        *(Row("Reason", words) for words in [read_reason(posted)] if words),
        *(Row(label(field.name), field.typed) for field in edited),
        *(Row(label(name), listed(items)) for name, items in lists),
        *(Row("Text", str(posted[name])) for name in posted if name.startswith(TEXT)),
    ]


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
    return not queries.why_not_take_back(
        seat.user, view.proposal, view.undecided, approved=approved
    )


def why_not(seat: Seat, view: ProposalView) -> str | None:
    """Why this person may not decide; the server asks the same again when they do."""
    return queries.why_not(seat.user, view.proposal, view.undecided)
