"""Everything that changes a proposal: submit it, judge it, carry it out, settle it."""

from apps.proposals.operations.ask import Answered, answer_question, ask
from apps.proposals.operations.backpressure import Overloaded
from apps.proposals.operations.bulk import (
    BulkResult,
    NotInBulk,
    NotSampled,
    approve_all,
    reject_all,
)
from apps.proposals.operations.claim import CLAIM_LEASE, claim, lapse, release, renew
from apps.proposals.operations.dry_run import (
    DryRun,
    DryRunChange,
    DryRunExecution,
    dry_run_draft,
    dry_run_examined,
    dry_run_execution,
)
from apps.proposals.operations.edit import DeniedByPolicy
from apps.proposals.operations.effect import execute, expire, reconsider, settle, turn
from apps.proposals.operations.escalate import escalate
from apps.proposals.operations.preconditions import (
    AlreadyDecided,
    Claimed,
    NotAuthorised,
    SignInNeeded,
    StaleApproval,
)
from apps.proposals.operations.refer import refer
from apps.proposals.operations.repair import NothingToRepair, resubmit
from apps.proposals.operations.review import approve, reject, resolve
from apps.proposals.operations.skip import drop_skips, skip
from apps.proposals.operations.snooze import snooze, wake, wake_due
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
from apps.proposals.operations.viewing import NotLooked, open_section

__all__ = [
    "CLAIM_LEASE",
    "AlreadyDecided",
    "Answered",
    "BulkResult",
    "Claimed",
    "DeniedByPolicy",
    "Draft",
    "DryRun",
    "DryRunChange",
    "DryRunExecution",
    "Examined",
    "InvalidDraft",
    "NotAuthorised",
    "NotInBulk",
    "NotLooked",
    "NotSampled",
    "NotUndoable",
    "NothingToRepair",
    "Origin",
    "Overloaded",
    "SignInNeeded",
    "StaleApproval",
    "TooLate",
    "answer_question",
    "approve",
    "approve_all",
    "ask",
    "claim",
    "drop_skips",
    "dry_run_draft",
    "dry_run_examined",
    "dry_run_execution",
    "effects_of",
    "escalate",
    "examine",
    "execute",
    "expire",
    "lapse",
    "make_room",
    "open_section",
    "prepare",
    "reconsider",
    "refer",
    "reject",
    "reject_all",
    "release",
    "renew",
    "resolve",
    "resubmit",
    "settle",
    "skip",
    "snooze",
    "submit",
    "submit_examined",
    "take_back",
    "turn",
    "undo",
    "unwind",
    "wake",
    "wake_due",
]
