"""A playbook nobody but this file knows: a gift card for each customer who waited too long."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.agents.playbooks import base
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.base import UNKNOWN, Briefing, Planned
from apps.agents.playbooks.calibration import Calibration
from apps.agents.playbooks.limit_field import MONEY, LimitField
from apps.proposals.operations import Draft


class Settings(base.PlaybookSettings):
    """How much a card is worth."""

    amount: str = "5.00"


class Sensed(base.Sensed):
    """Who waited."""

    customers: list[str]

    def count(self) -> int:
        """One case each."""
        return len(self.customers)

    def describe(self) -> str:
        """In words."""
        return f"{len(self.customers)} customers waited too long."


class Vouchers:
    """Gift cards for the patient."""

    name = "vouchers"
    title = "Vouchers"
    description = "Makes up for long waits."
    namespace = "vouchers"
    actions = frozenset({"issue_gift_card"})
    needs: tuple[str, ...] = ("issue_gift_card",)
    symbol = "money"
    limit_fields: tuple[LimitField, ...] = (
        LimitField(name="card_up_to", label="Cards alone up to", unit=MONEY, help="", most=100),
    )
    rhythm = timedelta(hours=1)
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
        """Two of them, always the same."""
        return Sensed(customers=["ann", "ben"])

    def plan(self, sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
        """A card each."""
        return [
            Planned(key=f"waited:{one}", draft=Draft(
                title=f"A gift card for {one}", rationale=f"{one} waited too long.",
                changes=[("issue_gift_card",
                          {"customer_id": one, "currency": "EUR", "amount": settings.amount})],
                evidence=[{"kind": "rule", "title": "Who waits gets a card", "detail": ""}],
                subject=f"customer:{one}",
            ))
            for one in sensed.customers
        ]  # fmt: skip

    def brief(
        self, sensed: Sensed, settings: Settings, *, now: datetime, measured: Calibration = UNKNOWN
    ) -> list[Briefing]:
        """Nothing to ask a model."""
        return []

    def refer(self, draft: Draft, why: str) -> None:
        """Nobody waits for an answer."""

    def answer(self, asked: Asked, settings: Settings) -> Reply:
        """What the rules say."""
        return Reply(text="Whoever waits gets a card.")

    def check_change(
        self, asked: Asked, change: AskedChange, params: dict[str, Any], settings: Settings
    ) -> None:
        """Anything goes."""
