"""Undoing what is done: a proposal of what makes up for it, judged and carried out like any other.

    look at the targets -> submit the compensations in reverse order, linked to their effects
    -> policy, people, gateway -> the original is undone, or an open case (see `aftermath`)

A change set that broke off half-way is undone in the same way, if everything done can be.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import can
from apps.audit import failpoints
from apps.gateway import operations as gateway
from apps.gateway import queries as outside
from apps.gateway.catalogue.action_spec import Compensation
from apps.gateway.errors import ConnectorError, Refused
from apps.proposals.changes import diff
from apps.proposals.effects import Effect, obstacle, standing
from apps.proposals.models import OPEN_STATES, Change, Proposal, State
from apps.proposals.operations.compensation_outcome import follow, record_undo
from apps.proposals.operations.preconditions import AlreadyDecided, NotAuthorised
from apps.proposals.operations.restore import give_back
from apps.proposals.operations.submit import (
    Draft,
    Examined,
    InvalidDraft,
    Looked,
    Origin,
    examine,
    submit_examined,
)

log = logging.getLogger(__name__)

UNDOABLE = (State.DONE, State.NEEDS_PERSON)
PRIORITY = 8  # before what agents propose, behind nothing a person waits for
UNDO = "undo"  # the trigger of what a person undoes
SAGA = "saga"  # the trigger of undoing what broke off
BROKE_OFF = "A later change of the same proposal was refused, so what was done before is set back."
HELD = "the target has moved on since; a person has to look"


class NotUndoable(Exception):
    """Nothing from here makes up for this."""


def effects_of(proposal: Proposal) -> list[Effect]:
    """What of the proposal is proven done and stands, the last first."""
    changes = list(proposal.changes.order_by("position"))
    newest = outside.executions_of([change.pk for change in changes])
    return standing((change, newest.get(change.pk)) for change in changes)


def undo(
    *,
    proposal_id: UUID,
    user: User,
    reason: str,
    now: datetime,
    texts: Mapping[UUID, str] | None = None,
    by: str = "",
) -> Proposal:
    """Propose to undo all that a proposal has done; policy decides on it as on any other.

    `texts` (change id -> text) are what a person has to write, as the correction of a message.
    Raises `AlreadyDecided`, `NotAuthorised`, `NotUndoable`, `InvalidDraft`, and the gateway's
    `ConnectorError`s where a target cannot be read.
    """
    proposal = Proposal.objects.select_related("workspace").get(pk=proposal_id)
    if not can(user, "review", proposal.workspace_id):
        raise NotAuthorised("You are not a reviewer of this workspace.")
    check_state(proposal)
    if not reason.strip():
        problems = [{"field": "reason", "problem": "is empty"}]
        raise InvalidDraft("Say why it is to be undone.", problems)
    effects = effects_of(proposal)
    draft = draft_undo(proposal, effects, reason=reason, texts=texts or {})
    examined = examine(workspace=proposal.workspace, draft=draft)
    origin = Origin(by=by or user.actor, trigger=UNDO, on_behalf_of=user.actor)
    return submit_undo(proposal, effects, examined, origin, now=now)


def check_state(proposal: Proposal) -> None:
    """Refuse what is not done, is an undo itself, or is being undone. Raises `AlreadyDecided`."""
    if proposal.state not in UNDOABLE:
        raise AlreadyDecided(f"There is nothing to undo: {proposal.get_state_display()}.")
    if proposal.changes.filter(compensates__isnull=False).exists():
        raise AlreadyDecided("This is an undo itself. Propose the change anew instead.")
    if Change.objects.filter(
        compensates__proposal=proposal, proposal__state__in=OPEN_STATES
    ).exists():
        raise AlreadyDecided("It is being undone already.")


def draft_undo(
    proposal: Proposal, effects: Sequence[Effect], *, reason: str, texts: Mapping[UUID, str]
) -> Draft:
    """The compensations as a draft. Raises `NotUndoable`, `InvalidDraft` for a missing text."""
    if why := obstacle(effects):
        raise NotUndoable(why)
    if missing := [effect for effect in effects if effect.is_written and not given(effect, texts)]:
        problems = [{"field": str(effect.change.pk), "problem": "is empty"} for effect in missing]
        raise InvalidDraft("Write what the correction is to say.", problems)
    changes = [completed(effect, texts) for effect in effects]
    return Draft(
        title=f"Undo: {proposal.title}"[:300],
        rationale=reason,
        changes=changes,
        evidence=[
            {"kind": "decision", "title": f"To be undone: {proposal.title}",
             "detail": f"Proposed by {proposal.agent or proposal.submitted_by}, done and proven."}
        ],
        subject=proposal.subject,
        priority=PRIORITY,
    )  # fmt: skip


def given(effect: Effect, texts: Mapping[UUID, str]) -> str:
    """What a person wrote for this effect, if it is more than the beginning they were offered."""
    text = texts.get(effect.change.pk, "").replace("\r\n", "\n").strip()
    return "" if text == effect.offered.strip() else text


def completed(effect: Effect, texts: Mapping[UUID, str]) -> Compensation:
    """The compensation with the text a person wrote for it."""
    assert effect.compensation is not None
    action, params = effect.compensation
    if effect.is_written:
        params = {**params, effect.spec.written: given(effect, texts)}
    return action, params


def submit_undo(
    original: Proposal,
    effects: Sequence[Effect],
    examined: Examined,
    origin: Origin,
    *,
    now: datetime,
) -> Proposal:
    """Submit the compensations, each linked to its effect, in one transaction.

    Raises `AlreadyDecided` if somebody was faster, or the target is taken.
    """
    with transaction.atomic():
        locked = Proposal.objects.select_for_update().get(pk=original.pk)
        check_state(locked)
        if origin.trigger == SAGA and not (locked.unwinding and locked.state == State.NEEDS_PERSON):
            raise AlreadyDecided("Somebody has taken care of it.")
        standing = {effect.execution.pk for effect in effects_of(locked)}
        if standing != {effect.execution.pk for effect in effects}:
            raise AlreadyDecided("It has changed meanwhile. Look at it again.")
        own = [effect.change.pk for effect in effects]
        Change.objects.filter(pk__in=own).update(is_open=False)  # proven, so no longer open
        [undo] = submit_examined(
            workspace=original.workspace, examined=[examined], origin=origin, now=now
        )
        if undo is None:
            raise AlreadyDecided("Another proposal about the same target is open. Decide it first.")
        Proposal.objects.filter(pk=original.pk).update(unwinding=False)
        changes = link(undo, effects)
        if undo.state == State.DENIED:
            follow([undo], now=now)
        elif moved := moved_on(effects, examined.looks):
            hold_back(undo, changes, moved, now=now)
    failpoints.reach("undo_submitted")
    return undo


def link(undo: Proposal, effects: Sequence[Effect]) -> list[Change]:
    """Note at each compensation which change it makes up for; the compensations in order."""
    changes = list(undo.changes.select_related("connector").order_by("position"))
    for change, effect in zip(changes, effects, strict=True):
        change.proposal, change.compensates = undo, effect.change
    Change.objects.bulk_update(changes, ["compensates"])
    return changes


def moved_on(effects: Sequence[Effect], looks: Sequence[Looked]) -> list[dict[str, Any]]:
    """The fields an undo would overwrite that somebody has changed since: {field, before, after}.

    What a person writes has no state to move.
    """
    return [
        {"field": d.path, "before": d.before, "after": d.after}
        for effect, look in zip(effects, looks, strict=True)
        if not effect.is_written
        for d in diff(effect.after, look.before)
        if d.path in {touched.path for touched in diff(look.before, look.after)}
    ]


def hold_back(
    undo: Proposal, changes: Sequence[Change], moved: list[dict[str, Any]], *, now: datetime
) -> None:
    """Have a person look first, whatever the policy allows: the undo would undo others' work."""
    for execution in outside.executions_of([change.pk for change in changes]).values():
        gateway.cancel(execution, by="gateway", why=HELD, now=now)
    give_back(undo, changes, moved, now=now)


