"""Rules that send proposals to people who approve nearly all of them unchanged."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from apps.insights.histogram import Share, share
from apps.policies.models import Stage, Version

LATEST = 2_000  # verdicts of the workspace looked at
EACH = 200  # verdicts of one rule that count
NEARLY_ALWAYS, OFTEN_ENOUGH = 0.95, 50

# The rule of the change that was judged most strictly, as it was when the person decided
VERDICTS = """
    SELECT ruled.version_id, ruled.rule, r.verdict = 'approve' AND r.edited = '[]'
    FROM (
        SELECT proposal_id, verdict, edited, at FROM proposals_review
        WHERE workspace_id = %(workspace)s ORDER BY at DESC LIMIT %(limit)s
    ) r
    CROSS JOIN LATERAL (
        SELECT d.version_id, d.rule, d.outcome
        FROM proposals_change c
        CROSS JOIN LATERAL (
            SELECT version_id, rule, outcome FROM policies_decision
            WHERE subject_id = c.id AND at <= r.at ORDER BY at DESC, id DESC LIMIT 1
        ) d
        WHERE c.proposal_id = r.proposal_id
        ORDER BY array_position(ARRAY['deny', 'review', 'allow'], d.outcome::text), c.position
        LIMIT 1
    ) ruled
    WHERE ruled.version_id = ANY(%(versions)s) AND ruled.outcome = 'review'
    ORDER BY r.at DESC
"""


@dataclass(frozen=True, kw_only=True)
class RuleStanding:
    """How often people approve unchanged what a rule of an active version sends to them."""

    version: Version
    rule: str
    unchanged: Share

    @property
    def nearly_always(self) -> bool:
        """Whether the rule asks people for a yes they nearly always give."""
        return self.unchanged.n >= OFTEN_ENOUGH and self.unchanged.value > NEARLY_ALWAYS


def standings(workspace_id: UUID) -> list[RuleStanding]:
    """The rules of active versions people have decided for lately, most approved first.

    Each by its last `EACH` verdicts among the last `LATEST`; two statements.
    """
    active = Version.objects.filter(policy__workspace_id=workspace_id, stage=Stage.ACTIVE)
    versions = {version.pk: version for version in active.select_related("policy")}
    verdicts: dict[tuple[UUID, str], list[bool]] = defaultdict(list)
    with connection.cursor() as sql:
        values: dict[str, Any] = {
            "workspace": workspace_id,
            "limit": LATEST,
            "versions": list(versions),
        }
        sql.execute(VERDICTS, values)
        for version_id, rule, unchanged in sql.fetchall():
            verdicts[version_id, rule].append(unchanged)
    found = [
        RuleStanding(
            version=versions[version_id],
            rule=rule,
            unchanged=share(sum(given[:EACH]), len(given[:EACH])),
        )
        for (version_id, rule), given in verdicts.items()
    ]
    return sorted(
        found,
        key=lambda standing: (-standing.unchanged.value, -standing.unchanged.n, standing.rule),
    )
