"""Everything that changes a proposal: submit it, judge it, carry it out, settle it."""

from apps.proposals.operations.effect import execute, expire, reconsider, settle, turn
from apps.proposals.operations.rehearse import (
    Rehearsal,
    RehearsedChange,
    RehearsedExecution,
    rehearse,
    rehearse_execution,
)
from apps.proposals.operations.repair import NothingToRepair, resubmit
from apps.proposals.operations.review import (
    AlreadyDecided,
    DeniedByPolicy,
    NotAuthorised,
    StaleApproval,
    approve,
    reject,
    resolve,
)
from apps.proposals.operations.room import Overloaded
from apps.proposals.operations.submit import (
    Draft,
    Examined,
    InvalidDraft,
    Origin,
    examine,
    make_room,
    prepare,
    submit,
    submit_examined,
)
from apps.proposals.operations.take_back import TooLate, take_back
from apps.proposals.operations.undo import NotUndoable, effects_of, undo, unwind

__all__ = [
    "AlreadyDecided",
    "DeniedByPolicy",
    "Draft",
    "Examined",
    "InvalidDraft",
    "NotAuthorised",
    "NotUndoable",
    "NothingToRepair",
    "Origin",
    "Overloaded",
    "Rehearsal",
    "RehearsedChange",
    "RehearsedExecution",
    "StaleApproval",
    "TooLate",
    "approve",
    "effects_of",
    "examine",
    "execute",
    "expire",
    "make_room",
    "prepare",
    "reconsider",
    "rehearse",
    "rehearse_execution",
    "reject",
    "resolve",
    "resubmit",
    "settle",
    "submit",
    "submit_examined",
    "take_back",
    "turn",
    "undo",
    "unwind",
]
