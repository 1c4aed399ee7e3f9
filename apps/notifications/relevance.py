"""Whether a notice still says something: what was decided meanwhile nobody is told of."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.agents.models import Run
from apps.agents.models import State as RunState
from apps.gateway.models import Breaker, Circuit, KillSwitch
from apps.notifications.models import Notice, NoticeKind
from apps.notifications.queries import Member, about, member_of, preference_of
from apps.notifications.routing import DUE_LEAD
from apps.policies.models import Asked, Publication
from apps.proposals.models import Proposal, Review, State
from apps.proposals.queries import why_not

FOR_DECIDERS = (NoticeKind.WAITING, NoticeKind.RETURNED, NoticeKind.DUE)
FOR_OPERATORS = (
    NoticeKind.STOPPED,
    NoticeKind.AWAY,
    NoticeKind.BUDGET,
    NoticeKind.RUN_FAILED,
)
OPEN_ONLY = (*FOR_DECIDERS, NoticeKind.ANSWERED, NoticeKind.OVERDUE, NoticeKind.CLAIMED)


def moot(
    notices: Sequence[Notice], proposals: Mapping[UUID, Proposal], *, now: datetime
) -> set[UUID]:
    """Which of the notices, all for one place, need not be sent any more."""
    first = notices[0]
    if first.channel and not first.channel.enabled:
        return {notice.pk for notice in notices}
    member = reader_of(first)
    if first.recipient and (member is None or member.rights.role is None):
        return {notice.pk for notice in notices}
    judged = judged_by(member, proposals) if member else set()
    return {
        notice.pk
        for notice in notices
        if is_unwanted(notice, member, about(notice, proposals))
        or is_no_business(notice, member, about(notice, proposals))
        or is_over(notice, member, about(notice, proposals), judged, now=now)
    }


def reader_of(notice: Notice) -> Member | None:
    """The recipient as a member of the workspace; an inactive one has no role in it."""
    if notice.recipient is None:
        return None
    return member_of(notice.recipient, preference_of(notice.recipient, notice.workspace_id))


def judged_by(member: Member, proposals: Mapping[UUID, Proposal]) -> set[tuple[UUID, str]]:
    """Which of the proposals the person has judged, each with what they judged (its binding)."""
    votes = Review.objects.filter(reviewer=member.user, proposal_id__in=list(proposals))
    return set(votes.values_list("proposal_id", "binding"))


def is_unwanted(notice: Notice, member: Member | None, proposal: Proposal | None) -> bool:
    """Whether the person has chosen otherwise since."""
    if member is None or notice.kind == NoticeKind.TEST:
        return False
    return not member.wants(notice.kind, proposal.risk if proposal else None)


def is_no_business(notice: Notice, member: Member | None, proposal: Proposal | None) -> bool:
    """Whether what made it the person's business was taken from them since."""
    if member is None:
        return False
    if notice.kind in FOR_OPERATORS:
        return not member.rights.can("configure")
    if notice.kind == NoticeKind.OVERDUE and proposal is not None:
        return not (member.rights.can("administer") or may_decide(member, proposal))
    return False


def may_decide(member: Member, proposal: Proposal) -> bool:
    """Whether the person's authority covers the proposal now, and they did not cause it."""
    changes = list(proposal.changes.all())
    return why_not(member.user, proposal, changes, held=member.rights) is None


def is_over(
    notice: Notice,
    member: Member | None,
    proposal: Proposal | None,
    judged: Collection[tuple[UUID, str]],
    *,
    now: datetime,
) -> bool:
    """Whether what the notice is about has come to its end."""
    kind = NoticeKind(notice.kind)
    if kind in ENDED:
        return ENDED[kind](notice)
    if kind == NoticeKind.NEEDS_PERSON:
        return proposal is not None and proposal.state != State.NEEDS_PERSON
    if kind in OPEN_ONLY:
        return proposal is None or not still_waits(notice, member, proposal, judged, now=now)
    return False


def is_released(notice: Notice) -> bool:
    """Whether the kill switch holds nothing any more."""
    return not KillSwitch.objects.filter(pk=notice.subject_id, released_at=None).exists()


def is_back(notice: Notice) -> bool:
    """Whether the back end answers again."""
    away = Breaker.objects.filter(connector_id=notice.subject_id)
    return not away.exclude(circuit=Circuit.CLOSED).exists()


def is_tried_again(notice: Notice) -> bool:
    """Whether the run has not failed any more: who has tried it again need not be told."""
    return not Run.objects.filter(pk=notice.subject_id, state=RunState.FAILED).exists()


def is_decided(notice: Notice) -> bool:
    """Whether no version of the policy waits for a second person any more."""
    asked = Publication.objects.filter(version__policy_id=notice.subject_id)
    return not asked.filter(state=Asked.WAITING).exists()


ENDED: Mapping[NoticeKind, Callable[[Notice], bool]] = {
    NoticeKind.STOPPED: is_released,
    NoticeKind.AWAY: is_back,
    NoticeKind.RUN_FAILED: is_tried_again,
    NoticeKind.POLICY: is_decided,
}


def still_waits(
    notice: Notice,
    member: Member | None,
    proposal: Proposal,
    judged: Collection[tuple[UUID, str]],
    *,
    now: datetime,
) -> bool:
    """Whether the proposal waits for a decision, and for this person's."""
    if proposal.state != State.WAITING or proposal.expires_at <= now:
        return False
    if notice.kind == NoticeKind.CLAIMED:
        return still_holds(notice, proposal, now=now)
    if notice.kind == NoticeKind.DUE and (
        proposal.due_at is None or proposal.due_at > now + DUE_LEAD
    ):
        return False
    if member is None or notice.kind not in FOR_DECIDERS or not member.preference.decidable_only:
        return True
    return (proposal.pk, proposal.binding) not in judged and may_decide(member, proposal)


def still_holds(notice: Notice, proposal: Proposal, *, now: datetime) -> bool:
    """Whether the recipient has held it all along: a later claim has a notice of its own."""
    if proposal.claimed_by_id != notice.recipient_id or not proposal.claimed_until:
        return False
    later = Notice.objects.filter(
        kind=NoticeKind.CLAIMED,
        recipient_id=notice.recipient_id,
        proposal=proposal,
        pk__gt=notice.pk,
    ).exclude(subject_id=notice.subject_id)
    return proposal.claimed_until > now and not later.exists()
