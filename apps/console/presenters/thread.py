"""Questions to the proposer and its answers, each with what the answer changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.console.presenters.proposals import Difference, difference
from apps.proposals.changes import FieldDiff
from apps.proposals.models import Question


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A question with its answer, if there is one, and what that changed in the proposal."""

    question: Question
    changed: list[Difference]

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return self.question.answered_at is None


def exchanges(questions: Sequence[Question], currency: str) -> list[Exchange]:
    """The thread, in the order of asking."""
    return [
        Exchange(question=question, changed=changed_by(question, currency))
        for question in questions
    ]


def changed_by(question: Question, currency: str) -> list[Difference]:
    """What the answer changed, field by field."""
    recorded = question.changed if isinstance(question.changed, list) else []
    return [
        difference(
            FieldDiff(
                path=str(raw.get("field", "")), before=raw.get("before"), after=raw.get("after")
            ),
            currency,
        )
        for raw in recorded
        if isinstance(raw, Mapping)
    ]
