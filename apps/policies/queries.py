"""Reading policies and decisions."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import QuerySet

from apps.policies.cel import Rule, Ruleset
from apps.policies.models import Decision, Stage, Version


@dataclass(frozen=True)
class Guardrails:
    """The active versions of a workspace, and the digest (`basis`) over them."""

    versions: tuple[Version, ...]
    basis: str


def basis(workspace_id: UUID) -> str:
    """The digest over the versions that decide in a workspace right now."""
    rows = Version.objects.filter(policy__workspace_id=workspace_id, stage=Stage.ACTIVE)
    return _digest(rows.values_list("policy_id", "number", "digest").order_by("policy_id"))


def _digest(versions: Iterable[tuple[UUID, int, str]]) -> str:
    joined = ",".join(f"{policy}:{number}:{digest}" for policy, number, digest in versions)
    return hashlib.sha256(joined.encode()).hexdigest()


def guardrails(workspace_id: UUID) -> Guardrails:
    """What decides in a workspace right now, ready to be asked."""
    versions = tuple(
        Version.objects.filter(policy__workspace_id=workspace_id, stage=Stage.ACTIVE)
        .select_related("policy")
        .order_by("policy_id")
    )
    named = [(version.policy_id, version.number, version.digest) for version in versions]
    return Guardrails(versions=versions, basis=_digest(named))


@lru_cache(maxsize=256)
def _compiled(version_id: UUID) -> Ruleset:
    version = Version.objects.get(pk=version_id)
    return Ruleset([Rule.model_validate(rule) for rule in version.rules], version.limits)


def ruleset(version: Version) -> Ruleset:
    """A published version's compiled rules; compiled once per process, as it never changes."""
    return _compiled(version.pk)


def decisions(subject_ids: Iterable[UUID]) -> dict[UUID, Decision]:
    """The newest decision on each of these changes."""
    rows = Decision.objects.filter(subject_id__in=list(subject_ids)).select_related(
        "version__policy"
    )
    return {decision.subject_id: decision for decision in rows.order_by("id")}


def of_workspace(workspace_id: UUID) -> QuerySet[Decision]:
    """All decisions of a workspace with their policy, newest first."""
    rows = Decision.objects.filter(workspace_id=workspace_id).select_related("version__policy")
    return rows.order_by("-id")
