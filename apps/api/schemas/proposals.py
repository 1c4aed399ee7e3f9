"""Proposals as integrators write and read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from apps.api.schemas.decisions import DecisionSummary
from apps.api.schemas.executions import ExecutionSummary
from apps.api.schemas.rows import AmountText, filled
from apps.gateway.amounts import Amount, Currency, InCurrency
from apps.proposals.models import Proposal, Question, Review
from apps.proposals.queries import ChangeView, ProposalView

ProposalState = Literal[
    "waiting", "approved", "done", "denied", "rejected", "failed", "needs_person", "expired",
    "undone",
]  # fmt: skip


class Input(Schema):
    """Base of what is read: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def words(most: int) -> StringConstraints:
    """Text that says something, up to `most` characters."""
    return StringConstraints(min_length=1, max_length=most, pattern=r"\S")


Place = Annotated[StrictInt, Field(ge=0)]
Sources = Annotated[
    list[Annotated[list[Place], Field(max_length=50)]],
    Field(
        max_length=500,
        description="For each paragraph of the text (`body`, `description`) the places in "
        "`evidence` it was made from, the first is 0; empty where nothing supports it.",
    ),
]


class ChangeDraft(Input):
    """One action to be proposed; without `sources` nothing is told of where its text is from."""

    action: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]
    params: dict[str, Any]
    sources: Sources | None = None


class Quoted(InCurrency, Input):
    """A price that somebody else asks, such as a competitor."""

    source: Annotated[str, words(200)]
    currency: Currency
    amount: Amount


class Evidence(Input):
    """Something the proposal rests on; a `price` is drawn beside ours."""

    kind: Annotated[str, words(64)]
    title: Annotated[str, words(300)]
    detail: Annotated[str, StringConstraints(max_length=10_000)] = ""
    price: Quoted | None = None


class ProposalDraft(Input):
    """A proposal to be; its changes are carried out in order."""

    title: Annotated[str, words(300)]
    rationale: Annotated[str, words(10_000)]
    changes: Annotated[list[ChangeDraft], Field(min_length=1, max_length=20)]
    evidence: Annotated[list[Evidence], Field(max_length=50)] = []
    case: dict[str, Any] = {}
    subject: Annotated[str, StringConstraints(max_length=200)] = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0


class Verdict(Input):
    """A person's verdict on exactly what `binding` names; `edits` map a change id to fields."""

    verdict: Literal["approve", "reject"]
    binding: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""
    edits: Annotated[dict[UUID, dict[str, Any]], Field(max_length=20)] = {}
    typed_amount: Annotated[
        str,
        StringConstraints(max_length=40),
        Field(description="High risk: the amount at stake, instead of having opened the facts."),
    ] = ""


class Resolution(Input):
    """What a look at the outside system has shown, where the effect could not be proven."""

    happened: Annotated[
        StrictBool,
        Field(
            description="true: the proposal ends `done`; false: it ends `failed`, or `undone` if "
            "an undo of it did not go through."
        ),
    ]
    reason: Annotated[str, words(2_000), Field(description="What was seen, and where.")]


class UndoRequest(Input):
    """Why what was done is to be undone; `texts` map a message's change id to its correction."""

    reason: Annotated[str, words(2_000)]
    texts: Annotated[
        dict[UUID, Annotated[str, StringConstraints(max_length=10_000)]], Field(max_length=20)
    ] = {}


class ProposalSummary(Schema):
    """A proposal in a list; nobody but `claimed_by` decides it until `claimed_until`."""

    id: UUID
    title: str
    state: ProposalState
    risk: Literal["high", "medium", "low"]
    amount: AmountText | None
    currency: str
    subject: str
    confidence: float
    agent: str
    playbook: str
    run_id: UUID | None
    submitted_by: str
    on_behalf_of: str
    revision: int
    reviewers: int
    created_at: datetime
    due_at: datetime | None
    expires_at: datetime
    settled_at: datetime | None
    claimed_by: str | None
    claimed_until: datetime | None
    snoozed_until: datetime | None

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """From the row with who holds it."""
        return cls.model_validate(filled(cls, proposal, named_of(proposal)))


