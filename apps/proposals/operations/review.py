"""People judging proposals: approve (perhaps edited) or reject. Server rules, whatever the page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Rights
from apps.audit import failpoints
from apps.audit.events.proposals import (
    ProposalApproved,
    ProposalRejected,
    ProposalSettled,
    ReviewRecorded,
)
from apps.audit.operations import Fact, record_all
from apps.policies import operations as policies
from apps.policies import queries as versions
from apps.proposals import by_key, sole
from apps.proposals.models import Change, Proposal, Review, Risk, State
from apps.proposals.operations import statements
from apps.proposals.operations.claim import CLAIM_FIELDS
from apps.proposals.operations.compensation_outcome import as_seen, follow
from apps.proposals.operations.counted import balance
from apps.proposals.operations.edit import edit
from apps.proposals.operations.judge import bind, proposal_fact, schedule
from apps.proposals.operations.lessons import keep_lessons, learn
from apps.proposals.operations.preconditions import (
    AlreadyDecided,
    NotAuthorised,
    SignInNeeded,
    StaleApproval,
    check_free,
    free,
    reviewer_rights,
)
from apps.proposals.operations.refer import as_told, is_referral
from apps.proposals.operations.restore import (
    POLICY_CHANGED,
    end_without_effect,
    give_back,
    open_changes,
)
from apps.proposals.operations.snooze import SNOOZE_FIELDS
from apps.proposals.operations.submit import InvalidDraft
from apps.proposals.operations.viewing import check_looked
from apps.proposals.queries import caused, may_vote, why_not
from apps.proposals.quorum import Standing, Verdict, Vote, count

BY_HAND = "console"


def approve(
    *,
    proposal_id: UUID,
    user: User,
    binding: str,
    now: datetime,
    reason: str = "",
    edits: Mapping[UUID, Mapping[str, Any]] | None = None,
    via: str = "console",
    key: str = "",
    typed_amount: str = "",
) -> Proposal:
    """Approve exactly what `binding` names; `edits` (change id -> parameters) come first.

    High risk takes a look at its facts as `binding` names them, or the amount as it will be,
    typed; and the person, not the API key they use (`key`, its prefix), unless policy lets keys.
    Raises `AlreadyDecided`, `Claimed`, `StaleApproval`, `NotAuthorised`, `SignInNeeded`,
    `NotLooked`, `DeniedByPolicy`, `InvalidDraft`.
    """
    with transaction.atomic():
        proposal, changes, held = lock(proposal_id, user=user, binding=binding, now=now)
        policies.hold(proposal.workspace_id)
        basis = versions.basis(proposal.workspace_id)
        outdated = policy_has_changed(changes, basis)
        if outdated:
            give_back(proposal, changes, [POLICY_CHANGED], now=now)
        else:
            title = proposal.title
            edited = edit(proposal, changes, edits or {}, user=user, now=now)
            check_authority(user, proposal, changes, held=held)
            alone = deciding_alone(user, proposal, changes, held=held, via=via)
            allowed_by = letting_a_key(proposal, changes, via=via)
            check_looked(proposal, user, seen=binding, typed_amount=typed_amount)
            standing, facts = vote(
                proposal, user, Verdict.APPROVE, reason=reason, edited=edited, via=via, key=key,
                key_allowed_by=allowed_by, alone=alone, now=now,
            )  # fmt: skip
            if standing == Standing.APPROVED:
                counted = [change for change in changes if basis.counts(change.action)]
                pass_on(proposal, changes, facts, counted=counted, by=user.actor, now=now)
                if edited or proposal.reviewers > 1:
                    keep_lessons(proposal, changes, title=title, now=now)
            else:
                proposal.save(update_fields=CLAIM_FIELDS)
                record_all(facts, now=now)
    if outdated:
        raise StaleApproval("The policy has changed since you saw this. Look at it again.")
    failpoints.reach("after_approval")
    return proposal


def pass_on(
    proposal: Proposal,
    changes: Sequence[Change],
    facts: Sequence[Fact],
    *,
    counted: Sequence[Change],
    by: str,
    now: datetime,
) -> None:
    """Mark the proposal approved, queue its first open change, and record it all with `facts`.

    `counted` are those a rule with a window is about; they count from here on.
    """
    proposal.state = State.APPROVED
    statements.move(proposal)
    if counted:
        policies.reserve([change.pk for change in counted], now=now)
    approved = ProposalApproved(revision=proposal.revision, title=proposal.title)
    told = proposal_fact(approved, proposal, by=by)
    schedule(changes[:1], by=by, now=now, because=[*facts, told])
    failpoints.reach("before_approval")


@transaction.atomic
def reject(
    *,
    proposal_id: UUID,
    user: User,
    binding: str,
    reason: str,
    now: datetime,
    via: str = "console",
    key: str = "",
) -> Proposal:
    """Reject with a reason, which becomes a correction the agent recalls at similar cases.

    Raises `AlreadyDecided`, `Claimed`, `StaleApproval`, `NotAuthorised`, `InvalidDraft` without a
    reason.
    """
    if not reason.strip():
        raise InvalidDraft(
            "A rejection needs a reason.", [{"field": "reason", "problem": "Say why."}]
        )
    proposal, changes, _ = lock(proposal_id, user=user, binding=binding, now=now)
    _, facts = vote(
        proposal, user, Verdict.REJECT, reason=reason, edited=[], via=via, key=key, now=now
    )
    proposal.state = end_without_effect(proposal, State.REJECTED)
    proposal.settled_at = now
    proposal.snoozed_by = proposal.snoozed_until = None  # half done, a person has to look at once
    proposal.wakes_on_change = False
    proposal.save(update_fields=["state", "settled_at", *CLAIM_FIELDS, *SNOOZE_FIELDS])
    close(changes)
    rejected = ProposalRejected(revision=proposal.revision, title=proposal.title, reason=reason)
    record_all([*facts, proposal_fact(rejected, proposal, by=user.actor)], now=now)
    follow([proposal], now=now)
    balance(proposal.changes.all(), now=now)
    learn(
        proposal,
        changes,
        user,
        Verdict.REJECT,
        reason=reason,
        edited=[],
        now=now,
        title=proposal.title,
    )
    return proposal


@transaction.atomic
def resolve(
    *, proposal_id: UUID, user: User, happened: bool, reason: str, now: datetime
) -> Proposal:
    """Say what a look at the outside system has shown where AIOS could not prove it.

    It ends done, else failed, or undone where an undo had been tried; a case that was only
    referred ends done, else rejected. Frees the targets for new proposals. Raises
    `AlreadyDecided`, `Claimed`, `NotAuthorised`, `InvalidDraft` without a reason.
    """
    proposal = statements.locked(proposal_id)
    held = reviewer_rights(user, proposal)
    if proposal.state != State.NEEDS_PERSON:
        raise AlreadyDecided(f"Nothing is unproven here: {proposal.get_state_display()}.")
    check_free(proposal, user=user, now=now)
    if not reason.strip():
        raise InvalidDraft("Say what you saw.", [{"field": "reason", "problem": "is empty"}])
    undecided = open_changes(proposal) or list(proposal.changes.all())
    check_authority(user, proposal, undecided, held=held)
    if is_referral(undecided):
        proposal.state = as_told(happened=happened)
    else:
        proposal.state = as_seen(proposal, happened=happened, by=user.actor, now=now)
    proposal.settled_at = now
    facts = free(proposal, now=now, reason="decided", user=user)
    proposal.save(update_fields=["state", "settled_at", *CLAIM_FIELDS])
    proposal.changes.update(is_open=False)
    settled = ProposalSettled(
        revision=proposal.revision, title=proposal.title, state=proposal.state, reason=reason
    )
    record_all([*facts, proposal_fact(settled, proposal, by=user.actor)], now=now)
    follow([proposal], now=now)
    balance(proposal.changes.all(), now=now)
    return proposal


def lock(
    proposal_id: UUID, *, user: User, binding: str, now: datetime
) -> tuple[Proposal, list[Change], Rights]:
    """The proposal, locked, its open changes, and the rights of a person who may review it."""
    proposal = statements.locked(proposal_id)
    held = reviewer_rights(user, proposal)
    if proposal.state != State.WAITING:
        raise AlreadyDecided(f"This proposal is no longer open: {proposal.get_state_display()}.")
    if proposal.expires_at <= now:
        raise AlreadyDecided("This proposal has expired; the action is not done.")
    if proposal.binding != binding:
        raise StaleApproval(StaleApproval.__doc__)
    check_free(proposal, user=user, now=now)
    return proposal, open_changes(proposal), held


def check_authority(
    user: User, proposal: Proposal, changes: Sequence[Change], *, held: Rights | None = None
) -> None:
    """Refuse a self-approval, and money above the person's authority all changes together."""
    if objection := why_not(user, proposal, changes, held=held):
        raise NotAuthorised(objection)


