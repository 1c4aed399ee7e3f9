"""Events of what is proposed and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.audit.event import Event
from apps.audit.kinds import Kind

FieldChange = dict[str, Any]  # field, before, after; in an edit also change


@dataclass(frozen=True, kw_only=True)
class ProposalSubmitted(Event):
    """`state` is where the policy put it; `changes` are their ids, `confidence` is from 0 to 1."""

    kind = Kind.PROPOSAL_SUBMITTED
    title: str
    state: str
    actions: Sequence[str]
    changes: Sequence[str]
    confidence: str


@dataclass(frozen=True, kw_only=True)
class OfRevision(Event):
    """What all later events of a proposal say: which revision it was."""

    revision: int


@dataclass(frozen=True, kw_only=True)
class Decided(OfRevision):
    """By a person, or by the policy, whose `rules` are named then."""

    title: str
    rules: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class ProposalApproved(Decided):
    """It may be carried out."""

    kind = Kind.PROPOSAL_APPROVED


@dataclass(frozen=True, kw_only=True)
class ProposalDenied(Decided):
    """It may not."""

    kind = Kind.PROPOSAL_DENIED


@dataclass(frozen=True, kw_only=True)
class ProposalRejected(OfRevision):
    """By a person, who says why."""

    kind = Kind.PROPOSAL_REJECTED
    title: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ProposalEdited(OfRevision):
    """By a person; `title` is the new one."""

    kind = Kind.PROPOSAL_EDITED
    title: str
    edited: Sequence[FieldChange]


@dataclass(frozen=True, kw_only=True)
class ProposalReturned(OfRevision):
    """It waits again, because these fields have changed."""

    kind = Kind.PROPOSAL_RETURNED
    title: str
    changed: Sequence[FieldChange]


@dataclass(frozen=True, kw_only=True)
class ProposalExpired(OfRevision):
    """Nobody decided it in time; nothing was done."""

    kind = Kind.PROPOSAL_EXPIRED
    title: str


@dataclass(frozen=True, kw_only=True)
class ProposalSettled(OfRevision):
    """It has come to the end `state`: proven by the gateway, or told by a person by `reason`.

    After an attempt to undo it: how that ended (`undo_state`), which proposal it was (`undo`), and
    `why` it did not succeed.
    """

    kind = Kind.PROPOSAL_SETTLED
    title: str
    state: str
    reason: str = ""
    undo: str = ""
    undo_state: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ProposalClaimed(OfRevision):
    """Somebody holds it `until` then (ISO 8601)."""

    kind = Kind.PROPOSAL_CLAIMED
    until: str


@dataclass(frozen=True, kw_only=True)
class ProposalReleased(OfRevision):
    """A claim ended: released, skipped, decided or lapsed. `holder` is whose it was."""

    kind = Kind.PROPOSAL_RELEASED
    reason: str
    holder: str


@dataclass(frozen=True, kw_only=True)
class ProposalSnoozed(OfRevision):
    """Put off `until` then (ISO 8601), or until the shop's record differs (`on_change`)."""

    kind = Kind.PROPOSAL_SNOOZED
    until: str
    on_change: bool


@dataclass(frozen=True, kw_only=True)
class ProposalWoken(OfRevision):
    """Back in the queue, by time, change or person; after a change with what has `changed`."""

    kind = Kind.PROPOSAL_WOKEN
    reason: str
    changed: Sequence[FieldChange] = field(default=())


@dataclass(frozen=True, kw_only=True)
class ProposalViewed(OfRevision):
    """Somebody opened a section of what `binding` names."""

    kind = Kind.PROPOSAL_VIEWED
    section: str
    binding: str


@dataclass(frozen=True, kw_only=True)
class ProposalAsked(OfRevision):
    """A reviewer's question with its id."""

    kind = Kind.PROPOSAL_ASKED
    question: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ProposalAnswered(OfRevision):
    """The proposer's answer, and what it changed."""

    kind = Kind.PROPOSAL_ANSWERED
    question: str
    text: str
    changed: Sequence[FieldChange]


@dataclass(frozen=True, kw_only=True)
class ProposalEscalated(OfRevision):
    """Others were told: nobody had decided it by then (ISO 8601)."""

    kind = Kind.PROPOSAL_ESCALATED
    title: str
    due_at: str


@dataclass(frozen=True, kw_only=True)
class ProposalReferred(OfRevision):
    """A case that only a person can end."""

    kind = Kind.PROPOSAL_REFERRED
    title: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DecisionRecorded(Event):
    """What the policy decides of a change: allow, review or deny, by which rule and policy version.

    `reviewers` is how many people it asks for.
    """

    kind = Kind.DECISION_RECORDED
    outcome: str
    rule: str
    reason: str
    policy: str
    reviewers: int


@dataclass(frozen=True, kw_only=True)
class ReviewRecorded(OfRevision):
    """A person's vote on exactly what `binding` names, `via` a page or the API.

    `alone`: by which policy a sole owner may; `key` and `key_allowed_by`: through which key, and
    by which policies that is allowed.
    """

    kind = Kind.REVIEW_RECORDED
    verdict: str
    reason: str
    binding: str
    via: str
    alone: str = ""
    key: str = ""
    key_allowed_by: str = ""
