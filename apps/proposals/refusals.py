"""What a refusal means to whoever asked, on a page or through the API: one table for both.

`status` is that of HTTP (RFC 9110), `slug` the last part of the problem's type (RFC 9457).
"""

from typing import NamedTuple

from apps.gateway.errors import Away, BadAnswer, Busy, ConnectorError, Refused
from apps.proposals.operations import (
    AlreadyDecided,
    Answered,
    Claimed,
    DeniedByPolicy,
    InvalidDraft,
    NotAuthorised,
    NothingToRepair,
    NotInBulk,
    NotLooked,
    NotUndoable,
    Overloaded,
    SignInNeeded,
    StaleApproval,
    TooLate,
)


class Refusal(NamedTuple):
    """How a refusal is answered."""

    status: int
    slug: str


# a class stands before those it is one of
REFUSALS: dict[type[Exception], Refusal] = {
    NotAuthorised: Refusal(403, "not-authorised"),
    SignInNeeded: Refusal(403, "sign-in-needed"),
    AlreadyDecided: Refusal(409, "already-decided"),
    StaleApproval: Refusal(409, "stale-approval"),
    Claimed: Refusal(409, "claimed"),
    NotLooked: Refusal(409, "not-looked"),
    Answered: Refusal(409, "answered"),
    TooLate: Refusal(409, "too-late"),
    NotUndoable: Refusal(409, "not-undoable"),
    NothingToRepair: Refusal(409, "nothing-to-repair"),
    DeniedByPolicy: Refusal(409, "denied-by-policy"),
    InvalidDraft: Refusal(422, "invalid"),
    NotInBulk: Refusal(422, "not-in-bulk"),
    Overloaded: Refusal(429, "overloaded"),
    Busy: Refusal(429, "busy"),
    Away: Refusal(503, "back-end-unavailable"),
    Refused: Refusal(422, "refused-by-back-end"),
    BadAnswer: Refusal(502, "bad-answer"),
    ConnectorError: Refusal(503, "back-end-unavailable"),
}


def refusal_of(error: Exception) -> Refusal | None:
    """What it means; None of an exception that refuses nothing."""
    return next((told for kind, told in REFUSALS.items() if isinstance(error, kind)), None)
