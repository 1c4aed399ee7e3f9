"""The repricing playbook."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.base import UNKNOWN, Briefing, Planned
from apps.agents.playbooks.calibration import Calibration
from apps.agents.playbooks.limit_field import LimitField
from apps.agents.playbooks.repricing import answering, briefing, planner
from apps.agents.playbooks.repricing import sense as senses
from apps.agents.playbooks.repricing.sense import Sensed
from apps.agents.playbooks.repricing.settings import LIMIT_FIELDS, Settings
from apps.proposals.operations import Draft


class Repricing:
    """Follows competitor prices within a margin floor, nudged by stock."""

    name = "repricing"
    title = "Repricing"
    description = "Follows competitor prices within a margin floor, nudged by stock."
    namespace = senses.NAMESPACE
    actions = frozenset({"set_price"})
    needs: tuple[str, ...] = ("variants", "competitor_prices")
    symbol = "tag"
    limit_fields: tuple[LimitField, ...] = LIMIT_FIELDS
    rhythm = timedelta(seconds=60)
    settings = Settings
    sensed = Sensed

    def sense(
        self,
        workspace: Workspace,
        settings: Settings,
        *,
        now: datetime,
        shadow_agent: UUID | None = None,
    ) -> Sensed:
        """Read the shop and the feed."""
        return senses.sense(workspace, settings, now=now, shadow_agent=shadow_agent)

    def plan(self, sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
        """New prices by rules."""
        return planner.plan(sensed, settings, now=now)

    def brief(
        self, sensed: Sensed, settings: Settings, *, now: datetime, measured: Calibration = UNKNOWN
    ) -> list[Briefing]:
        """One conversation about a batch of offers."""
        return briefing.brief(sensed, settings, now=now, measured=measured)

    def refer(self, draft: Draft, why: str) -> None:
        """Nobody waits for an answer: the next run looks again."""

    def answer(self, asked: Asked, settings: Settings) -> Reply:
        """Another price, or the reasons."""
        return answering.reply_to(asked, settings)

    def check_change(
        self, asked: Asked, change: AskedChange, params: dict[str, Any], settings: Settings
    ) -> None:
        """In the same currency, above the margin floor."""
        answering.check_change(change, params, settings)
