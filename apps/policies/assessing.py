"""What a version would change, beside what decides now: in words, and on what is recorded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.policies import queries
from apps.policies.cel import Ruleset
from apps.policies.comparing import Book, Finding, limits_read, loosened, unread
from apps.policies.facts import Facts
from apps.policies.measure import age_in
from apps.policies.models import CurrencySetting, Decision, Version
from apps.policies.replaying import MOST_RECORDED, replay

ANY_OTHER = "any other action"
PERMISSIONS = ("sole_owner_may_finish_undo", "keys_may_approve_high_risk")  # read outside of rules


@dataclass(frozen=True)
class Assessment:
    """What a version would change: `findings` in words, empty if it only tightens.

    `against` is the digest of what it was compared with.
    """

    findings: list[str]
    replayed: dict[str, Any]
    against: str


@dataclass(frozen=True)
class InForce:
    """What decides in a workspace: the active versions, and in what it counts."""

    rails: queries.Guardrails
    setting: CurrencySetting

    @classmethod
    def of(cls, workspace_id: UUID) -> "InForce":
        """As it is now; two statements."""
        return cls(queries.guardrails(workspace_id), queries.currency_setting(workspace_id))

    def book(self, rules: Sequence[Any], limits: Mapping[str, Any]) -> Book:
        """A version as it is compared: with the currency and the age of rates it really has."""
        read = tuple(rule.rule for rule in Ruleset.stored(rules, limits).rules)
        currency = limits.get("currency") or self.setting.currency
        days = age_in(limits, self.setting.rates_max_age_days)
        return Book(read, limits, str(currency), days)

    def books(self) -> list[Book]:
        """All active versions."""
        return [self.book(version.rules, version.limits) for version in self.rails.versions]

    @property
    def digest(self) -> str:
        """Of all of it."""
        versions = [
            f"{version.policy_id}:{version.number}:{version.digest}"
            for version in self.rails.versions
        ]
        counts = f"{self.setting.currency}:{self.setting.rates_max_age_days}"
        return hashlib.sha256(",".join([*versions, counts]).encode()).hexdigest()


def assess(
    *,
    workspace_id: UUID,
    policy_id: UUID | None,
    rules: Sequence[Mapping[str, Any]],
    limits: Mapping[str, Any],
    now: datetime,
) -> Assessment:
    """Compare a version of a policy (None: of a new one) with what is in force; writes nothing.

    Takes up to 5 s where the rules are intricate.
    """
    in_force = InForce.of(workspace_id)
    rails = in_force.rails
    others = [version for version in rails.versions if version.policy_id != policy_id]
    replaced = next((version for version in rails.versions if version.policy_id == policy_id), None)
    new, kept = in_force.book(rules, limits), [in_force.book(o.rules, o.limits) for o in others]
    old = in_force.book(replaced.rules, replaced.limits) if replaced else None
    findings = told(loosened([*kept, *([old] if old else [])], [*kept, new]))
    findings += [f"The limit {name} changes, which no rule reads." for name in unread(old, new)
                 if not is_taken_back(name, limits)]  # fmt: skip

    findings += left_to_others(old, new, kept)

    changed = Ruleset.stored(rules, limits)
    rest = [queries.ruleset(version) for version in others]
    seen = recorded(workspace_id)
    replayed = replay(
        [*rest, *([queries.ruleset(replaced)] if replaced else [])],
        [*rest, changed],
        seen,
        changed=changed,
        market=queries.market(rails, seen, now=now),
    )
    if not findings and replayed.milder:
        findings = [f"{text}: recorded or typical changes go further" for text in replayed.milder]
    return Assessment(findings, replayed.told(), in_force.digest)


def assess_version(version: Version, *, now: datetime) -> Assessment:
    """Compare a draft with what is in force; writes nothing."""
    policy = version.policy
    return assess(workspace_id=policy.workspace_id, policy_id=policy.pk, rules=version.rules,
                  limits=version.limits, now=now)  # fmt: skip


@dataclass(frozen=True)
class Recounted:
    """What another currency or age of rates would let through, and because of which policies."""

    findings: list[str]
    policies: list[str]


def recounted(workspace_id: UUID, *, currency: str, rates_max_age_days: int) -> Recounted:
    """Compare what is in force with the same in a workspace that counts otherwise."""
    old = InForce.of(workspace_id)
    setting = CurrencySetting(currency=currency, rates_max_age_days=rates_max_age_days)
    before, after = old.books(), replace(old, setting=setting).books()
    touched = [
        version.policy.name
        for version, was, then in zip(old.rails.versions, before, after, strict=True)
        if was.money != then.money
    ]
    return Recounted(told(loosened(before, after)), touched)


def told(found: Sequence[Finding]) -> list[str]:
    """Findings with the action each is about."""
    return [f"{finding.action or ANY_OTHER}: {finding.words}" for finding in found]


def left_to_others(old: Book | None, new: Book, kept: Sequence[Book]) -> list[str]:
    """Permissions of other versions that reach further once this one says less than it did.

    Who approves what several versions send to a person needs the permission of each of them. So
    what one without it does not say any more is for those with it alone, though the same is said.
    """
    if old is None or (set(old.rules) <= set(new.rules) and kept_limits(old, new)):
        return []
    return [
        f"The limit {name} of another policy holds alone for what this one says no more."
        for name in PERMISSIONS
        if old.limits.get(name) is not True and any(book.limits.get(name) is True for book in kept)
    ]


def kept_limits(old: Book, new: Book) -> bool:
    """Whether the rules compare with what they compared with."""
    same = all(new.limits.get(name) == old.limits.get(name) for name in limits_read(old))
    return same and old.money == new.money


def is_taken_back(name: str, limits: Mapping[str, Any]) -> bool:
    """Whether a limit that only the program reads is a permission that is not given any more."""
    return name in PERMISSIONS and limits.get(name) is not True


def recorded(workspace_id: UUID) -> list[Facts]:
    """The changes that were decided last, as they were seen."""
    rows = Decision.objects.filter(workspace_id=workspace_id).order_by("-id")
    kept = rows.values_list("facts", flat=True)[:MOST_RECORDED]
    return [Facts.from_record(kept_rule) for kept_rule in kept if is_whole(kept_rule)]


def is_whole(facts: Mapping[str, Any]) -> bool:
    """Whether a decision kept what every change has; what was erased since is no change."""
    return all(name in facts for name in ("action", "connector", "risk", "reversibility"))
