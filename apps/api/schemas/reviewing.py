"""What reviewers do beside voting, as integrators write and read it."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field, StrictBool, StringConstraints

from apps.api.schemas.proposals import FieldChange, Input, Sources, words
from apps.api.schemas.rows import filled
from apps.proposals.queries import ProposalView

Binding = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Kept(Schema):
    """Whether the key's person still holds it; if not, claim it anew."""

    kept: bool


class Released(Schema):
    """Whether the key's person held it, and now does not."""

    released: bool


class Snooze(Input):
    """Hidden until a time (without one, its deadline); `on_change`: or until the shop changes."""

    until: AwareDatetime | None = None
    on_change: StrictBool = False


class Wording(Input):
    """A question to the proposer."""

    text: Annotated[str, words(2_000)]


class Answer(Input):
    """The answer; `changes` map a change id to the parameters that are new, `sources` to those of
    its new text."""

    question_id: UUID
    text: Annotated[str, words(10_000)]
    changes: Annotated[dict[UUID, dict[str, Any]], Field(max_length=20)] = {}
    sources: Annotated[dict[UUID, Sources], Field(max_length=20)] = {}


class Opening(Input):
    """Which state of the proposal is looked at."""

    binding: Binding


class OpenedChange(Schema):
    """One change of an opened section: what is there, and what would be."""

    id: UUID
    action: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    fields: list[FieldChange]


class Section(Schema):
    """What a section shows; that it was opened is recorded."""

    section: str
    binding: str
    evidence: list[dict[str, Any]]
    changes: list[OpenedChange]

    @classmethod
    def of(cls, view: ProposalView, section: str) -> Self:
        """From the domain's view of the proposal."""
        changes = [
            OpenedChange.model_validate(
                filled(OpenedChange, change_view.change, {"fields": change_view.fields})
            )
            for change_view in view.changes
        ]
        return cls(
            section=section,
            binding=view.proposal.binding,
            evidence=view.proposal.evidence,
            changes=changes,
        )


class Together(Input):
    """Similar proposals of low risk to approve, each with the binding that was seen."""

    bindings: Annotated[dict[UUID, Binding], Field(min_length=1, max_length=50)]


class Approved(Schema):
    """What became of one of them."""

    proposal_id: UUID
    approved: bool
    problem: str


class ApprovedTogether(Schema):
    """What became of each; one that was refused keeps no other from being approved."""

    results: list[Approved]


SectionName = Literal["facts", "evidence", "changes", "history", "recommendation"]
