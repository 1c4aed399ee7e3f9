"""Everything that changes a proposal: submit it, judge it, carry it out, settle it."""

from apps.proposals.operations.effect import execute, expire, reconsider, settle
from apps.proposals.operations.review import (
    AlreadyDecided,
    DeniedByPolicy,
    NotAuthorised,
    StaleApproval,
    approve,
    reject,
    resolve,
)
from apps.proposals.operations.submit import (
    Draft,
    Examined,
    InvalidDraft,
    Origin,
    examine,
    submit,
    submit_examined,
)

__all__ = [
    "AlreadyDecided",
    "DeniedByPolicy",
    "Draft",
    "Examined",
    "InvalidDraft",
    "NotAuthorised",
    "Origin",
    "StaleApproval",
    "approve",
    "examine",
    "execute",
    "expire",
    "reconsider",
    "reject",
    "resolve",
    "settle",
    "submit",
    "submit_examined",
]
