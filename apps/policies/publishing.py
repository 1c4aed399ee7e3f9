"""Who has to agree before a version decides.

What only tightens is published at once. What lets anything new through, or might, waits for a
second person (`second_person`).
"""

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.accounts.permissions import can
from apps.audit.events.policies import OfPolicy, PolicyAsked, PolicyTurnedDown, PublishingChanged
from apps.audit.operations import record
from apps.policies import operations, second_person
from apps.policies.assessing import InForce, assess_version
from apps.policies.models import (
    LEAST_HOURS,
    MOST_HOURS,
    Asked,
    Publication,
    PublishingSetting,
    Version,
)
from apps.policies.second_person import ALONE, NotYours, setting


class Outdated(ValueError):
    """Other rules are in force than it was compared with. Save it again: it is compared anew."""


@transaction.atomic
def submit(*, version: Version, by: str, now: datetime) -> Publication | None:
    """Publish a draft at once if it only tightens (None); else it waits for a second person.

    An earlier version of the policy that still waits is not asked for any more.
    """
    policy = version.policy
    assessed = assess_version(version, now=now)  # takes its time, so before all decisions wait
    operations.change(policy.workspace_id)
    if InForce.of(policy.workspace_id).digest != assessed.against:
        assessed = assess_version(version, now=now)
    waiting = Publication.objects.filter(version__policy=policy, state=Asked.WAITING)
    waiting.update(state=Asked.TURNED_DOWN, decided_by=by, decided_at=now)
    if not assessed.findings:
        operations.publish(version=version, by=by, now=now)
        return None
    publication = Publication.objects.create(
        workspace_id=policy.workspace_id,
        version=version,
        findings=assessed.findings,
        replayed=assessed.replayed,
        against=assessed.against,
        asked_by=by,
        asked_at=now,
        alone_from=second_person.alone_from(policy.workspace_id, asked_at=now, now=now),
    )
    asked = PolicyAsked(
        policy=version.policy.name,
        version=version.number,
        findings=assessed.findings[:10],
        alone_from=publication.alone_from.isoformat(),
    )
    record_publication(publication, asked, by=by, now=now)
    return publication


@transaction.atomic
def agree(*, publication: Publication, user: User, now: datetime) -> None:
    """Publish what waits, as the second person or as a sole owner after the delay.

    Raises `NotYours`, and `Outdated` where other rules are in force than it was compared with.
    """
    operations.change(publication.workspace_id)
    held = Publication.objects.select_for_update().get(pk=publication.pk)
    if held.state != Asked.WAITING:
        raise Outdated(f"{held.version} does not wait any more.")
    if InForce.of(held.workspace_id).digest != held.against:
        raise Outdated(Outdated.__doc__)
    if why := why_not(held, user, now=now):
        raise NotYours(why)
    is_own = is_theirs(held, user)
    held.state, held.decided_by, held.decided_at = Asked.PUBLISHED, user.actor, now
    held.is_exception = is_own
    held.save(update_fields=["state", "decided_by", "decided_at", "is_exception"])
    operations.publish(version=held.version, by=user.actor, now=now, asked_by=held.asked_by,
                       exception=ALONE if is_own else "")  # fmt: skip


@transaction.atomic
def turn_down(*, publication: Publication, user: User, now: datetime) -> None:
    """Do not publish it, whoever asked. Raises `NotYours`."""
    if not can(user, "configure", publication.workspace_id):
        raise NotYours("Owners and operators decide on policies.")
    moved = Publication.objects.filter(pk=publication.pk, state=Asked.WAITING).update(
        state=Asked.TURNED_DOWN, decided_by=user.actor, decided_at=now
    )
    if moved:
        version = publication.version
        turned_down = PolicyTurnedDown(policy=version.policy.name, version=version.number)
        record_publication(publication, turned_down, by=user.actor, now=now)


def why_not(publication: Publication, user: User, *, now: datetime) -> str:
    """Why this person may not publish it now, in words; empty if they may."""
    return second_person.why_not(
        user,
        publication.workspace_id,
        is_own=is_theirs(publication, user),
        alone_from=publication.alone_from,
        now=now,
    )


def is_theirs(publication: Publication, user: User) -> bool:
    """Whether they asked for it or wrote it."""
    return user.actor in (publication.asked_by, publication.version.author)


def waits_in_words(publication: Publication) -> str:
    """What a person is told whose change waits."""
    return (
        f"{publication.version} is not in force yet: it lets something new through. Another owner "
        "or operator publishes it in the admin, under Policy changes; if you are the only one, you "
        f"may from {publication.alone_from:%d %b, %H:%M} UTC on."
    )


@transaction.atomic
def set_delay(*, workspace: Workspace, hours: int, by: str, now: datetime) -> PublishingSetting:
    """Set how many hours a sole owner waits; a shorter wait holds once the longer one has passed.

    Raises `ValueError` for hours that are no delay.
    """
    if not LEAST_HOURS <= hours <= MOST_HOURS:
        raise ValueError(f"A delay is from {LEAST_HOURS} to {MOST_HOURS} hours.")
    operations.change(workspace.pk)
    before = setting(workspace.pk).hours(now)
    shorter = now + timedelta(hours=before) if hours < before else None
    wanted = {"sole_owner_delay_hours": hours, "hours_before": before, "shorter_from": shorter}
    kept, _ = PublishingSetting.objects.update_or_create(workspace=workspace, defaults=wanted)
    if hours != before:
        record(
            PublishingChanged(before=before, after=hours),
            workspace_id=workspace.pk,
            actor=by,
            subject_kind="workspace",
            subject_id=workspace.pk,
            now=now,
        )
    return kept


def again(*, version: Version, by: str, now: datetime) -> tuple[Version, Publication | None]:
    """Go back to an earlier version: a draft with what it said, submitted like any other."""
    draft = operations.draft(
        workspace=version.policy.workspace,
        name=version.policy.name,
        rules=version.rules,
        limits=version.limits,
        by=by,
        now=now,
    )
    return draft, submit(version=draft, by=by, now=now)


def record_publication(
    publication: Publication, event: OfPolicy, *, by: str, now: datetime
) -> None:
    """An event about a policy change."""
    record(
        event,
        workspace_id=publication.workspace_id,
        actor=by,
        subject_kind="policy",
        subject_id=publication.version.policy_id,
        now=now,
    )
