"""Who is told of an event: nobody of what they caused, and only whom it concerns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.gateway.models import State as ExecutionState
from apps.notifications.models import NoticeKind
from apps.notifications.queries import Member
from apps.proposals.impact import impact_of, largest
from apps.proposals.models import Change, Proposal, State
from apps.proposals.queries import why_not

DUE_LEAD = timedelta(hours=1)  # before a proposal is due
CLAIM_PATIENCE = timedelta(minutes=15)  # after which whoever holds one is reminded
OWNERS_AFTER = timedelta(minutes=30)  # after the first were told that nobody has decided
ANY_AMOUNT = Decimal("Infinity")


@dataclass(frozen=True, kw_only=True)
class Matter:
    """An event with the rows it is about, as far as it is about any."""

    event: Recorded
    proposal: Proposal | None = None
    changes: Sequence[Change] = ()
    approvers: frozenset[UUID] = frozenset()
    asker: UUID | None = None

    def is_by(self, member: Member) -> bool:
        """Whether the member caused it, which a forged name alone does not show."""
        return self.event.attested and member.user.actor == self.event.actor

    def field(self, name: str) -> str:
        """A field of the event as text; empty where it has none, or its content was erased."""
        return str((self.event.fields or {}).get(name) or "")


@dataclass(frozen=True, kw_only=True)
class Telling:
    """That this member is to be told; `member` None: whoever listens for all.

    `once` names what they are told of once, if that is more than the event.
    """

    kind: NoticeKind
    member: Member | None
    at: datetime
    subject_id: str = ""
    detail: str = ""
    once: str = ""


Told = Iterable[Telling]
Router = Callable[[Matter, Sequence[Member]], Told]


def route(matter: Matter, members: Sequence[Member]) -> list[Telling]:
    """Who is to be told of the event, by what they may do; nobody for most kinds of event."""
    router = ROUTERS.get(matter.event.kind)
    return list(router(matter, members)) if router else []


def may_decide(member: Member, matter: Matter) -> bool:
    """Whether the person's authority covers the proposal, and they did not cause it."""
    if matter.proposal is None or not member.rights.can("review"):
        return False
    return why_not(member.user, matter.proposal, matter.changes, held=member.rights) is None


def concerned(matter: Matter, members: Sequence[Member]) -> list[Member]:
    """Who may decide it, and who asked to be told of all but did not cause it."""
    proposal = matter.proposal
    causes = {proposal.submitted_by, proposal.on_behalf_of} if proposal else set()
    return [
        member
        for member in members
        if may_decide(member, matter)
        or (not member.preference.decidable_only and member.user.actor not in causes)
    ]


def operators(members: Sequence[Member]) -> list[Member]:
    """Who operates the workspace."""
    return [member for member in members if member.rights.can("configure")]


def waiting(matter: Matter, members: Sequence[Member]) -> Told:
    """A proposal begins to wait, or comes back: told now, and again before it is due."""
    proposal = matter.proposal
    if proposal is None or proposal.state != State.WAITING:
        return
    back = matter.event.kind == Kind.PROPOSAL_RETURNED
    kind = NoticeKind.RETURNED if back else NoticeKind.WAITING
    at = matter.event.at
    reminded_at = proposal.due_at - DUE_LEAD if proposal.due_at else None
    for member in (*concerned(matter, members), None):
        yield Telling(kind=kind, member=member, at=at)
        if reminded_at and reminded_at > at:
            yield Telling(kind=NoticeKind.DUE, member=member, at=reminded_at)


def answered(matter: Matter, members: Sequence[Member]) -> Told:
    """Whoever asked is told of the answer."""
    for member in members:
        if member.user.pk == matter.asker:
            yield Telling(kind=NoticeKind.ANSWERED, member=member, at=matter.event.at)


