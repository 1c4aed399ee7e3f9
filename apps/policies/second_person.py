"""Who may put in force what somebody else wants, where it lets something new through.

A second person who configures the workspace, and not only since lately. Who is its only owner and
operator may do it alone after a delay, which everybody is told of and the log keeps as an
exception.
"""

from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.models import Membership, Role, User
from apps.accounts.permissions import VERBS, rights
from apps.audit.kinds import Kind
from apps.audit.queries import was_recorded
from apps.policies.models import PublishingSetting

ALONE = "a sole owner, after the delay"
NEW_HERE = (
    "You were given your role here only lately. Who is to agree to what lets something new through "
    "has had it for as long as a sole owner would have to wait."
)


class NotYours(PermissionError):
    """The person may not put this in force: it is theirs, or they configure nothing here."""


def setting(workspace_id: UUID) -> PublishingSetting:
    """How long a sole owner waits; also without a row."""
    found = PublishingSetting.objects.filter(workspace_id=workspace_id).first()
    return found or PublishingSetting(workspace_id=workspace_id)


def alone_from(workspace_id: UUID, *, asked_at: datetime, now: datetime) -> datetime:
    """From when on a sole owner may agree to what they asked for themselves at `asked_at`."""
    return asked_at + timedelta(hours=setting(workspace_id).hours(now))


def why_not(
    user: User, workspace_id: UUID, *, is_own: bool, alone_from: datetime, now: datetime
) -> str:
    """Why this person may not agree to it now, in words; empty if they may."""
    held = rights(user, workspace_id)
    if not held.can("configure"):
        return "Owners and operators decide on this."
    if not is_own:
        return NEW_HERE if is_new(user, workspace_id, now=now) else ""
    others = Membership.objects.filter(
        workspace_id=workspace_id, role__in=VERBS["configure"], user__is_active=True
    ).exclude(user_id=user.pk)
    if others.exists():
        return "It is your own change, and it lets something new through: another owner or " \
               "operator has to agree to it."  # fmt: skip
    if held.role != Role.OWNER:
        return "It is your own change; an owner has to agree to it."
    if now < alone_from:
        return (
            "Nobody else may agree to it here, so you may do so alone, but not before "
            f"{alone_from:%d %b, %H:%M} UTC. Everybody here has been told of it."
        )
    return ""


def is_new(user: User, workspace_id: UUID, *, now: datetime) -> bool:
    """Whether somebody has given them their role within the time a sole owner would wait.

    Else whoever asks could invite their second person, and be faster than alone. Who makes members
    at the terminal is trusted: the whole installation is theirs.
    """
    since = now - timedelta(hours=setting(workspace_id).hours(now))
    return was_recorded(
        Kind.MEMBER_CHANGED,
        workspace_id=workspace_id,
        subject_kind="user",
        subject_id=user.pk,
        since=since,
        actors="user:",
    )