def named_of(proposal: Proposal) -> dict[str, Any]:
    """What a summary tells in other words than the row."""
    return {"claimed_by": holder(proposal), "amount": proposal.amount_text}


def holder(proposal: Proposal) -> str | None:
    """The name of who holds the proposal, or held it last."""
    return str(proposal.claimed_by) if proposal.claimed_by else None


class FieldChange(Schema):
    """One field before and after."""

    path: str
    before: Any
    after: Any


class ChangeDetail(Schema):
    """A change with what was decided about it and what became of it.

    `target`, `connector`, `before` and `after` are answers: a draft has only action, params and
    `sources`, which has a list of places in the evidence for each paragraph of its text.
    """

    id: UUID
    position: int
    action: str
    reversibility: Literal["reversible", "compensable", "final"]
    compensates: UUID | None
    title: str
    target: str
    connector: str
    params: dict[str, Any]
    proposed: dict[str, Any]
    sources: list[list[int]]
    before: dict[str, Any]
    after: dict[str, Any]
    fields: list[FieldChange]
    edited: list[FieldChange]
    decision: DecisionSummary | None
    execution: ExecutionSummary | None

    @classmethod
    def of(cls, view: ChangeView) -> Self:
        """From the domain's view of a change."""
        names = {
            "title": view.spec.title,
            "reversibility": view.spec.reversibility.value,
            "compensates": view.change.compensates_id,
            "connector": view.change.connector.name,
            "fields": view.fields,
            "edited": view.edited,
            "decision": DecisionSummary.of(view.decision) if view.decision else None,
            "execution": ExecutionSummary.of(view.execution) if view.execution else None,
        }
        return cls.model_validate(filled(cls, view.change, names))


class ReviewDetail(Schema):
    """A person's recorded verdict.

    `alone` names the policies that let a sole owner approve an undo of their own, `key` the key it
    came with, and `key_allowed_by` the policies that let a key approve high risk; mostly empty.
    """

    id: UUID
    reviewer_id: UUID
    reviewer: str
    verdict: Literal["approve", "reject"]
    reason: str
    edited: list[dict[str, Any]]
    binding: str
    via: str
    alone: str
    key: str
    key_allowed_by: str
    at: datetime

    @classmethod
    def of(cls, review: Review) -> Self:
        """From the row with its reviewer."""
        return cls.model_validate(filled(cls, review, {"reviewer": str(review.reviewer)}))


class QuestionDetail(Schema):
    """A reviewer's question and its answer; `answered_at` is null as long as it is open."""

    id: UUID
    asked_by: str
    text: str
    asked_at: datetime
    answered_by: str
    answer: str
    changed: list[dict[str, Any]]
    answered_at: datetime | None

    @classmethod
    def of(cls, question: Question) -> Self:
        """From the row with who asked."""
        return cls.model_validate(filled(cls, question, {"asked_by": str(question.asked_by)}))


class ProposalDetail(ProposalSummary):
    """A proposal in full; `binding` is what a verdict has to name.

    `undoes` is the proposal this one is to undo, `undos` are the attempts to undo this one. Others'
    votes on this binding are in `reviews`, and counted in `approvals_left`, once you have voted.
    """

    rationale: str
    evidence: list[dict[str, Any]]
    case: dict[str, Any]
    returned: list[dict[str, Any]]
    binding: str
    approvals_left: int
    undoes: UUID | None
    undos: list[UUID]
    changes: list[ChangeDetail]
    reviews: list[ReviewDetail]
    questions: list[QuestionDetail]

    @classmethod
    def in_full(cls, view: ProposalView, questions: Sequence[Question]) -> Self:
        """From the domain's view of a proposal, and what was asked about it."""
        names = {
            **named_of(view.proposal),
            "questions": [QuestionDetail.of(question) for question in questions],
            "approvals_left": view.approvals_left,
            "undoes": view.undoes.pk if view.undoes else None,
            "undos": [undo.pk for undo in view.undos],
            "changes": [ChangeDetail.of(change) for change in view.changes],
            "reviews": [ReviewDetail.of(review) for review in view.reviews],
        }
        return cls.model_validate(filled(cls, view.proposal, names))