def claimed(matter: Matter, members: Sequence[Member]) -> Told:
    """Whoever claims a proposal is reminded of it, should they still hold it then."""
    at = matter.event.at + CLAIM_PATIENCE
    for member in members:
        if matter.is_by(member):
            yield Telling(
                kind=NoticeKind.CLAIMED, member=member, at=at, subject_id=str(matter.event.index)
            )


def overdue(matter: Matter, members: Sequence[Member]) -> Told:
    """Nobody decided in time: first those with more authority than whoever could have, then owners.

    With nobody above, owners are told at once.
    """
    proposal = matter.proposal
    if proposal is None or proposal.state != State.WAITING:
        return
    at = matter.event.at
    first = above(matter, [member for member in members if may_decide(member, matter)])
    for member in first:
        yield Telling(kind=NoticeKind.OVERDUE, member=member, at=at)
    later = at + OWNERS_AFTER if first else at
    for member in members:
        if member.rights.can("administer") and member not in first:
            yield Telling(kind=NoticeKind.OVERDUE, member=member, at=later)
    yield Telling(kind=NoticeKind.OVERDUE, member=None, at=at)


def above(matter: Matter, deciders: Sequence[Member]) -> list[Member]:
    """Those whose authority reaches further than the holder's, or than the lowest of them."""
    reach = {member.user.pk: how_far(member, matter.changes) for member in deciders}
    holder = matter.proposal.claimed_by_id if matter.proposal else None
    base = reach.get(holder) if holder else min(reach.values(), default=None)
    return [member for member in deciders if base is not None and reach[member.user.pk] > base]


def how_far(member: Member, changes: Sequence[Change]) -> Decimal:
    """The largest amount the person may approve of what moves most here, in its currency."""
    impact = largest(impact_of(change) for change in changes)
    action = impact.action if impact else next((change.action for change in changes), "")
    limits = [limit for limit in member.rights.limits if limit.action == action]
    reach = [
        ANY_AMOUNT if authority.ceiling is None else authority.ceiling
        for authority in limits
        if authority.ceiling is None or impact is None or authority.currency == impact.currency
    ]
    return max(reach, default=Decimal(0))


def unproven(matter: Matter, members: Sequence[Member]) -> Told:
    """A person has to look: an outcome is unproven, or nothing could be proposed for a case.

    Told to who may settle it, else to who operates the workspace.
    """
    if matter.proposal is None or matter.proposal.state != State.NEEDS_PERSON:
        return
    deciders = [member for member in members if may_decide(member, matter)]
    for member in (*(deciders or operators(members)), None):
        yield Telling(kind=NoticeKind.NEEDS_PERSON, member=member, at=matter.event.at)


def escalated_run(matter: Matter, members: Sequence[Member]) -> Told:
    """An agent gave up and asks a person to look."""
    for member in (*operators(members), None):
        yield Telling(
            kind=NoticeKind.NEEDS_PERSON,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail="An agent asks a person to look",
        )


def failed_run(matter: Matter, members: Sequence[Member]) -> Told:
    """A run cannot go on: who operates, of one agent failing in one stage once an hour."""
    event = matter.event
    each_hour = f"{event.workspace_id}:{event.actor}:{matter.field('stage')}:{event.at:%Y-%m-%d %H}"
    for member in (*operators(members), None):
        yield Telling(
            kind=NoticeKind.RUN_FAILED,
            member=member,
            at=event.at,
            subject_id=event.subject_id,
            # Not the error: what a back end said belongs to no mail
            detail=f"An agent failed to {matter.field('stage')}; see why, and have it try again",
            once=each_hour,
        )


def not_carried_out(matter: Matter, members: Sequence[Member]) -> Told:
    """What was approved was refused or set aside: who operates, and who approved it."""
    parked = matter.event.kind == Kind.EXECUTION_PARKED
    if not parked and matter.field("outcome") != ExecutionState.REFUSED:
        return
    action = matter.field("action").replace("_", " ")
    told = [m for m in members if m.rights.can("configure") or m.user.pk in matter.approvers]
    for member in (*told, None):
        yield Telling(
            kind=NoticeKind.FAILED,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail=f"{action}: {'set aside' if parked else 'refused by the back end'}".strip(": "),
        )


