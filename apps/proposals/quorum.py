"""How votes become a verdict. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Verdict(StrEnum):
    """What one reviewer says."""

    APPROVE = "approve"
    REJECT = "reject"


class Standing(StrEnum):
    """Where a proposal stands after the votes so far."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Vote:
    """One reviewer's verdict on the binding they saw."""

    reviewer: UUID
    verdict: Verdict
    binding: str


def count(votes: Sequence[Vote], *, binding: str, needed: int) -> Standing:
    """One reject rejects; `needed` different people approving the same binding approve.

    Votes on an earlier binding do not count.
    """
    current = [vote for vote in votes if vote.binding == binding]
    if any(vote.verdict == Verdict.REJECT for vote in current):
        return Standing.REJECTED
    approving = {vote.reviewer for vote in current if vote.verdict == Verdict.APPROVE}
    return Standing.APPROVED if len(approving) >= max(needed, 1) else Standing.PENDING
