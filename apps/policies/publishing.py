"""Who has to agree before a version decides.

What only tightens is published at once. What lets anything new through, or might, waits for a
second person who configures the workspace; who is its only owner and operator may publish it
alone after a delay, which everybody is told of and the log keeps as an exception.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Membership, Role, User, Workspace
from apps.accounts.permissions import VERBS, can, rights
from apps.audit.kinds import Kind
from apps.audit.operations import record
from apps.policies import operations, queries
from apps.policies.cel import Ruleset
from apps.policies.comparing import Book, loosened, unread
from apps.policies.facts import Facts
from apps.policies.models import (
    LEAST_HOURS,
    MOST_HOURS,
    Asked,
    Decision,
    Publication,
    PublishingSetting,
    Version,
)
from apps.policies.replaying import MOST_RECORDED, replay

ANY_OTHER = "any other action"
ALONE = "a sole owner, after the delay"


class NotYours(PermissionError):
    """The person may not publish this: it is theirs, or they configure nothing here."""


class Outdated(ValueError):
    """Other rules are in force than it was compared with. Save it again: it is compared anew."""


@dataclass(frozen=True)
class Assessment:
    """What a version would change: `findings` in words, empty if it only tightens."""

    findings: list[str]
    replayed: dict[str, Any]
    against: str


def assess(
    *,
    workspace_id: UUID,
    policy_id: UUID | None,
    rules: Sequence[Mapping[str, Any]],
    limits: Mapping[str, Any],
    now: datetime,
) -> Assessment:
    """Compare a version of a policy (None: of a new one) with what is in force; writes nothing."""
    rails = queries.guardrails(workspace_id)
    setting = queries.currency_setting(workspace_id)
    others = [one for one in rails.versions if one.policy_id != policy_id]
    replaced = next((one for one in rails.versions if one.policy_id == policy_id), None)

    def book(of_rules: Sequence[Any], of_limits: Mapping[str, Any]) -> Book:
        read = tuple(one.rule for one in Ruleset.stored(of_rules, of_limits).rules)
        currency = of_limits.get("currency") or setting.currency
        return Book(read, of_limits, str(currency))

    new, kept = book(rules, limits), [book(one.rules, one.limits) for one in others]
    old = book(replaced.rules, replaced.limits) if replaced else None
    compared = loosened([*kept, *([old] if old else [])], [*kept, new])
    findings = [f"{one.action or ANY_OTHER}: {one.words}" for one in compared]
    findings += [f"The limit {name} changes, which no rule reads." for name in unread(old, new)
                 if not is_taken_back(name, limits)]  # fmt: skip

    changed = Ruleset.stored(rules, limits)
    in_force = [queries.ruleset(one) for one in others]
    seen = recorded(workspace_id)
    replayed = replay(
        [*in_force, *([queries.ruleset(replaced)] if replaced else [])],
        [*in_force, changed],
        seen,
        changed=changed,
        market=queries.market(rails, seen, now=now),
    )
    if not findings and replayed.milder:
        findings = [f"{one}: recorded or typical changes go further" for one in replayed.milder]
    return Assessment(findings, replayed.told(), digest(rails))


def is_taken_back(name: str, limits: Mapping[str, Any]) -> bool:
    """Whether a limit that only the program reads is a permission that is not given any more."""
    return name.startswith("sole_owner_may_") and limits.get(name) is not True


def recorded(workspace_id: UUID) -> list[Facts]:
    """The changes that were decided last, as they were seen."""
    rows = Decision.objects.filter(workspace_id=workspace_id).order_by("-id")
    kept = rows.values_list("facts", flat=True)[:MOST_RECORDED]
    return [Facts.from_record(one) for one in kept if is_whole(one)]


def is_whole(facts: Mapping[str, Any]) -> bool:
    """Whether a decision kept what every change has; what was erased since is no change."""
    return all(name in facts for name in ("action", "connector", "risk", "reversibility"))


def digest(rails: queries.Guardrails) -> str:
    """Of all versions in force."""
    joined = ",".join(f"{one.policy_id}:{one.number}:{one.digest}" for one in rails.versions)
    return hashlib.sha256(joined.encode()).hexdigest()


@transaction.atomic
def submit(*, version: Version, by: str, now: datetime) -> Publication | None:
    """Publish a draft at once if it only tightens (None); else it waits for a second person.

    An earlier version of the policy that still waits is not asked for any more.
    """
    policy = version.policy
    operations.change(policy.workspace_id)
    assessed = assess(workspace_id=policy.workspace_id, policy_id=policy.pk, rules=version.rules,
                      limits=version.limits, now=now)  # fmt: skip
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
        alone_from=now + timedelta(hours=setting(policy.workspace_id).hours(now)),
    )
    tell(publication, Kind.POLICY_ASKED, by=by, now=now, findings=assessed.findings[:10],
         alone_from=publication.alone_from.isoformat())  # fmt: skip
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
    if digest(queries.guardrails(held.workspace_id)) != held.against:
        raise Outdated(Outdated.__doc__)
    if why := why_not(held, user, now=now):
        raise NotYours(why)
    is_own = user.actor in (held.asked_by, held.version.author)
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
        tell(publication, Kind.POLICY_TURNED_DOWN, by=user.actor, now=now)


def why_not(publication: Publication, user: User, *, now: datetime) -> str:
    """Why this person may not publish it now, in words; empty if they may."""
    held = rights(user, publication.workspace_id)
    if not held.can("configure"):
        return "Owners and operators decide on policies."
    if user.actor not in (publication.asked_by, publication.version.author):
        return ""
    others = Membership.objects.filter(
        workspace_id=publication.workspace_id, role__in=VERBS["configure"], user__is_active=True
    ).exclude(user_id=user.pk)
    if others.exists():
        return "It is your own change, and it lets something new through: another owner or " \
               "operator has to publish it."  # fmt: skip
    if held.role != Role.OWNER:
        return "It is your own change; an owner has to publish it."
    if now < publication.alone_from:
        return (
            "Nobody else may publish it here, so you may do so alone, but not before "
            f"{publication.alone_from:%d %b, %H:%M} UTC. Everybody here has been told of it."
        )
    return ""


def waits_in_words(publication: Publication) -> str:
    """What a person is told whose change waits."""
    return (
        f"{publication.version} is not in force yet: it lets something new through "
        f"({publication.findings[0]}). Another owner or operator publishes it under Policy "
        f"changes; if you are the only one, you may from {publication.alone_from:%d %b, %H:%M} "
        "UTC on."
    )


def setting(workspace_id: UUID) -> PublishingSetting:
    """How long a sole owner waits; also without a row."""
    found = PublishingSetting.objects.filter(workspace_id=workspace_id).first()
    return found or PublishingSetting(workspace_id=workspace_id)


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
        record(kind=Kind.PUBLISHING_CHANGED, workspace_id=workspace.pk, actor=by,
               subject_kind="workspace", subject_id=workspace.pk, now=now,
               fields={"before": before, "after": hours})  # fmt: skip
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


def tell(publication: Publication, kind: Kind, *, by: str, now: datetime, **fields: Any) -> None:
    """An event about a policy change."""
    version = publication.version
    record(
        kind=kind,
        workspace_id=publication.workspace_id,
        actor=by,
        subject_kind="policy",
        subject_id=version.policy_id,
        now=now,
        fields={"policy": version.policy.name, "version": version.number, **fields},
    )
