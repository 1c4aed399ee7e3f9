"""The refund desk playbook."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.base import UNKNOWN, Briefing, Planned
from apps.agents.playbooks.calibration import Calibration
from apps.agents.playbooks.limit_field import LimitField
from apps.agents.playbooks.refund_desk import answering, briefing, planner, referring
from apps.agents.playbooks.refund_desk import sense as senses
from apps.agents.playbooks.refund_desk.sense import Sensed
from apps.agents.playbooks.refund_desk.settings import LIMIT_FIELDS, Settings
from apps.proposals.operations import Draft


class RefundDesk:
    """Answers customers' messages and gives money back where it is due."""

    name = "refund_desk"
    title = "Refund desk"
    description = "Answers customers' messages and gives money back where it is due."
    namespace = senses.NAMESPACE
    actions = frozenset({"refund_payment", "cancel_order", "send_message"})
    needs: tuple[str, ...] = ("messages", "orders", "send_message")
    symbol = "money"
    limit_fields: tuple[LimitField, ...] = LIMIT_FIELDS
    rhythm = timedelta(seconds=30)
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
        """Read new messages and their orders."""
        return senses.sense(workspace, settings, now=now, shadow_agent=shadow_agent)

    def plan(self, sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
        """Answers by rules."""
        return planner.plan(sensed, settings, now=now)

    def brief(
        self, sensed: Sensed, settings: Settings, *, now: datetime, measured: Calibration = UNKNOWN
    ) -> list[Briefing]:
        """One conversation per message."""
        return briefing.brief(sensed, settings, now=now, measured=measured)

    def refer(self, draft: Draft, why: str) -> Draft | None:
        """A reply by which the customer hears that a person looks; somebody has to judge it."""
        return referring.refer(draft, why)

    def answer(self, asked: Asked, settings: Settings) -> Reply:
        """Another amount or language, or the reasons."""
        return answering.reply_to(asked)

    def check_change(
        self, asked: Asked, change: AskedChange, params: dict[str, Any], settings: Settings
    ) -> None:
        """To the same customer, and no more money than somebody asked for."""
        answering.check_change(asked, change, params)
