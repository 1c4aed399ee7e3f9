"""Turning the limits of a policy, its rules left as they are; and what that would have decided."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Workspace
from apps.policies import operations, publishing, queries
from apps.policies.cel import InvalidRule, Rule, Ruleset, Verdict, combine
from apps.policies.facts import Facts
from apps.policies.models import Stage, Version
from apps.policies.windows import currencies

NEVER = datetime.min.replace(tzinfo=UTC)  # no rate is of before


class NoPolicy(LookupError):
    """The workspace has no active policy of this name. Publish one in the admin."""


class InvalidLimit(ValueError):
    """A limit is not one of the policy's, or no number a limit can be; the text says which."""


def active(workspace_id: UUID, name: str) -> Version:
    """The version of the policy that decides now. Raises `NoPolicy`."""
    rows = Version.objects.filter(policy__workspace_id=workspace_id, stage=Stage.ACTIVE)
    version = rows.filter(policy__name=name).select_related("policy").first()
    if version is None:
        raise NoPolicy(NoPolicy.__doc__)
    return version


@transaction.atomic
def set_limits(
    *, workspace: Workspace, name: str, limits: Mapping[str, float], by: str, now: datetime
) -> Version:
    """Submit a version of the policy with these limits and the rules it has.

    It decides at once if it only tightens; else it is a draft that waits for a second person (see
    `publishing`). Limits that are not named stay. Nothing happens if nothing differs. Raises
    `NoPolicy`, `InvalidLimit`.
    """
    old = active(workspace.pk, name)
    wanted = with_limits(old, limits)
    if wanted == old.limits:
        return old
    try:
        version = operations.draft(
            workspace=workspace, name=name, rules=old.rules, limits=wanted, by=by, now=now
        )
    except InvalidRule as error:  # of a version from before this was looked for
        raise InvalidLimit(f"Mend the policy in the admin first. {error}") from error
    publishing.submit(version=version, by=by, now=now)
    version.refresh_from_db()
    return version


def with_limits(version: Version, limits: Mapping[str, float]) -> dict[str, Any]:
    """The version's limits, with these numbers for those named. Raises `InvalidLimit`."""
    for name, value in limits.items():
        if not is_number(version.limits.get(name)):
            raise InvalidLimit(f"'{name}' is no number among the limits of {version.policy}.")
        if not is_number(value) or not 0 <= value <= 1_000_000_000:
            raise InvalidLimit(f"'{name}' has to be a number from 0 to 1 000 000 000.")
    return {**version.limits, **{name: float(value) for name, value in limits.items()}}


def is_number(value: object) -> bool:
    """Whether it is a number a rule can compare with."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def foresee(
    *,
    workspace_id: UUID,
    name: str,
    limits: Mapping[str, float],
    facts: Sequence[Mapping[str, Any]],
    now: datetime | None = None,
) -> list[Verdict]:
    """What all active policies would say of each of these facts, with these limits in one of them.

    `facts` are as decisions keep them. Without `now` no exchange rate is taken for fresh. Writes
    nothing. Raises `NoPolicy`, `InvalidLimit`.
    """
    turned = active(workspace_id, name)
    rules = [Rule.model_validate(rule) for rule in turned.rules]
    rails = queries.guardrails(workspace_id)
    rulesets = [Ruleset(rules, with_limits(turned, limits), lenient=True)]
    rulesets += [queries.ruleset(version) for version in rails.versions if version.pk != turned.pk]
    seen = [Facts.from_record(fact) for fact in facts]
    also = {code for known_facts in seen for code in currencies(known_facts.windows)}
    market = queries.market(rails, seen, now=now or NEVER, also=also)
    return [
        combine([fired for ruleset in rulesets for fired in ruleset.evaluate(f, market)])
        for f in seen
    ]
