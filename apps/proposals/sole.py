"""A workspace of one person: they may finish an undo they asked for, where their policy says so.

Nobody decides what they caused. Where there is nobody else, an undo would wait for ever, and a
wrong price would stay in the shop. So a policy may say that a sole owner finishes their own undo:
each version that sent it to a person has the limit `sole_owner_may_finish_undo`, and it is true.
"""

from collections.abc import Sequence

from apps.accounts.models import Membership, Role, User
from apps.accounts.permissions import VERBS, Rights
from apps.policies import queries as policies
from apps.policies.models import Version
from apps.proposals.models import Change, Proposal

LIMIT = "sole_owner_may_finish_undo"
UNDO = "undo"  # the trigger of what a person undoes


def is_own_undo(user: User, proposal: Proposal, held: Rights) -> bool:
    """Whether the person, an owner, asked for this undo themselves, signed in, not by a key."""
    return (
        proposal.trigger == UNDO and proposal.submitted_by == user.actor and held.role == Role.OWNER
    )


def is_alone(user: User, proposal: Proposal) -> bool:
    """Whether nobody but this person may review in the workspace."""
    others = Membership.objects.filter(
        workspace_id=proposal.workspace_id, role__in=VERBS["review"], user__is_active=True
    ).exclude(user_id=user.pk)
    return not others.exists()


def lets(version: Version | None) -> bool:
    """Whether the version says that a sole owner may."""
    return version is not None and version.limits.get(LIMIT) is True


def deciding_versions(changes: Sequence[Change]) -> list[Version | None]:
    """The versions that sent these to a person; None with them where that is not known."""
    return policies.behind([change.decision for change in changes])


def allowed_by(user: User, proposal: Proposal, changes: Sequence[Change], held: Rights) -> str:
    """Which policy lets a sole owner finish this undo of theirs; empty: none does.

    Read by queries only for an undo somebody asked for and now wants to decide.
    """
    if not is_own_undo(user, proposal, held) or proposal.reviewers > 1:
        return ""
    versions = deciding_versions(changes)
    if not all(lets(version) for version in versions):
        return ""
    if not versions or not is_alone(user, proposal):
        return ""
    return ", ".join(dict.fromkeys(str(version) for version in versions))


def advice(user: User, proposal: Proposal, changes: Sequence[Change], held: Rights) -> str:
    """What a sole owner can do about an undo of theirs that nobody else can decide; else empty."""
    if not is_own_undo(user, proposal, held) or not is_alone(user, proposal):
        return ""
    if proposal.reviewers > 1:
        return f" {proposal.reviewers} people have to approve it, and nobody else may review here."
    silent = [
        version
        for version in deciding_versions(changes)
        if version is not None and not lets(version)
    ]
    names = dict.fromkeys(version.policy.name for version in silent)
    named = " and ".join(f"“{name}”" for name in names)
    return (
        f" Nobody else may review here: your policy {named} can let a sole owner finish an undo. "
        f"Set its limit {LIMIT} in the admin, and look at this again."
    )