def unwind(*, now: datetime, limit: int = 20) -> int:
    """Propose to undo the done part of change sets that broke off; return how many were looked at.

    Where that cannot be, the case stays open for a person. A back end that is away is asked again
    at the next call.
    """
    broken = Proposal.objects.filter(unwinding=True, state=State.NEEDS_PERSON)
    # in no order, so that those whose back end is away do not keep others waiting
    cases = list(broken.select_related("workspace").order_by("?")[:limit])
    for case in cases:
        try:
            unwind_one(case, now=now)
        except (NotUndoable, InvalidDraft, AlreadyDecided, Refused) as error:
            leave_to_a_person(case, str(error), now=now)
        except ConnectorError:
            log.warning("A target of proposal %s cannot be read yet", case.pk, exc_info=True)
    return len(cases)


def unwind_one(case: Proposal, *, now: datetime) -> None:
    """Submit the undo of what a broken change set has done. Raises what `undo` raises."""
    effects = effects_of(case)
    draft = draft_undo(case, effects, reason=BROKE_OFF, texts={})
    examined = examine(workspace=case.workspace, draft=draft)
    submit_undo(case, effects, examined, Origin(by="gateway", trigger=SAGA), now=now)


@transaction.atomic
def leave_to_a_person(case: Proposal, why: str, *, now: datetime) -> None:
    """Give up undoing a broken change set automatically, and say why."""
    left = Proposal.objects.filter(pk=case.pk, unwinding=True)
    if left.update(unwinding=False):
        record_undo(case, now=now, undo_state="impossible", why=why)
