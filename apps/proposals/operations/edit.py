"""Editing a proposal that waits: new parameters of the same change, decided on anew."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from apps.accounts.models import User
from apps.audit.events.proposals import ProposalEdited
from apps.audit.operations import record_all
from apps.gateway import catalogue
from apps.gateway import queries as gateway
from apps.gateway.errors import Refused
from apps.proposals.changes import diff
from apps.proposals.impact import price_moves
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.judge import judge, proposal_fact, update
from apps.proposals.operations.misfits import misfits
from apps.proposals.operations.submit import InvalidDraft
from apps.proposals.text.titles import renewed


class DeniedByPolicy(Exception):
    """The policy denies the change as edited. Nothing was changed."""


def edit(
    proposal: Proposal,
    changes: Sequence[Change],
    edits: Mapping[UUID, Mapping[str, Any]],
    *,
    user: User,
    now: datetime,
) -> list[dict[str, Any]]:
    """Replace parameters, have the policy decide anew, and return the field differences.

    The title then names the new values; the log has the one it had.
    """
    edited: list[dict[str, Any]] = []
    if not edits:
        return edited
    check_edited(edits, changes)
    was = {change.pk: change.after for change in changes}
    for change in changes:
        params = checked_edit(change, edits.get(change.pk, {}))
        edited += [
            {"change": str(change.pk), "field": d.path, "before": d.before, "after": d.after}
            for d in diff(change.params, params)
        ]
        put(change, params)
    if not edited:
        return []
    proposal.title = renewed(proposal.title, edited, price_moves(changes, was))
    proposal.revision += 1
    needed = proposal.reviewers
    judge([proposal], changes, now=now, asking=[proposal.pk])
    if proposal.state == State.DENIED:
        rules = [c.decision.reason for c in changes if c.decision and c.decision.outcome == "deny"]
        raise DeniedByPolicy(f"The policy denies this edit: {' '.join(rules)}")
    proposal.state, proposal.reviewers = State.WAITING, max(proposal.reviewers, needed)
    update([proposal], changes)
    event = ProposalEdited(revision=proposal.revision, title=proposal.title, edited=edited)
    record_all([proposal_fact(event, proposal, by=user.actor)], now=now)
    return edited


def check_edited(edits: Mapping[UUID, Mapping[str, Any]], changes: Sequence[Change]) -> None:
    """Refuse edits of anything but these changes. Raises `InvalidDraft`."""
    if strange := set(edits) - {change.pk for change in changes}:
        problems = [{"field": str(pk), "problem": "is not an open change"} for pk in strange]
        raise InvalidDraft("What is carried out already, or elsewhere, cannot be edited.", problems)


def checked_edit(change: Change, edits: Mapping[str, Any]) -> dict[str, Any]:
    """The change's parameters with the edits, if they fit and aim at the same target."""
    try:
        params = catalogue.normalise(change.action, {**change.params, **edits})
    except ValidationError as error:
        problems = misfits(error, change=str(change.pk))
        raise InvalidDraft("The edited values do not fit the action.", problems) from error
    if catalogue.spec(change.action).target(params) != change.target:
        raise InvalidDraft(
            "An edit may not aim at another target; reject this and propose the other.",
            [{"field": "target", "problem": "differs from the proposed one"}],
        )
    return params


def put(change: Change, params: dict[str, Any]) -> None:
    """Give a change these parameters, and foresee what they lead to; not saved yet.

    Raises `InvalidDraft` where its target, as it was seen, has nothing of the kind, or the back end
    would refuse it.
    """
    try:
        after = gateway.foresee(change.connector, change.action, params, change.before)
    except Refused as error:
        field = error.field or catalogue.spec(change.action).name
        problem = {"change": str(change.pk), "field": field, "problem": str(error)}
        raise InvalidDraft(f"The edited values do not fit the shop. {error}", [problem]) from error
    change.params, change.after = params, after
