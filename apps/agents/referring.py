"""Cases in which somebody still waits for an answer are put before people, one transaction each.

    closed without an answer -> open -> a reply a person judges -> a case without any action

Each rung is taken once, so a message makes three proposals at most, and the last one needs no back
end, holds no target and never expires. Two workers at the same case: the one that finds the row as
it was read writes, the other writes nothing.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from apps.agents.models import CaseState, Handled
from apps.agents.playbooks import apart, registry
from apps.agents.steps import drafting
from apps.agents.steps.base import Clock
from apps.agents.steps.origin import origin_of
from apps.gateway.errors import BadAnswer, ConnectorError, Refused
from apps.gateway.switches import stopping_agents
from apps.proposals import operations as proposals
from apps.proposals import queries as proposed
from apps.proposals.models import OPEN_STATES, State
from apps.proposals.operations import Draft, Examined, InvalidDraft, Overloaded

log = logging.getLogger(__name__)

BATCH = 200
REPLY, CASE = 1, 2  # rungs
MOST_TRIES = 5  # of a reply that cannot be put; then a case without any action
WHY = {
    State.DENIED: "Policy denied what was proposed.",
    State.EXPIRED: "Nobody decided in time about what was proposed.",
    State.FAILED: "The back end refused what was approved.",
}


def follow_up(*, clock: Clock, limit: int = BATCH) -> int:
    """See what became of standing cases, then put the open ones before people; return how many."""
    moved = close(now=clock(), limit=limit)
    return moved + sum(place(case, clock=clock) for case in due(now=clock(), limit=limit))


def close(*, now: datetime, limit: int) -> int:
    """End the cases whose proposal has closed; where it closed without an answer, open them."""
    rows = Handled.objects.filter(state=CaseState.STANDING, proposal__isnull=False)
    closed = rows.exclude(proposal__state__in=OPEN_STATES).order_by("id")
    found = list(closed.select_related("proposal")[:limit])
    told = proposed.told_by_people([case.proposal_id for case in found if case.proposal_id])
    for case in found:
        proposal = case.proposal
        if proposal is None:
            continue
        # Conditional: of two workers one moves the row
        held = Handled.objects.filter(pk=case.pk, state=CaseState.STANDING, proposal=proposal)
        state = State(proposal.state)
        if state in WHY and proposal.pk not in told:
            held.update(
                state=CaseState.OPEN, rung=min(case.rung + 1, CASE), reason=WHY[state],
                not_before=now, tries=0,
            )  # fmt: skip
        else:
            held.update(state=CaseState.ENDED, draft=None, reason="")
    return len(found)


def due(*, now: datetime, limit: int) -> list[Handled]:
    """Open cases whose time has come, oldest first; of agents that nothing stops."""
    rows = Handled.objects.annotate(agent_id=F("run__agent_id")).filter(
        ~stopping_agents(), state=CaseState.OPEN, not_before__lte=now
    )
    rows = rows.select_related("run__agent", "run__workspace")
    return list(rows.order_by("not_before", "id")[:limit])


def place(case: Handled, *, clock: Clock) -> int:
    """Put one open case before people, or put it off; 1 if it stands in a proposal then.

    Raises only what would befall every case: a database that is away.
    """
    told = reply = None
    try:
        told = told_as(case)
        reply = prepare(case, told) if case.rung == REPLY else None
    except (Overloaded, ConnectorError) as error:
        put_off(case, error, now=clock())
        return 0
    except Exception:  # what cannot be read any more must not hide a case from people
        log.exception("Case %s of %s cannot be prepared", case.key, case.playbook)
    try:
        return stand(case, told or unreadable(case), reply, now=clock())
    except Exception as error:  # one that cannot be put must not hold up those behind it
        if not apart.is_own(error):
            raise
        log.exception("Case %s of %s cannot be put before people", case.key, case.playbook)
        put_off(case, error, now=clock())
        return 0


def told_as(case: Handled) -> Draft:
    """The reply by which people are asked, as the playbook words it."""
    draft = drafting.from_json(case.draft or {}).draft
    told = registry.playbook(case.playbook).refer(draft, case.reason) if draft else None
    return told or unreadable(case)


def prepare(case: Handled, reply: Draft) -> Examined | None:
    """The reply a person is to judge, examined; None if it cannot be proposed.

    Raises `Overloaded` and the gateway's `ConnectorError`s but `Refused` and `BadAnswer`.
    """
    workspace = case.run.workspace
    if not reply.changes:
        return None
    proposals.make_room(workspace=workspace, drafts=[reply])
    try:
        return proposals.examine(workspace=workspace, draft=reply)
    except (InvalidDraft, Refused, BadAnswer) as error:
        log.info("Case %s: its reply cannot be proposed: %s", case.key, error)
        return None


@transaction.atomic
def stand(case: Handled, told: Draft, reply: Examined | None, *, now: datetime) -> int:
    """Propose the reply, or refer the case; 0 if somebody else has moved it meanwhile."""
    row = Handled.objects.select_for_update().filter(
        pk=case.pk, state=CaseState.OPEN, rung=case.rung, tries=case.tries
    )
    if row.first() is None:
        return 0
    workspace, rung, proposal = case.run.workspace, case.rung, None
    origin = replace(origin_of(case.run), needs_person=True)
    if reply is not None:
        [proposal] = proposals.submit_examined(
            workspace=workspace, examined=[reply], origin=origin, now=now
        )
    if proposal is None or proposal.state == State.DENIED:
        rung = CASE
        bare = replace(told, changes=[], sources={})
        proposal = proposals.refer(
            workspace=workspace, draft=bare, origin=origin, reason=case.reason, now=now
        )
    row.update(state=CaseState.STANDING, proposal=proposal, rung=rung, not_before=None, tries=0)
    return 1


def unreadable(case: Handled) -> Draft:
    """A case of which no more is known than its name."""
    return Draft(
        title=f"A person is needed: {case.key}"[:300],
        rationale=f"{case.reason} What had been planned for it cannot be read any more.",
        changes=[],
    )


def put_off(case: Handled, error: Exception, *, now: datetime) -> None:
    """Try again after a pause that doubles; after `MOST_TRIES` nothing is waited for any more."""
    held = Handled.objects.filter(
        pk=case.pk, state=CaseState.OPEN, rung=case.rung, tries=case.tries
    )
    if isinstance(error, Overloaded):
        held.update(not_before=now + timedelta(seconds=error.retry_after))
    elif case.tries + 1 >= MOST_TRIES:
        held.update(rung=CASE, tries=0, not_before=now)
    else:
        pause = timedelta(seconds=2 ** (case.tries + 2))
        held.update(tries=case.tries + 1, not_before=now + pause)
