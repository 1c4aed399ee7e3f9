"""Snoozing: hidden from the queue until a time, or until the shop's record has changed."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from apps.accounts.models import User
from apps.audit.events.proposals import ProposalSnoozed, ProposalWoken
from apps.audit.operations import Fact, record_all
from apps.gateway import queries as outside
from apps.gateway.errors import ConnectorError, Refused
from apps.proposals.changes import diff
from apps.proposals.deadlines import LIFETIME
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import statements
from apps.proposals.operations.claim import CLAIM_FIELDS
from apps.proposals.operations.judge import proposal_fact
from apps.proposals.operations.preconditions import check_free, enter, free
from apps.proposals.operations.restore import give_back, open_changes
from apps.proposals.operations.submit import InvalidDraft
from apps.proposals.queries import FOR_A_PERSON

log = logging.getLogger(__name__)

SNOOZE_FIELDS = ("snoozed_by", "snoozed_until", "wakes_on_change", "looked_at")
LOOKS = 10  # proposals looked after in the shop in one sweep

Seen = Mapping[UUID, tuple[dict[str, Any], dict[str, Any]]]  # by change: its target before, after


@transaction.atomic
def snooze(
    *, proposal_id: UUID, user: User, until: datetime | None, on_change: bool, now: datetime
) -> Proposal:
    """Hide it from the queue until then; with `on_change` until the shop's record differs.

    Without a time it comes back at its deadline; if that has passed, when half of what is left of
    its time has. Frees the person's claim. Raises `InvalidDraft` for a time that has passed or at
    which it would have expired, `Claimed`, `AlreadyDecided`, `NotAuthorised`.
    """
    proposal, _ = enter(proposal_id, user=user, now=now)
    check_free(proposal, user=user, now=now)
    proposal.snoozed_until = checked_time(proposal, until, now=now)
    proposal.snoozed_by = user
    proposal.wakes_on_change = on_change and proposal.state == State.WAITING
    proposal.looked_at = now if proposal.wakes_on_change else None
    facts = free(proposal, now=now, reason="released", user=user)
    proposal.save(update_fields=[*SNOOZE_FIELDS, *CLAIM_FIELDS])
    snoozed = ProposalSnoozed(
        revision=proposal.revision,
        until=proposal.snoozed_until.isoformat(),
        on_change=proposal.wakes_on_change,
    )
    record_all([*facts, proposal_fact(snoozed, proposal, by=user.actor)], now=now)
    return proposal


def checked_time(proposal: Proposal, until: datetime | None, *, now: datetime) -> datetime:
    """When it comes back: at its deadline if nobody says. Raises `InvalidDraft`."""
    latest = proposal.expires_at if proposal.state == State.WAITING else now + LIFETIME
    due = proposal.due_at
    until = until or (due if due and now < due < latest else now + (latest - now) / 2)
    if now < until < latest:
        return until
    problem = "has passed" if until <= now else f"has to be before {latest:%Y-%m-%d %H:%M} UTC"
    raise InvalidDraft("It cannot be snoozed until then.", [{"field": "until", "problem": problem}])


@transaction.atomic
def wake(*, proposal_id: UUID, user: User, now: datetime) -> Proposal:
    """Put a snoozed proposal back into the queue. Raises `AlreadyDecided`, `NotAuthorised`."""
    proposal, _ = enter(proposal_id, user=user, now=now)
    if proposal.snoozed_until is not None:
        fact = woken(proposal, by=user.actor, reason="person")
        proposal.save(update_fields=SNOOZE_FIELDS)
        record_all([fact], now=now)
    return proposal


def woken(proposal: Proposal, *, by: str, reason: str) -> Fact:
    """Take the snooze off, not saved yet; the event that tells of it."""
    proposal.snoozed_by = proposal.snoozed_until = None
    proposal.wakes_on_change = False
    event = ProposalWoken(revision=proposal.revision, reason=reason)
    return proposal_fact(event, proposal, by=by)


def wake_due(*, now: datetime) -> int:
    """Wake what is due, or whose record in the shop has changed; return how many (sweep).

    The shop is asked with no transaction open, about a few proposals at a time.
    """
    return wake_in_time(now=now) + wake_changed(now=now)


@transaction.atomic
def wake_in_time(*, now: datetime, limit: int = 200) -> int:
    """Wake what was snoozed until now; what has ended meanwhile only loses its mark."""
    over = list(
        Proposal.objects.select_for_update(skip_locked=True)
        .filter(snoozed_until__lte=now)
        .order_by("snoozed_until")[:limit]
    )
    waiting = [proposal for proposal in over if proposal.state in FOR_A_PERSON]
    facts = [woken(proposal, by="clock", reason="time") for proposal in waiting]
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in over]).update(
        snoozed_by=None, snoozed_until=None, wakes_on_change=False
    )
    record_all(facts, now=now)
    return len(waiting)


def watched(*, now: datetime) -> QuerySet[Proposal]:
    """What is snoozed until the shop changes."""
    return Proposal.objects.filter(snoozed_until__gt=now, wakes_on_change=True, state=State.WAITING)


@transaction.atomic
def take_turns(*, now: datetime, limit: int = LOOKS) -> list[Proposal]:
    """Those of what is watched whose last look is longest ago, marked as looked at.

    Marked before the look, so that none is looked at twice at once, and one whose look fails keeps
    no other from its turn.
    """
    oldest = F("looked_at").asc(nulls_first=True)
    rows = watched(now=now).select_for_update(skip_locked=True)
    taken = list(rows.order_by(oldest, "pk")[:limit])
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in taken]).update(looked_at=now)
    return taken


def wake_changed(*, now: datetime) -> int:
    """Look at the records of some snoozed proposals; give those back that differ, or are gone.

    Each has its turn, however many there are. A back end that does not answer is left alone for
    the rest of this time.
    """
    count, silent = 0, set()
    for proposal in take_turns(now=now):
        changes = open_changes(proposal)
        if any(change.connector_id in silent for change in changes):
            continue
        try:
            seen = {change.pk: look_at(change) for change in changes}
        except Refused as error:
            count += wake_without(proposal.pk, str(error), now=now)
            continue
        except ConnectorError as error:
            silent |= {change.connector_id for change in changes}
            log.info("Snoozed proposal %s cannot be compared: %s", proposal.pk, error)
            continue
        if any(diff(change.before, seen[change.pk][0]) for change in changes):
            count += wake_with(proposal.pk, seen, now=now)
    return count


def look_at(change: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    """The change's target as it is, and as it would be after it."""
    seen = outside.look_again(change.connector, change.action, change.params, patient=False)
    return seen.before, seen.after


@transaction.atomic
def wake_with(proposal_id: UUID, seen: Seen, *, now: datetime) -> bool:
    """Give a snoozed proposal back as the shop is now, saying what changed; False if too late."""
    proposal = statements.locked(proposal_id)
    if not still_watched(proposal):
        return False
    changes, what = open_changes(proposal), []
    for change in changes:
        if change.pk not in seen:
            return False
        before, after = seen[change.pk]
        what += [
            {"field": d.path, "before": d.before, "after": d.after}
            for d in diff(change.before, before)
        ]
        change.before, change.after = before, after
    if not what:
        return False
    give_back(proposal, changes, what, now=now)
    return True


@transaction.atomic
def wake_without(proposal_id: UUID, why: str, *, now: datetime) -> bool:
    """Give a snoozed proposal back whose record the shop does not have any more."""
    proposal = statements.locked(proposal_id)
    if not still_watched(proposal):
        return False
    gone = {"field": "target", "before": "there", "after": why}
    give_back(proposal, open_changes(proposal), [gone], now=now)
    return True


def still_watched(proposal: Proposal) -> bool:
    """Whether nobody has decided or woken it meanwhile."""
    return proposal.state == State.WAITING and proposal.wakes_on_change