def stopped(matter: Matter, members: Sequence[Member]) -> Told:
    """A kill switch was engaged: who operates, besides whoever did it."""
    what = "Everything" if matter.field("scope") == "workspace" else f"One {matter.field('scope')}"
    others = [m for m in operators(members) if not matter.is_by(m)]
    for member in (*others, None):
        yield Telling(
            kind=NoticeKind.STOPPED,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail=f"{what} is stopped: {matter.field('reason')}",
        )


def away(matter: Matter, members: Sequence[Member]) -> Told:
    """A back end fails again and again, and is left alone for now."""
    for member in (*operators(members), None):
        yield Telling(
            kind=NoticeKind.AWAY,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail=matter.field("name") or "A connector",
        )


def used_up(matter: Matter, members: Sequence[Member]) -> Told:
    """A budget kept a model from being asked: who operates, of an agent's runs once a day."""
    event, scope, limit = matter.event, matter.field("scope"), matter.field("limit")
    each_run = f"{event.workspace_id}:{matter.field('agent')}:{limit}:{event.at:%Y-%m-%d}"
    whose = "the workspace" if scope == "workspace" else f"one {scope}"
    for member in (*operators(members), None):
        yield Telling(
            kind=NoticeKind.BUDGET,
            member=member,
            at=event.at,
            subject_id=str(event.run_id or ""),
            detail=f"The budget of {whose} ({limit} USD) is too small for what a model was to do",
            once=each_run if scope == "run" else "",
        )


def loosens(matter: Matter, members: Sequence[Member]) -> Told:
    """A policy change lets something new through: everybody here, also who cannot agree to it.

    Where its author is the only one who may publish it, nobody else would learn of it in time.
    """
    others = [m for m in members if not matter.is_by(m)]
    for member in (*others, None):
        yield Telling(
            kind=NoticeKind.POLICY,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail=f"{matter.field('policy')} v{matter.field('version')} lets something new through"
            "; another owner or operator publishes it in the admin (Policy changes), its author "
            f"alone from {matter.field('alone_from')[:16]} UTC on if nobody else can",
        )


def moved_rates(matter: Matter, members: Sequence[Member]) -> Told:
    """Exchange rates are new or have moved, and may wait for a second person: who operates."""
    others = [m for m in operators(members) if not matter.is_by(m)]
    rates = (matter.event.fields or {}).get("rates") or []
    more = f" and {matter.field('count')} in all" if len(rates) > 1 else ""
    for member in (*others, None):
        yield Telling(
            kind=NoticeKind.RATES,
            member=member,
            at=matter.event.at,
            subject_id=matter.event.subject_id,
            detail=f"{next(iter(rates), 'Rates')}{more}. What waits, a second person confirms",
        )


ROUTERS: Mapping[str, Router] = {
    Kind.PROPOSAL_SUBMITTED: waiting,
    Kind.PROPOSAL_RETURNED: waiting,
    Kind.PROPOSAL_ANSWERED: answered,
    Kind.PROPOSAL_CLAIMED: claimed,
    Kind.PROPOSAL_ESCALATED: overdue,
    Kind.PROPOSAL_SETTLED: unproven,
    Kind.PROPOSAL_REFERRED: unproven,
    Kind.RUN_ESCALATED: escalated_run,
    Kind.RUN_FAILED: failed_run,
    Kind.EXECUTION_FINISHED: not_carried_out,
    Kind.EXECUTION_PARKED: not_carried_out,
    Kind.SWITCH_ENGAGED: stopped,
    Kind.BREAKER_OPENED: away,
    Kind.BUDGET_EXHAUSTED: used_up,
    Kind.POLICY_ASKED: loosens,
    Kind.RATES_MOVED: moved_rates,
}