def deciding_alone(
    user: User, proposal: Proposal, changes: Sequence[Change], *, held: Rights, via: str
) -> str:
    """The policies that let a sole owner approve the undo they asked for; empty for all else.

    Only on its page: neither a key nor a batch decides what its person caused. Raises
    `NotAuthorised`.
    """
    if not caused(user, proposal):
        return ""
    if via != BY_HAND:
        raise NotAuthorised("You caused this proposal. Open it and decide it there.")
    return sole.allowed_by(user, proposal, changes, held)


def letting_a_key(proposal: Proposal, changes: Sequence[Change], *, via: str) -> str:
    """The policies that let it be approved from elsewhere than its page; empty where none has to.

    Raises `SignInNeeded`.
    """
    if via == BY_HAND or proposal.risk != Risk.HIGH:
        return ""
    if allowed := by_key.allowed_by(changes):
        return allowed
    raise SignInNeeded(SignInNeeded.__doc__)


def vote(
    proposal: Proposal,
    user: User,
    verdict: Verdict,
    *,
    reason: str,
    edited: list[dict[str, Any]],
    via: str,
    now: datetime,
    alone: str = "",
    key: str = "",
    key_allowed_by: str = "",
) -> tuple[Standing, list[Fact]]:
    """Save the person's verdict on the current binding, once each; it frees their claim.

    Returns where the votes now leave the proposal, and the events that tell of this one. The
    freed claim is not saved yet.
    """
    review = Review(
        workspace_id=proposal.workspace_id,
        proposal=proposal,
        reviewer=user,
        verdict=verdict,
        binding=proposal.binding,
        reason=reason,
        edited=edited,
        via=via,
        alone=alone,
        key=key,
        key_allowed_by=key_allowed_by,
        at=now,
    )
    if not statements.cast(review):
        raise AlreadyDecided("You have already decided this; it waits for somebody else.")
    reviewed = ReviewRecorded(
        revision=proposal.revision,
        verdict=verdict.value,
        reason=reason,
        binding=proposal.binding,
        via=via,
        alone=alone,
        key=key,
        key_allowed_by=key_allowed_by,
    )
    votes = votes_on(proposal) if proposal.reviewers > 1 else [vote_of(review)]
    standing = count(votes, binding=proposal.binding, needed=proposal.reviewers)
    # not "decided" where others are still to vote without knowing that this one has
    reason = "released" if standing == Standing.PENDING else "decided"
    told = proposal_fact(reviewed, proposal, by=user.actor)
    return standing, [told, *free(proposal, now=now, reason=reason, user=user)]


def votes_on(proposal: Proposal) -> list[Vote]:
    """The votes of all who may still vote, on this; who has lost the authority since may not."""
    rows = proposal.reviews.filter(may_vote(), binding=proposal.binding)
    undecided = open_changes(proposal)
    return [
        vote_of(review)
        for review in rows.select_related("reviewer")
        if review.alone or why_not(review.reviewer, proposal, undecided) is None
    ]


def vote_of(review: Review) -> Vote:
    """A review as it counts."""
    return Vote(review.reviewer_id, Verdict(review.verdict), review.binding)


def close(changes: Sequence[Change]) -> None:
    """Free the targets of changes that will not be carried out."""
    Change.objects.filter(pk__in=[change.pk for change in changes]).update(is_open=False)


def policy_has_changed(changes: Sequence[Change], basis: versions.Basis) -> bool:
    """Whether other policy versions decide now than decided these changes."""
    return any(change.binding != bind(change, basis(change.action)) for change in changes)
