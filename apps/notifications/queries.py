"""Reading who is to be told how, and how telling goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Rights, rights
from apps.notifications.models import Channel, Notice, NoticeKind, Preference, Rhythm, State
from apps.notifications.timing import Pace
from apps.proposals.models import Proposal, Risk

RANK = {Risk.HIGH: 0, Risk.MEDIUM: 1, Risk.LOW: 2}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person of a workspace: what they may do, how they want to be told, and where."""

    user: User
    rights: Rights
    preference: Preference
    channels: tuple[Channel, ...]

    def wants(self, kind: str, risk: str | None) -> bool:
        """Whether they asked to be told of this."""
        chosen = self.preference
        asked = chosen.escalations if kind == NoticeKind.OVERDUE else kind in chosen.kinds
        return asked and is_risky_enough(risk, chosen.minimum_risk)


def is_risky_enough(risk: str | None, minimum: str) -> bool:
    """Whether a risk reaches the minimum; what has none always does."""
    return not risk or RANK[Risk(risk)] <= RANK[Risk(minimum)]


def preference_of(user: User, workspace_id: UUID) -> Preference:
    """How the person wants to be told: their row, or the defaults in an unsaved one."""
    found = Preference.objects.filter(user=user, workspace_id=workspace_id).first()
    return found or Preference(user=user, workspace_id=workspace_id)


def members(workspace_id: UUID) -> list[Member]:
    """The active members of a workspace; three statements, and one for each person's rights."""
    places = Membership.objects.filter(workspace_id=workspace_id, user__is_active=True)
    people = [place.user for place in places.select_related("user").order_by("pk")]
    rows = Preference.objects.filter(workspace_id=workspace_id).prefetch_related("channels")
    chosen = {row.user_id: row for row in rows}
    return [
        member_of(user, chosen.get(user.pk) or Preference(user=user, workspace_id=workspace_id))
        for user in people
    ]


def member_of(user: User, preference: Preference) -> Member:
    """A person with their rights and the channels they chose."""
    chosen = preference.channels.all() if not preference._state.adding else ()
    return Member(
        user=user,
        rights=rights(user, preference.workspace_id),
        preference=preference,
        channels=tuple(channel for channel in chosen if channel.enabled),
    )


def pace_of(preference: Preference) -> Pace:
    """A preference as the rules of timing read it."""
    minutes = timedelta(minutes=preference.every_minutes)
    return Pace(
        zone=ZoneInfo(preference.time_zone),
        every=minutes if preference.rhythm == Rhythm.MINUTES else None,
        daily_at=preference.daily_at if preference.rhythm == Rhythm.DAILY else None,
        quiet_from=preference.quiet_from,
        quiet_until=preference.quiet_until,
    )


def channels_of(workspace_id: UUID) -> list[Channel]:
    """All channels of a workspace, by name."""
    return list(Channel.objects.filter(workspace_id=workspace_id).order_by("name"))


def failed(workspace_id: UUID, *, limit: int = 10) -> list[Notice]:
    """What could not be sent, newest first."""
    rows = Notice.objects.filter(workspace_id=workspace_id, state=State.FAILED)
    return list(rows.select_related("recipient", "channel").order_by("-ended_at")[:limit])


def queued_for(user: User, workspace_id: UUID) -> QuerySet[Notice]:
    """What is still to be sent to a person."""
    mine = Notice.objects.filter(recipient=user, workspace_id=workspace_id, state=State.QUEUED)
    return mine.filter(gathered_in=None).order_by("due_at")


def proposals_of(ids: Sequence[UUID]) -> dict[UUID, Proposal]:
    """These proposals with their changes, in two statements."""
    rows = Proposal.objects.select_related("workspace").prefetch_related("changes")
    return {row.pk: row for row in rows.filter(pk__in=ids)}


def about(notice: Notice, proposals: Mapping[UUID, Proposal]) -> Proposal | None:
    """The proposal a notice is about, if it is about one."""
    return proposals.get(notice.proposal_id) if notice.proposal_id else None
