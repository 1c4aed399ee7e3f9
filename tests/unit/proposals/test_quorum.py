"""Votes count only for the binding they were given on."""

from uuid import uuid4

import pytest

from apps.proposals.quorum import Standing, Verdict, Vote, count

ANN, BOB = uuid4(), uuid4()


def approve(who, binding="b"):
    return Vote(who, Verdict.APPROVE, binding)


@pytest.mark.parametrize(
    ("votes", "needed", "expected"),
    [
        ([], 1, Standing.PENDING),
        ([], 0, Standing.PENDING),
        ([approve(ANN)], 1, Standing.APPROVED),
        ([approve(ANN)], 2, Standing.PENDING),
        ([approve(ANN), approve(ANN)], 2, Standing.PENDING),  # the same person twice
        ([approve(ANN), approve(BOB)], 2, Standing.APPROVED),
        ([approve(ANN, "old"), approve(BOB)], 2, Standing.PENDING),  # before the edit
        ([approve(ANN), Vote(BOB, Verdict.REJECT, "b")], 1, Standing.REJECTED),
        ([approve(ANN), Vote(BOB, Verdict.REJECT, "old")], 1, Standing.APPROVED),
    ],
)
def test_standing(votes, needed, expected):
    """Where the votes leave a proposal."""
    assert count(votes, binding="b", needed=needed) == expected
