"""The product texts playbook."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.base import UNKNOWN, Briefing, Planned, Unfit
from apps.agents.playbooks.calibration import Calibration
from apps.agents.playbooks.limit_field import LimitField
from apps.agents.playbooks.product_texts import answering, planner
from apps.agents.playbooks.product_texts import sense as senses
from apps.agents.playbooks.product_texts.sense import Sensed
from apps.agents.playbooks.product_texts.settings import Settings
from apps.proposals.operations import Draft


class ProductTexts:
    """Tidies the titles customers read."""

    name = "product_texts"
    title = "Product texts"
    description = "Tidies product titles: white space, leftovers, capitals."
    namespace = senses.NAMESPACE
    actions = frozenset({"update_product"})
    needs: tuple[str, ...] = ("variants",)
    symbol = "edit"
    limit_fields: tuple[LimitField, ...] = ()
    rhythm = timedelta(minutes=5)
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
        """Read the titles."""
        return senses.sense(workspace, settings, now=now, shadow_agent=shadow_agent)

    def plan(self, sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
        """New titles by rules."""
        return planner.plan(sensed, settings)

    def brief(
        self, sensed: Sensed, settings: Settings, *, now: datetime, measured: Calibration = UNKNOWN
    ) -> list[Briefing]:
        """Nothing to ask a model: the rules know how a title is written."""
        return [
            Briefing(
                instructions="",
                situation="",
                actions=(),
                offer=refuse,
                conclude=lambda _words, _model: [],
                fallback=lambda: planner.plan(sensed, settings),
            )
        ]

    def refer(self, draft: Draft, why: str) -> None:
        """Nobody waits for an answer: the next run looks again."""

    def answer(self, asked: Asked, settings: Settings) -> Reply:
        """Another title, or the reasons."""
        return answering.reply_to(asked)

    def check_change(
        self, asked: Asked, change: AskedChange, params: dict[str, Any], settings: Settings
    ) -> None:
        """The title alone."""
        answering.check_change(change, params)


def refuse(action: str, _params: dict[str, Any]) -> None:
    """Take nothing from a model. Raises `Unfit`."""
    raise Unfit(f"'{action}' is planned by rules here.")
