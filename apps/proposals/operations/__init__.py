"""Everything that changes a proposal: submit it, judge it, carry it out, settle it."""

from apps.proposals.operations.effect import execute, expire, reconsider, settle
from apps.proposals.operations.review import (
    AlreadyDecided,
    DeniedByPolicy,
    NotAuthorised,
    StaleApproval,
    approve,
    reject,
)
from apps.proposals.operations.submit import Draft, InvalidDraft, Origin, submit

__all__ = [
    "AlreadyDecided",
    "DeniedByPolicy",
    "Draft",
    "InvalidDraft",
    "NotAuthorised",
    "Origin",
    "StaleApproval",
    "approve",
    "execute",
    "expire",
    "reconsider",
    "reject",
    "settle",
    "submit",
]
